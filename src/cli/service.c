/* SPDX-License-Identifier: ISC */
/* tacet service add, remove, list. */
#include "cli/act.h"
#include "cli/ask.h"
#include "cli/grid.h"
#include "cli/member.h"
#include "cli/options.h"

#include <stdio.h>

static void add_row(struct grid *grid, const json_t *service)
{
	grid_text(grid, member_text(service, "name"));
	grid_text(grid, member_text(service, "protocol"));
	grid_text(grid, member_text(service, "vip"));
	grid_format(grid, "%llu", (unsigned long long)member_number(service, "port"));
	grid_text(grid, member_text(service, "target"));
	grid_text(grid, member_text(service, "gateway"));
}

static const struct grid_column columns[] = {{"SERVICE", GRID_LEFT}, {"BY", GRID_LEFT},
	{"ADDRESS", GRID_LEFT}, {"PORT", GRID_RIGHT}, {"LEADS TO", GRID_LEFT},
	{"BEHIND", GRID_LEFT}};

static void print_added(const json_t *service)
{
	AUTO_GRID struct grid grid = GRID(columns);

	add_row(&grid, service);
	grid_print(&grid, stdout);
	puts("Nobody may reach it until the policy says so: tacet-policy(5)");
}

enum cli_exit cli_service_add(const struct cli *cli, int argc, char **argv)
{
	const char *target = NULL, *gateway = NULL, *protocol = NULL;
	bool is_udp = false;
	uint64_t port = 0;
	const struct options_entry entries[] = {
		{.name = "target", .kind = OPTIONS_TEXT, .ret = &target},
		{.name = "gateway", .kind = OPTIONS_TEXT, .ret = &gateway},
		{.name = "protocol", .kind = OPTIONS_TEXT, .ret = &protocol},
		{.name = "udp", .kind = OPTIONS_FLAG, .ret = &is_udp},
		{.name = "port", .kind = OPTIONS_NUMBER, .ret = &port, .greatest = UINT16_MAX},
	};
	const struct options_table table = {entries, ARRAY_LENGTH(entries), 1, 1};
	json_auto_t *answer = NULL;
	char **words;

	if (!options_read(cli, argc, argv, &table, &words))
		return CLI_USAGE;
	if (!target)
		return options_refuse(cli, "where is it? --target HOST:PORT is missing");
	json_t *body = json_pack("{s:s, s:s, s:s*, s:s*}", "name", words[0], "target", target,
		"gateway", gateway, "protocol", is_udp ? "udp" : protocol);
	if (port > 0)
		(void)json_object_set_new(
			body, "port", json_integer((json_int_t)port)); /* or no body */
	enum cli_exit result = ask_act(cli, "POST", "/v1/services", body, &answer);
	if (result != CLI_OK || cli->wants_json)
		return result == CLI_OK ? ask_print(answer) : result;
	print_added(answer);
	return CLI_OK;
}

static void print_removed(const json_t *answer, char *const *words)
{
	(void)answer; /* is empty */
	printf("%s is removed; nobody reaches it any more.\n", words[0]);
}

enum cli_exit cli_service_remove(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {.method = "DELETE",
		.path = "/v1/services/{}",
		.operands = 1,
		.print = print_removed};

	return act_run(cli, argc, argv, &act);
}

static void print_services(const json_t *answer, char *const *words)
{
	AUTO_GRID struct grid grid = GRID(columns);
	size_t index;
	json_t *service;

	(void)words; /* there are none */
	json_array_foreach(member_get(answer, "services"), index, service)
	{
		add_row(&grid, service);
	}
	grid_print(&grid, stdout);
}

enum cli_exit cli_service_list(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {
		.method = "GET", .path = "/v1/services", .print = print_services};

	return act_run(cli, argc, argv, &act);
}
