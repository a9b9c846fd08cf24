/* SPDX-License-Identifier: ISC */
/* What tacet status says on a device, and on a gateway on a host of its own. */
#include "base/clock.h"
#include "cli/grid.h"
#include "cli/member.h"
#include "cli/status.h"
#include "cli/text.h"

#include <string.h>

/* What a state means for whoever sits there. */
static const struct {
	const char *state, *meaning;
} states[] = {
	{"active", "active"},
	{"pending", "pending: an administrator has to let it in (tacet device approve)"},
	{"quarantined", "quarantined: it reaches no service; ask an administrator"},
};

static const char *meaning_of(const char *state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
		if (strcmp(state, states[i].state) == 0)
			return states[i].meaning;
	}
	return state;
}

static bool is_gateway(const json_t *status)
{
	return strcmp(member_text(status, "role"), "gateway") == 0;
}

static void add_who(struct grid *grid, const json_t *status)
{
	grid_text(grid, "network");
	grid_text(grid, member_text(status, "network"));
	grid_text(grid, is_gateway(status) ? "this gateway" : "this device");
	if (is_gateway(status))
		grid_text(grid, member_text(status, "device"));
	else
		grid_format(grid, "%s/%s, %s", member_text(status, "user"),
			member_text(status, "device"), meaning_of(member_text(status, "state")));
	grid_text(grid, "addresses");
	grid_format(grid, "%s, %s", member_text(status, "ipv4"), member_text(status, "ipv6"));
}

static void add_connection(struct grid *grid, const json_t *status, uint64_t now_s)
{
	const json_t *gateway = member_get(status, "gateway");
	bool is_connected = member_is_true(status, "connected");
	char when[TEXT_SIZE], received[TEXT_SIZE], sent[TEXT_SIZE];

	grid_text(grid, "connected");
	grid_format(grid, "%s, for %s", is_connected ? "yes" : "NO",
		text_since(member_number(status, "since"), now_s, when));
	grid_text(grid, is_gateway(status) ? "controller" : "gateway");
	grid_format(grid, "%s, %s", member_text(gateway, "name"),
		*member_text(gateway, "address") ? member_text(gateway, "address")
						 : member_text(gateway, "endpoint"));
	grid_text(grid, "last handshake");
	grid_text(grid, text_when(member_number(gateway, "last_handshake"), now_s, when));
	grid_text(grid, "traffic");
	grid_format(grid, "%s received, %s sent",
		text_bytes(member_number(gateway, "rx_bytes"), received),
		text_bytes(member_number(gateway, "tx_bytes"), sent));
}

/* What a gateway enforces, with its controller or without. */
static void add_plan(struct grid *grid, const json_t *plan)
{
	grid_text(grid, "in force");
	if (member_is_true(plan, "in_force"))
		grid_format(grid, "%llu devices, %llu services, %llu grants",
			(unsigned long long)member_number(plan, "devices"),
			(unsigned long long)member_number(plan, "services"),
			(unsigned long long)member_number(plan, "grants"));
	else
		grid_text(grid, "NOT what was told last: see the log of tacetd");
}

/* Why the gateway may be silent: only while it is. */
static void print_silence(const json_t *silence, uint64_t now_s)
{
	const json_t *tried = member_get(silence, "tried");
	AUTO_TEXT char *list = json_is_array(tried)
				       ? member_join(silence, "tried")
				       : text_format("%s", member_text(silence, "tried"));
	AUTO_TEXT char *shown = text_escape(list);
	char when[TEXT_SIZE];
	size_t index;
	json_t *hint;

	printf("\nThe gateway has not answered for %s",
		text_since(member_number(silence, "since"), now_s, when));
	if (json_is_integer(tried))
		printf("; tried %llu times", (unsigned long long)member_number(silence, "tried"));
	else if (*shown)
		printf("; tried: %s", shown);
	puts(".\nIt is silent to whom it does not know, so this is what it may mean:");
	json_array_foreach(member_get(silence, "hints"), index, hint)
	{
		AUTO_TEXT char *text =
			text_escape(json_is_string(hint) ? json_string_value(hint) : "?");
		printf("  - %s\n", text);
	}
}

static void print_services(const json_t *services)
{
	static const struct grid_column columns[] = {{"SERVICE", GRID_LEFT}, {"HOST", GRID_LEFT},
		{"ADDRESS", GRID_LEFT}, {"PORT", GRID_RIGHT}, {"BY", GRID_LEFT}};
	AUTO_GRID struct grid grid = GRID(columns);
	size_t index;
	json_t *service;

	if (json_array_size(services) == 0) {
		puts("\nThere is no service that this device may use.");
		return;
	}
	json_array_foreach(services, index, service)
	{
		grid_text(&grid, member_text(service, "name"));
		grid_text(&grid, member_text(service, "host"));
		grid_text(&grid, member_text(service, "vip"));
		grid_format(&grid, "%llu", (unsigned long long)member_number(service, "port"));
		grid_text(&grid, member_text(service, "protocol"));
	}
	(void)putchar('\n');
	grid_print(&grid, stdout);
}

void status_print_client(const json_t *status)
{
	static const struct grid_column columns[] = {{NULL, GRID_LEFT}, {NULL, GRID_LEFT}};
	AUTO_GRID struct grid grid = GRID(columns);
	uint64_t now_s = clock_now().realtime_ns / NS_PER_S;
	const json_t *silence = member_get(status, "silence");

	add_who(&grid, status);
	add_connection(&grid, status, now_s);
	if (is_gateway(status))
		add_plan(&grid, member_get(status, "plan"));
	grid_print(&grid, stdout);
	if (json_is_object(silence))
		print_silence(silence, now_s);
	if (!is_gateway(status))
		print_services(member_get(status, "services"));
}
