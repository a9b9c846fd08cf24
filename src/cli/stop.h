/* SPDX-License-Identifier: ISC */
/* Stopping tacetd. */
#pragma once

#include "cli/command.h"

/*
 * Stops the tacetd of this configuration and returns once it has ended: by systemd where it is that
 * unit's, else by SIGTERM to whom its pid file names. 0; ERR_NOT_FOUND: it does not run, which is
 * not said; another error that has been said on stderr.
 */
int stop_daemon(const struct cli *cli) must_check;
