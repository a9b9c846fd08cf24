/* SPDX-License-Identifier: ISC */
/* The server's database while tacetd does not run: opened as the user whom it belongs to. */
#pragma once

#include "cli/command.h"

/* Where it is; returns ret_path. */
char *database_path(const struct cli *cli, char ret_path[static CONFIG_PATH_SIZE]);

/*
 * From now on acts as the owner of the database's folder, so that no file of root's is left there;
 * file_act_as_root() ends that. CLI_OK; else it was said on stderr why not.
 */
enum cli_exit database_act_as_owner(const struct cli *cli) must_check;
