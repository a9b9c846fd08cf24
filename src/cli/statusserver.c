/* SPDX-License-Identifier: ISC */
/* What tacet status says on a server. */
#include "base/clock.h"
#include "cli/devices.h"
#include "cli/gateways.h"
#include "cli/grid.h"
#include "cli/member.h"
#include "cli/status.h"
#include "cli/text.h"

static void add_network(struct grid *grid, const json_t *status, uint64_t now_s)
{
	char span[TEXT_SIZE];

	grid_text(grid, "network");
	grid_text(grid, member_text(status, "network"));
	grid_text(grid, "devices call");
	grid_format(grid, "%s (UDP port %llu here)", member_text(status, "endpoint"),
		(unsigned long long)member_number(status, "listen_port"));
	grid_text(grid, "public key");
	grid_text(grid, member_text(status, "public_key"));
	grid_text(grid, "tacetd");
	grid_format(grid, "version %s, runs for %s", member_text(status, "version"),
		text_since(member_number(status, "since"), now_s, span));
}

static void add_plan(struct grid *grid, const json_t *plan, uint64_t now_s)
{
	char when[TEXT_SIZE];

	grid_text(grid, "in force");
	grid_format(grid, "%llu roles, %llu devices, %llu services, %llu grants; put in force %s",
		(unsigned long long)member_count(plan, "roles"),
		(unsigned long long)member_count(plan, "devices"),
		(unsigned long long)member_count(plan, "services"),
		(unsigned long long)member_count(plan, "grants"),
		text_when(member_number(plan, "at"), now_s, when));
}

static void add_engine(struct grid *grid, const json_t *engine)
{
	unsigned long long starts = member_number(engine, "starts");

	grid_text(grid, "engine");
	grid_format(grid, "%s, started %llu time%s, dropped %llu packets",
		member_is_true(engine, "up") ? "up" : "DOWN: nothing passes the tunnel", starts,
		starts == 1 ? "" : "s", (unsigned long long)member_number(engine, "dropped"));
}

static void add_silence(struct grid *grid, const json_t *silence)
{
	grid_text(grid, "silence");
	grid_text(grid, member_text(silence, "text"));
}

static void add_enforcement(struct grid *grid, const json_t *enforcement)
{
	unsigned long long repaired = member_number(enforcement, "repaired");

	grid_text(grid, "hardened");
	grid_text(grid, member_is_true(enforcement, "hardened")
				? "yes: strangers get no answer from this host"
				: "NO: strangers may get answers from this host: tacet harden");
	grid_text(grid, "repaired");
	grid_format(grid, "%llu difference%s between what was enforced and what should be",
		repaired, repaired == 1 ? "" : "s");
}

/* One row each; none: one row that says so. */
static void add_alarms(struct grid *grid, const json_t *alarms)
{
	size_t index;
	json_t *alarm;

	if (json_array_size(alarms) == 0) {
		grid_text(grid, "alarms");
		grid_text(grid, "none");
	}
	json_array_foreach(alarms, index, alarm)
	{
		char *text = json_is_string(alarm) ? text_format("%s", json_string_value(alarm))
						   : json_dumps(alarm, JSON_COMPACT);
		grid_text(grid, "ALARM");
		grid_text(grid, text);
		text_free(&text);
	}
}

void status_print_server(const json_t *status)
{
	static const struct grid_column columns[] = {{NULL, GRID_LEFT}, {NULL, GRID_LEFT}};
	AUTO_GRID struct grid grid = GRID(columns);
	uint64_t now_s = clock_now().realtime_ns / NS_PER_S;

	add_network(&grid, status, now_s);
	add_plan(&grid, member_get(status, "plan"), now_s);
	add_engine(&grid, member_get(status, "engine"));
	add_enforcement(&grid, member_get(status, "enforcement"));
	add_silence(&grid, member_get(status, "silence"));
	grid_text(&grid, "open invites");
	grid_format(&grid, "%llu", (unsigned long long)member_count(status, "invites_open"));
	add_alarms(&grid, member_get(status, "alarms"));
	grid_print(&grid, stdout);
	if (json_array_size(member_get(status, "gateways")) > 1) {
		(void)putchar('\n');
		gateways_print(member_get(status, "gateways"));
	}
	if (member_count(status, "devices") == 0) {
		puts("\nNo device has joined yet: tacet invite USER");
		return;
	}
	(void)putchar('\n');
	devices_print(member_get(status, "devices"));
}
