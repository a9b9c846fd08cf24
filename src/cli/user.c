/* SPDX-License-Identifier: ISC */
/* tacet user add, remove, list. */
#include "base/clock.h"
#include "cli/act.h"
#include "cli/ask.h"
#include "cli/grid.h"
#include "cli/member.h"
#include "cli/options.h"
#include "cli/text.h"

#include <stdio.h>

static json_t *list_of(const struct options_texts *texts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < texts->count; i++)
		(void)json_array_append_new(list, json_string(texts->texts[i])); /* may abort */
	return list;
}

enum cli_exit cli_user_add(const struct cli *cli, int argc, char **argv)
{
	struct options_texts groups = {0};
	const struct options_entry entries[] = {
		{.name = "group", .kind = OPTIONS_TEXTS, .ret = &groups},
	};
	const struct options_table table = {entries, ARRAY_LENGTH(entries), 1, 1};
	json_auto_t *answer = NULL;
	char **words;

	if (!options_read(cli, argc, argv, &table, &words))
		return CLI_USAGE;
	json_t *body = json_pack("{s:s, s:o}", "name", words[0], "groups", list_of(&groups));
	enum cli_exit result = ask_act(cli, "POST", "/v1/users", body, &answer);
	if (result != CLI_OK || cli->wants_json)
		return result == CLI_OK ? ask_print(answer) : result;
	printf("%s is added. A device of theirs is let in by: tacet invite %s\n", words[0],
		words[0]);
	return CLI_OK;
}

static void print_removed(const json_t *answer, char *const *words)
{
	unsigned long long revoked = member_count(answer, "devices_revoked");

	printf("%s is removed; %llu device%s revoked.\n", words[0], revoked,
		revoked == 1 ? " was" : "s were");
}

enum cli_exit cli_user_remove(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {
		.method = "DELETE", .path = "/v1/users/{}", .operands = 1, .print = print_removed};

	return act_run(cli, argc, argv, &act);
}

static void print_users(const json_t *answer, char *const *words)
{
	static const struct grid_column columns[] = {
		{"USER", GRID_LEFT}, {"GROUPS", GRID_LEFT}, {"ADDED", GRID_LEFT}};
	AUTO_GRID struct grid grid = GRID(columns);
	uint64_t now_s = clock_now().realtime_ns / NS_PER_S;
	char when[TEXT_SIZE];
	size_t index;
	json_t *user;

	(void)words; /* there are none */
	json_array_foreach(member_get(answer, "users"), index, user)
	{
		AUTO_TEXT char *groups = member_join(user, "groups");
		grid_text(&grid, member_text(user, "name"));
		grid_text(&grid, groups);
		grid_text(&grid, text_when(member_number(user, "added"), now_s, when));
	}
	grid_print(&grid, stdout);
}

enum cli_exit cli_user_list(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {.method = "GET", .path = "/v1/users", .print = print_users};

	return act_run(cli, argc, argv, &act);
}
