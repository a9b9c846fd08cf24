/* SPDX-License-Identifier: ISC */
/* tacet down: no tunnel until tacet up, or until the host starts anew. */
#include "base/error.h"
#include "base/log.h"
#include "cli/ask.h"
#include "cli/options.h"
#include "cli/stop.h"

#include <stdio.h>
#include <unistd.h>

enum cli_exit cli_down(const struct cli *cli, int argc, char **argv)
{
	const struct options_table table = {NULL, 0, 0, 0};
	char **operands;

	if (!options_read(cli, argc, argv, &table, &operands))
		return CLI_USAGE;
	if (!cli->has_config)
		return ask_not_running(cli);
	if (geteuid() != 0) {
		log_err(0, "only root may stop tacetd: sudo tacet down");
		return CLI_NOT_ALLOWED;
	}
	int err = stop_daemon(cli);
	if (err < 0 && err != ERR_NOT_FOUND)
		return CLI_FAILED; /* it has said why */
	if (cli->wants_json)
		puts(err == 0 ? "{\"stopped\": true}" : "{\"stopped\": false}");
	else
		puts(err == 0 ? "tacetd has ended: the tunnel is down."
			      : "tacetd does not run: the tunnel is down already.");
	return CLI_OK;
}
