/* SPDX-License-Identifier: ISC */
/* The command line and environment of tacet-wg. */
#pragma once

#include "base/attributes.h"
#include "base/log.h"
#include "wireguard/interface.h"

#include <stdbool.h>

struct options {
	const char *interface_name;
	bool stays_in_foreground;
	unsigned worker_count;
	enum cookie_policy cookies;
	bool waits;		/* peers call us */
	const char *knock_path; /* NULL: none */
	enum log_level log_level;
	const char *state_directory;
};

/*
 * Reads both; --help and --version print and exit with 0. What is wrong is said on stderr, and the
 * program exits with 2.
 */
void options_read(int argc, char **argv, struct options *ret_options);
