/* SPDX-License-Identifier: ISC */
/* tacet group add, remove, list, join, leave. */
#include "cli/act.h"
#include "cli/grid.h"
#include "cli/member.h"
#include "cli/text.h"

#include <stdio.h>

static void print_added(const json_t *answer, char *const *words)
{
	(void)answer; /* is empty; likewise below */
	printf("%s is added. Users come in by: tacet group join %s USER\n", words[0], words[0]);
}

enum cli_exit cli_group_add(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {.method = "POST",
		.path = "/v1/groups",
		.body = "name",
		.operands = 1,
		.print = print_added};

	return act_run(cli, argc, argv, &act);
}

static void print_removed(const json_t *answer, char *const *words)
{
	(void)answer;
	printf("%s is removed; its users stay, without what it granted.\n", words[0]);
}

enum cli_exit cli_group_remove(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {
		.method = "DELETE", .path = "/v1/groups/{}", .operands = 1, .print = print_removed};

	return act_run(cli, argc, argv, &act);
}

static void print_joined(const json_t *answer, char *const *words)
{
	(void)answer;
	printf("%s is in %s now.\n", words[1], words[0]);
}

enum cli_exit cli_group_join(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {.method = "POST",
		.path = "/v1/groups/{}/members",
		.body = "user",
		.operands = 2,
		.print = print_joined};

	return act_run(cli, argc, argv, &act);
}

static void print_left(const json_t *answer, char *const *words)
{
	(void)answer;
	printf("%s is not in %s any more.\n", words[1], words[0]);
}

enum cli_exit cli_group_leave(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {.method = "DELETE",
		.path = "/v1/groups/{}/members/{}",
		.operands = 2,
		.print = print_left};

	return act_run(cli, argc, argv, &act);
}

static void print_groups(const json_t *answer, char *const *words)
{
	static const struct grid_column columns[] = {
		{"GROUP", GRID_LEFT}, {"MEMBERS", GRID_LEFT}, {"DEFINED IN", GRID_LEFT}};
	AUTO_GRID struct grid grid = GRID(columns);
	size_t index;
	json_t *group;

	(void)words; /* there are none */
	json_array_foreach(member_get(answer, "groups"), index, group)
	{
		AUTO_TEXT char *members = member_join(group, "members");
		grid_text(&grid, member_text(group, "name"));
		grid_text(&grid, members);
		grid_text(&grid, member_text(group, "source"));
	}
	grid_print(&grid, stdout);
}

enum cli_exit cli_group_list(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {
		.method = "GET", .path = "/v1/groups", .print = print_groups};

	return act_run(cli, argc, argv, &act);
}
