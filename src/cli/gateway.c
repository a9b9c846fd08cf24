/* SPDX-License-Identifier: ISC */
/* tacet gateway list, remove; and gateways in the status. */
#include "base/clock.h"
#include "cli/act.h"
#include "cli/gateways.h"
#include "cli/grid.h"
#include "cli/member.h"
#include "cli/text.h"

#include <stdio.h>

/* What a gateway enforces, in words. */
static void add_state(struct grid *grid, const json_t *gateway, uint64_t now_s)
{
	uint64_t since_s = member_number(gateway, "since");
	bool is_current = member_is_true(gateway, "current");
	char when[TEXT_SIZE];

	if (since_s == 0)
		grid_text(grid, "nothing known");
	else
		grid_format(grid, "%s, put in force %s", is_current ? "all" : "NOT what is new",
			text_when(since_s, now_s, when));
}

void gateways_print(const json_t *gateways)
{
	static const struct grid_column columns[] = {{"GATEWAY", GRID_LEFT},
		{"CALLED AT", GRID_LEFT}, {"ADDRESS", GRID_LEFT}, {"CONNECTED", GRID_LEFT},
		{"ENFORCES", GRID_LEFT}};
	AUTO_GRID struct grid grid = GRID(columns);
	uint64_t now_s = clock_now().realtime_ns / NS_PER_S;
	size_t index;
	json_t *gateway;

	json_array_foreach(gateways, index, gateway)
	{
		bool is_connected = member_is_true(gateway, "connected");

		grid_text(&grid, member_text(gateway, "name"));
		grid_text(&grid, member_text(gateway, "endpoint"));
		grid_text(&grid, member_text(gateway, "ipv4"));
		grid_text(&grid, member_is_true(gateway, "own") ? "this host"
				 : is_connected			? "yes"
								: "NO");
		add_state(&grid, gateway, now_s);
	}
	grid_print(&grid, stdout);
}

static void print_gateways(const json_t *answer, char *const *words)
{
	(void)words; /* there are none */
	gateways_print(member_get(answer, "gateways"));
}

enum cli_exit cli_gateway_list(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {
		.method = "GET", .path = "/v1/gateways", .print = print_gateways};

	return act_run(cli, argc, argv, &act);
}

static void print_removed(const json_t *answer, char *const *words)
{
	(void)answer; /* says nothing of it */
	printf("Gateway %s is removed: nobody of the network hears it any more. On that host: "
	       "tacet "
	       "down\n",
		words[0]);
}

enum cli_exit cli_gateway_remove(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {.method = "DELETE",
		.path = "/v1/gateways/{}",
		.operands = 1,
		.print = print_removed};

	return act_run(cli, argc, argv, &act);
}
