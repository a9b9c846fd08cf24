/* SPDX-License-Identifier: ISC */
/* The command line of tacetd. */
#pragma once

#include "base/attributes.h"

#include <limits.h>
#include <stdbool.h>

/* Which process we are. */
enum options_process {
	OPTIONS_PARENT,
	OPTIONS_ENGINE,	 /* "tacetd engine FILE": started by the parent only */
	OPTIONS_CONTROL, /* "tacetd control FILE": the same */
	OPTIONS_RADAR,	 /* "tacetd radar FILE": the same */
};

struct options {
	enum options_process process;
	bool stays_in_foreground;
	char config_path[PATH_MAX]; /* absolute */
};

/*
 * Reads the command line and TACET_CONFIG; --help and --version print and exit with 0. What is
 * wrong is said on stderr, and the program exits with 2.
 */
void options_read(int argc, char **argv, struct options *ret_options);
