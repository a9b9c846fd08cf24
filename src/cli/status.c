/* SPDX-License-Identifier: ISC */
/* tacet status, on a server and on a device. */
#include "cli/status.h"

#include "cli/act.h"
#include "cli/member.h"

#include <string.h>

static void print_status(const json_t *answer, char *const *words)
{
	(void)words; /* there are none */
	if (strcmp(member_text(answer, "role"), "server") == 0)
		status_print_server(answer);
	else
		status_print_client(answer);
}

enum cli_exit cli_status(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {
		.method = "GET", .path = "/v1/status", .print = print_status};

	return act_run(cli, argc, argv, &act);
}
