/* SPDX-License-Identifier: ISC */
/* A folder for a server's state, that system users can enter. Included once by a test program. */
#pragma once

#include "cli/capture.h"
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char world_folder[] = "/tmp/tacet-test-cli-XXXXXX";

/* A configuration below it, whose users every Debian has. */
static inline void world_make(struct cli *ret_cli)
{
	if (!mkdtemp(world_folder) || chmod(world_folder, 0755) < 0)
		abort();
	*ret_cli = (struct cli){.has_config = true, .config_path = "/x/tacet.conf"};
	config_default(&ret_cli->config);
	(void)snprintf(
		ret_cli->config.state, sizeof ret_cli->config.state, "%s/deep/state", world_folder);
	(void)snprintf(ret_cli->config.run, sizeof ret_cli->config.run, "%s/run", world_folder);
	(void)snprintf(ret_cli->config.engine_user, sizeof ret_cli->config.engine_user, "bin");
	(void)snprintf(ret_cli->config.control_user, sizeof ret_cli->config.control_user, "daemon");
	(void)snprintf(ret_cli->config.radar_user, sizeof ret_cli->config.radar_user, "games");
}

static inline void world_remove(void)
{
	char word[] = "rm", option[] = "-rf", *argv[] = {word, option, world_folder, NULL};
	pid_t pid = fork();

	if (pid == 0) {
		(void)execvp(argv[0], argv);
		_exit(1);
	}
	(void)waitpid(pid, NULL, 0);
}
