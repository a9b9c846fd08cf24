/* SPDX-License-Identifier: ISC */
/*
 * `tacet harden` without the rest of tacet: usage: harden_driver STATE TUNNEL PORT [--json]
 * WORDS...
 */
#include "base/mark.h"
#include "base/number.h"
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

enum {
	OWN_WORDS = 4, /* program, state, tunnel, port */
};

int main(int argc, char **argv)
{
	struct cli cli = {.has_config = true};
	uint64_t port;

	if (argc < OWN_WORDS || strlen(argv[1]) >= sizeof cli.config.state ||
		strlen(argv[2]) >= sizeof cli.config.interface ||
		number_parse(argv[3], strlen(argv[3]), UINT16_MAX, &port) < 0)
		return CLI_USAGE;
	(void)snprintf(cli.config.state, sizeof cli.config.state, "%s", argv[1]); /* it fits */
	(void)snprintf(cli.config.interface, sizeof cli.config.interface, "%s", argv[2]); /* too */
	cli.config.listen = (uint16_t)port;
	cli.config.mark = MARK_DAEMON;
	int skip = OWN_WORDS - 1;
	if (argc > OWN_WORDS && strcmp(argv[OWN_WORDS], "--json") == 0) {
		cli.wants_json = true;
		skip++;
	}
	argv[skip] = argv[0];
	return (int)cli_harden(&cli, argc - skip, argv + skip);
}
