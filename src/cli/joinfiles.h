/* SPDX-License-Identifier: ISC */
/* Folders and files of a device or gateway (by the role of `config`) that joins: made in an order
 * that leaves nothing half done. */
#pragma once

#include "cli/command.h"
#include "client/device.h"

enum {
	JOINFILES_MADE_MAX = 16,
};

struct joinfiles {
	const struct config *config;
	const char *config_path;
	uid_t control_uid, engine_uid;
	gid_t control_gid, engine_gid;
	char key_path[CONFIG_PATH_SIZE];     /* of the device's keys */
	char new_key_path[CONFIG_PATH_SIZE]; /* the same until it is enrolled */
	char folder[CONFIG_PATH_SIZE];	     /* for what the enrolment needs and nobody later */
	char *made[JOINFILES_MADE_MAX];	     /* owned: to be removed if it fails */
	size_t made_count;
};

/*
 * Makes users, folders and the file of the new keys. CLI_OK, or it was said on stderr what failed.
 * joinfiles_end() either way.
 */
enum cli_exit joinfiles_begin(struct joinfiles *files, const struct config *config,
	const char *config_path, const struct device_key *key) must_check;

/* This device is enrolled: writes who it is, and the configuration where there is none. */
enum cli_exit joinfiles_finish(
	struct joinfiles *files, const struct device *device, bool writes_config) must_check;

/* Removes what is not needed any more; where it has failed, all that was made. */
void joinfiles_end(struct joinfiles *files, enum cli_exit result);
