/* SPDX-License-Identifier: ISC */
/* tacet policy apply, check, show. */
#include "base/clock.h"
#include "base/log.h"
#include "cli/ask.h"
#include "cli/file.h"
#include "cli/member.h"
#include "cli/options.h"
#include "cli/text.h"
#include "policy/document.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* One line a fault, as tacet-policy(5) says. */
static void print_faults(const char *path, const json_t *refusal)
{
	AUTO_TEXT char *shown = text_escape(path);
	size_t index;
	json_t *fault;

	json_array_foreach(member_get(refusal, "faults"), index, fault)
	{
		AUTO_TEXT char *class = text_escape(member_text(fault, "class"));
		AUTO_TEXT char *text = text_escape(member_text(fault, "text"));
		(void)fprintf(stderr, "%s:%llu:%llu: %s: %s\n", shown,
			(unsigned long long)member_number(fault, "line"),
			(unsigned long long)member_number(fault, "column"), class, text);
	}
	unsigned long long more = member_number(refusal, "more");
	if (more > 0)
		(void)fprintf(stderr, "%s: %llu more\n", shown, more);
}

static enum cli_exit say_cannot_read(const char *path, int err)
{
	AUTO_TEXT char *shown = text_escape(path);

	if (err == -EFBIG)
		log_err(0, "%s: too-large: a policy has at most %d bytes", shown, POLICY_FILE_MAX);
	else
		log_err(err, "%s: cannot read the policy", shown);
	return err == -EFBIG ? CLI_REFUSED : CLI_FAILED;
}

/* Sends the file. */
static enum cli_exit put(
	const struct cli *cli, const char *path, const char *resource, json_t **ret_answer)
{
	AUTO_TEXT char *bytes = NULL;
	json_auto_t *refusal = NULL;
	size_t size;

	int err = file_read(path, POLICY_FILE_MAX, &bytes, &size);
	if (err < 0)
		return say_cannot_read(path, err);
	const struct caller_request request = {
		.method = "PUT",
		.path = resource,
		.text = bytes,
		.text_size = size,
		.ret_refusal = &refusal,
	};
	enum cli_exit result = ask(cli, &request, ret_answer);
	if (result == CLI_REFUSED && cli->wants_json)
		(void)ask_print(refusal); /* stays refused */
	else if (result == CLI_REFUSED)
		print_faults(path, refusal);
	return result;
}

static void print_effect(const json_t *answer)
{
	printf("%llu roles, %llu grants; gained %llu, lost %llu\n",
		(unsigned long long)member_count(answer, "roles"),
		(unsigned long long)member_count(answer, "grants"),
		(unsigned long long)member_count(answer, "gained"),
		(unsigned long long)member_count(answer, "lost"));
}

enum purpose {
	TO_APPLY,
	TO_CHECK,
};

static enum cli_exit submit(const struct cli *cli, int argc, char **argv, enum purpose purpose)
{
	const struct options_table table = {NULL, 0, 1, 1};
	json_auto_t *answer = NULL;
	char **words;

	if (!options_read(cli, argc, argv, &table, &words))
		return CLI_USAGE;
	enum cli_exit result = put(
		cli, words[0], purpose == TO_CHECK ? "/v1/policy?check=1" : "/v1/policy", &answer);
	if (result != CLI_OK || cli->wants_json)
		return result == CLI_OK ? ask_print(answer) : result;
	if (purpose == TO_CHECK)
		printf("The policy is fine; nothing was changed. It would make: ");
	else
		printf("Version %llu of the policy is in force: ",
			(unsigned long long)member_number(answer, "version"));
	print_effect(answer);
	return CLI_OK;
}

enum cli_exit cli_policy_apply(const struct cli *cli, int argc, char **argv)
{
	return submit(cli, argc, argv, TO_APPLY);
}

enum cli_exit cli_policy_check(const struct cli *cli, int argc, char **argv)
{
	return submit(cli, argc, argv, TO_CHECK);
}

/* Whether a byte of UTF-8 does more on a terminal than be seen: a control, of ASCII or of C1. */
static bool is_control(const char *at)
{
	uint8_t byte = (uint8_t)at[0], next = (uint8_t)at[1];

	return (byte < ' ' && byte != '\n') || byte == 0x7f ||
	       (byte == 0xc2 && next >= 0x80 && next <= 0x9f);
}

/* As it is; on a terminal without control characters. Marks of direction no policy has. */
static void print_policy(const char *text)
{
	bool is_shown = isatty(STDOUT_FILENO);

	for (; *text; text++) {
		if (!is_shown || !is_control(text))
			(void)putchar(*text); /* a failure shows when stdout is flushed */
		else if (*text != '\r')
			printf("\\x%02x", (uint8_t)*text);
	}
}

/* Apart from the text, so that the text can go into a file. */
static void print_version(const json_t *answer)
{
	AUTO_TEXT char *actor = text_escape(member_text(answer, "actor"));
	char when[TEXT_SIZE];

	(void)fprintf(stderr, "version %llu, applied %s by %s\n",
		(unsigned long long)member_number(answer, "version"),
		text_when(
			member_number(answer, "applied"), clock_now().realtime_ns / NS_PER_S, when),
		actor);
}

/* 0: the one in force, which there may not be: then *ret_answer stays NULL. */
static enum cli_exit get_version(const struct cli *cli, uint64_t version, json_t **ret_answer)
{
	AUTO_TEXT char *path = text_format("/v1/policy?version=%llu", (unsigned long long)version);

	return version > 0 ? ask_get(cli, path, ret_answer)
			   : ask_get_or_none(cli, "/v1/policy", ret_answer);
}

enum cli_exit cli_policy_show(const struct cli *cli, int argc, char **argv)
{
	uint64_t version = 0;
	const struct options_entry entries[] = {{.name = "version",
		.kind = OPTIONS_NUMBER,
		.ret = &version,
		.greatest = INT64_MAX}};
	const struct options_table table = {entries, ARRAY_LENGTH(entries), 0, 0};
	json_auto_t *answer = NULL;
	char **words;

	if (!options_read(cli, argc, argv, &table, &words))
		return CLI_USAGE;
	enum cli_exit result = get_version(cli, version, &answer);
	if (result != CLI_OK)
		return result;
	if (cli->wants_json)
		return ask_print(answer);
	if (!answer) {
		(void)fputs("No policy was applied yet, so all is denied.\n", stderr);
		return CLI_OK;
	}
	print_version(answer);
	print_policy(member_text(answer, "text"));
	return CLI_OK;
}
