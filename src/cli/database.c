/* SPDX-License-Identifier: ISC */
#include "cli/database.h"

#include "base/log.h"
#include "cli/ask.h"
#include "cli/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *database_path(const struct cli *cli, char ret_path[static CONFIG_PATH_SIZE])
{
	return config_state_path(&cli->config, CONFIG_DATABASE, ret_path);
}

enum cli_exit database_act_as_owner(const struct cli *cli)
{
	char folder[CONFIG_PATH_SIZE];
	struct stat about;

	if (!cli->has_config)
		return ask_not_running(cli);
	if (cli->config.role != CONFIG_SERVER) {
		log_err(0, "%s: this host is a device: the database is on its server",
			cli->config_path);
		return CLI_FAILED;
	}
	if (geteuid() != 0) {
		log_err(0, "only root may open the database: sudo tacet %s", cli->entry->words);
		return CLI_NOT_ALLOWED;
	}
	*strrchr(database_path(cli, folder), '/') = '\0'; /* CONFIG_DATABASE lies in a folder */
	int err = stat(folder, &about) < 0 ? -errno : 0;
	if (err == 0)
		err = file_act_as(about.st_uid, about.st_gid);
	if (err == 0)
		return CLI_OK;
	log_err(err, "%s: cannot go there to open the database", folder);
	return CLI_FAILED;
}
