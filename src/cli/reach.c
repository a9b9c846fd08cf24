/* SPDX-License-Identifier: ISC */
#include "cli/reach.h"

#include "base/clock.h"
#include "cli/ask.h"
#include "cli/member.h"
#include "cli/status.h"

#include <string.h>
#include <time.h>

enum {
	PAUSE_MS = 50,
};

/* Or a gateway on a host of its own: what has a server to reach. */
static bool is_device(const json_t *status)
{
	return strcmp(member_text(status, "role"), "server") != 0;
}

static enum cli_exit print(const struct cli *cli, const json_t *status)
{
	bool reached = !is_device(status) || member_is_true(status, "connected");

	if (cli->wants_json)
		(void)ask_print(status); /* always CLI_OK */
	else if (is_device(status))
		status_print_client(status);
	else
		status_print_server(status);
	return reached ? CLI_OK : CLI_SILENT;
}

enum cli_exit reach_wait(const struct cli *cli, unsigned patience_ms)
{
	const struct timespec pause = {.tv_nsec = (long)PAUSE_MS * NS_PER_MS};
	uint64_t end_ns = clock_now().monotonic_ns + (uint64_t)patience_ms * NS_PER_MS;

	for (;;) {
		json_auto_t *status = NULL;
		enum cli_exit result = ask_get(cli, "/v1/status", &status);

		if (result != CLI_OK)
			return result;
		if (!is_device(status) || member_is_true(status, "connected") ||
			clock_now().monotonic_ns >= end_ns)
			return print(cli, status);
		(void)nanosleep(&pause, NULL); /* woken early: asks earlier */
	}
}
