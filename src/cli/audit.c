/* SPDX-License-Identifier: ISC */
/* tacet audit show, verify. */
#include "base/log.h"
#include "base/number.h"
#include "cli/ask.h"
#include "cli/auditfile.h"
#include "cli/grid.h"
#include "cli/member.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LAST_DEFAULT = 20,
};

static void add_row(struct grid *grid, const json_t *entry)
{
	const json_t *details = member_get(entry, "details");
	char utc[TEXT_SIZE];

	grid_format(grid, "%llu", (unsigned long long)member_number(entry, "sequence"));
	grid_text(grid, text_utc(member_number(entry, "at"), utc));
	grid_text(grid, member_text(entry, "actor"));
	grid_text(grid, member_text(entry, "way"));
	grid_text(grid, member_text(entry, "act"));
	grid_text(grid, member_text(entry, "object"));
	if (json_is_string(details)) {
		grid_text(grid, json_string_value(details));
		return;
	}
	char *text = json_dumps(details, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	grid_text(grid, text);
	free(text);
}

static void print_entries(const json_t *answer)
{
	static const struct grid_column columns[] = {{"NUMBER", GRID_RIGHT},
		{"TIME (UTC)", GRID_LEFT}, {"WHO", GRID_LEFT}, {"WAY", GRID_LEFT},
		{"ACT", GRID_LEFT}, {"ON", GRID_LEFT}, {"DETAILS", GRID_LEFT}};
	AUTO_GRID struct grid grid = GRID(columns);
	size_t index;
	json_t *entry;

	json_array_foreach(member_get(answer, "entries"), index, entry)
	{
		add_row(&grid, entry);
	}
	grid_print(&grid, stdout);
}

/* A further member of a query; consumes path. */
static char *with_query(char *path, const char *name, const char *value)
{
	if (!value)
		return path;
	char *escaped = caller_escape(value);
	char *longer = text_format("%s&%s=%s", path, name, escaped);

	free(escaped);
	free(path);
	return longer;
}

enum cli_exit cli_audit_show(const struct cli *cli, int argc, char **argv)
{
	const char *actor = NULL, *act = NULL, *object = NULL;
	uint64_t last = LAST_DEFAULT;
	const struct options_entry entries[] = {
		{.name = "last", .kind = OPTIONS_NUMBER, .ret = &last, .greatest = INT32_MAX},
		{.name = "actor", .kind = OPTIONS_TEXT, .ret = &actor},
		{.name = "act", .kind = OPTIONS_TEXT, .ret = &act},
		{.name = "object", .kind = OPTIONS_TEXT, .ret = &object},
	};
	const struct options_table table = {entries, ARRAY_LENGTH(entries), 0, 0};
	json_auto_t *answer = NULL;
	char **words;

	if (!options_read(cli, argc, argv, &table, &words))
		return CLI_USAGE;
	AUTO_TEXT char *path = text_format("/v1/audit?last=%llu", (unsigned long long)last);
	path = with_query(path, "actor", actor);
	path = with_query(path, "act", act);
	path = with_query(path, "object", object);
	enum cli_exit result = ask_get(cli, path, &answer);
	if (result != CLI_OK || cli->wants_json)
		return result == CLI_OK ? ask_print(answer) : result;
	print_entries(answer);
	return CLI_OK;
}

/* Judges what was found: the answer of tacetd, or what auditfile_verify() gives alike. */
static enum cli_exit judge(const struct cli *cli, const json_t *answer)
{
	AUTO_TEXT char *fault = text_escape(member_text(answer, "fault"));
	AUTO_TEXT char *hash = text_escape(member_text(answer, "hash"));
	unsigned long long sequence = member_number(answer, "sequence");
	bool is_sound = strcmp(fault, "sound") == 0;

	if (cli->wants_json) {
		(void)ask_print(answer); /* then the exit code */
	} else if (is_sound) {
		printf("The audit log is sound: %llu entries.\n", sequence);
		if (*hash)
			printf("Its head, to be kept on another host as a witness:\n"
			       "tacet audit verify --sequence %llu --hash %s\n",
				sequence, hash);
	} else {
		log_err(0, "the audit log was tampered with: entry %llu is %s: see docs/audit.md",
			sequence, fault);
	}
	return is_sound ? CLI_OK : CLI_REFUSED;
}

static enum cli_exit verify(
	const struct cli *cli, const struct store_audit_head *witness, json_t **ret_answer)
{
	char hash[2 * sizeof witness->hash + 1];

	if (!start_is_running(cli))
		return auditfile_verify(cli, witness, ret_answer);
	if (!witness)
		return ask_get(cli, "/v1/audit/verify", ret_answer);
	hex_format(witness->hash, sizeof witness->hash, hash);
	AUTO_TEXT char *path = text_format("/v1/audit/verify?sequence=%llu&hash=%s",
		(unsigned long long)witness->sequence, hash);
	return ask_get(cli, path, ret_answer);
}

enum cli_exit cli_audit_verify(const struct cli *cli, int argc, char **argv)
{
	struct store_audit_head witness = {0};
	const char *hash = NULL;
	const struct options_entry entries[] = {
		{.name = "sequence",
			.kind = OPTIONS_NUMBER,
			.ret = &witness.sequence,
			.greatest = INT64_MAX},
		{.name = "hash", .kind = OPTIONS_TEXT, .ret = &hash},
	};
	const struct options_table table = {entries, ARRAY_LENGTH(entries), 0, 0};
	json_auto_t *answer = NULL;
	char **words;

	if (!options_read(cli, argc, argv, &table, &words))
		return CLI_USAGE;
	if (!hash != (witness.sequence == 0))
		return options_refuse(cli, "--sequence N and --hash HASH go together");
	if (hash && hex_parse(hash, strlen(hash), witness.hash, sizeof witness.hash) < 0)
		return options_refuse(cli, "--hash: expected 64 hexadecimal digits");
	enum cli_exit result = verify(cli, hash ? &witness : NULL, &answer);
	return result == CLI_OK ? judge(cli, answer) : result;
}
