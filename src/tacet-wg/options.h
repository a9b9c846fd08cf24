/* SPDX-License-Identifier: ISC */
/* The command line and environment of tacet-wg. */
#pragma once

#include "base/attributes.h"
#include "base/log.h"
#include "wireguard/interface.h"

#include <stdbool.h>

/* The door in the kernel (docs/door.md). */
enum options_door {
	OPTIONS_DOOR_OFF,
	OPTIONS_DOOR_AUTO, /* what costs no throughput, or none */
	OPTIONS_DOOR_TC,
	OPTIONS_DOOR_XDP,
};

struct options {
	const char *interface_name;
	bool stays_in_foreground;
	unsigned worker_count;
	enum cookie_policy cookies;
	bool waits; /* peers call us */
	enum options_door door;
	bool is_hidden;		/* reception */
	const char *knock_path; /* NULL: none */
	enum log_level log_level;
	const char *state_directory;
};

/*
 * Reads both; --help and --version print and exit with 0. What is wrong is said on stderr, and the
 * program exits with 2.
 */
void options_read(int argc, char **argv, struct options *ret_options);
