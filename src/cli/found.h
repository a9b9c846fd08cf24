/* SPDX-License-Identifier: ISC */
/*
 * Founding a network on this host: keys, folders, database, configuration. What fails leaves
 * nothing behind; what is there is never written over.
 */
#pragma once

#include "cli/command.h"
#include "crypto/x25519.h"
#include "store/network.h"

struct founding {
	const struct config *config;
	const char *config_path;
	bool writes_config;		     /* there is no such file yet */
	struct store_network network;	     /* what it shall be; server_key is filled in */
	uint8_t public_key[X25519_KEY_SIZE]; /* the server's, once it was founded */
};

/* CLI_OK, or CLI_FAILED and it was said on stderr what failed; needs root. */
enum cli_exit found_network(struct founding *founding) must_check;

/* A file that only a host of a network has, in the state folder. NULL: none; else borrows space. */
const char *found_trace(const struct config *config, char space[static CONFIG_PATH_SIZE]);
