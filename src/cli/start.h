/* SPDX-License-Identifier: ISC */
/* Starting tacetd, and finding out whether it runs. */
#pragma once

#include "cli/command.h"

/* Whether somebody answers the local socket of this configuration. */
bool start_is_running(const struct cli *cli);

/*
 * Starts tacetd and returns once it answers; 0 at once where it does already. By systemd where
 * that runs, knows of tacetd.service, and the configuration is the usual one; else the program
 * itself, in the background. The program is $TACETD, else the one next to this, in ../sbin, or in
 * PATH. 0, or an error that has been said on stderr.
 */
int start_daemon(const struct cli *cli) must_check;
