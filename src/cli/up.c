/* SPDX-License-Identifier: ISC */
/* tacet up: the tunnel of a device that has joined. */
#include "base/log.h"
#include "cli/ask.h"
#include "cli/options.h"
#include "cli/reach.h"
#include "cli/start.h"

#include <unistd.h>

enum cli_exit cli_up(const struct cli *cli, int argc, char **argv)
{
	const struct options_table table = {NULL, 0, 0, 0};
	char **operands;

	if (!options_read(cli, argc, argv, &table, &operands))
		return CLI_USAGE;
	if (!cli->has_config)
		return ask_not_running(cli);
	if (geteuid() != 0) {
		log_err(0, "only root may start tacetd: sudo tacet up");
		return CLI_NOT_ALLOWED;
	}
	if (start_daemon(cli) < 0)
		return CLI_FAILED; /* it has said why */
	return reach_wait(cli, REACH_PATIENCE_MS);
}
