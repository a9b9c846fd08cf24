/* SPDX-License-Identifier: ISC */
#include "cli/devices.h"

#include "base/clock.h"
#include "cli/grid.h"
#include "cli/member.h"
#include "cli/text.h"

bool devices_is_connected(uint64_t last_handshake_s, uint64_t now_s)
{
	return last_handshake_s > 0 && now_s < last_handshake_s + DEVICES_CONNECTED_S;
}

static void add_row(struct grid *grid, const json_t *device, uint64_t now_s)
{
	AUTO_TEXT char *services = member_join(device, "services");
	uint64_t handshake_s = member_number(device, "last_handshake");
	char text[TEXT_SIZE];

	grid_text(grid, member_text(device, "user"));
	grid_text(grid, member_text(device, "name"));
	grid_text(grid, member_text(device, "state"));
	grid_text(grid, devices_is_connected(handshake_s, now_s) ? "yes" : "no");
	grid_text(grid, text_when(handshake_s, now_s, text));
	grid_text(grid, member_text(device, "endpoint"));
	grid_text(grid, text_bytes(member_number(device, "rx_bytes"), text));
	grid_text(grid, text_bytes(member_number(device, "tx_bytes"), text));
	grid_text(grid, member_text(device, "ipv4"));
	grid_text(grid, services);
}

void devices_print(const json_t *devices)
{
	static const struct grid_column columns[] = {{"USER", GRID_LEFT}, {"DEVICE", GRID_LEFT},
		{"STATE", GRID_LEFT}, {"CONNECTED", GRID_LEFT}, {"LAST HANDSHAKE", GRID_LEFT},
		{"CALLS FROM", GRID_LEFT}, {"RECEIVED", GRID_RIGHT}, {"SENT", GRID_RIGHT},
		{"ADDRESS", GRID_LEFT}, {"MAY REACH", GRID_LEFT}};
	AUTO_GRID struct grid grid = GRID(columns);
	uint64_t now_s = clock_now().realtime_ns / NS_PER_S;
	size_t index;
	json_t *device;

	json_array_foreach(devices, index, device)
	{
		add_row(&grid, device, now_s);
	}
	grid_print(&grid, stdout);
}
