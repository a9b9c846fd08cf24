/* SPDX-License-Identifier: ISC */
/* Waiting until a device that was started has reached its gateway, and saying what it may use. */
#pragma once

#include "cli/command.h"

enum {
	REACH_PATIENCE_MS = 10000,
};

/*
 * Asks tacetd until it is connected or patience ends, and prints its status: CLI_OK; CLI_SILENT:
 * the gateway does not answer, and what that may mean is part of it. On a server its status, at
 * once. Another code: tacetd did not answer, which was said on stderr.
 */
enum cli_exit reach_wait(const struct cli *cli, unsigned patience_ms) must_check;
