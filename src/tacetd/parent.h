/* SPDX-License-Identifier: ISC */
/*
 * The parent of the daemon: root, and reads nothing that comes from a network. It makes the tunnel,
 * puts plans in force, watches that they stay so, and starts its two children again when they die.
 * When it dies itself they end, and the rules in the kernel stay.
 */
#pragma once

#include "base/attributes.h"
#include "priv/config.h"

#include <stdbool.h>

enum {
	PARENT_CHECK_MS = 500,	   /* how often the firewall is compared with the plan */
	PARENT_CHECKS_TUNNEL = 4,  /* so many of them later, the same of the interface */
	PARENT_CHECKS_ENGINE = 60, /* so many of them it may take to take its peers over */
	PARENT_PATIENCE_MS = 3000, /* with children that are told to end */
};

/*
 * Runs until it is told to end by SIGTERM or SIGINT; goes to the background once it is ready,
 * unless it stays in the foreground. An exit code; says why.
 */
int parent_run(const struct config *config, bool stays_in_foreground) must_check;
