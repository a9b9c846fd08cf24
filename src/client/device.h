/* SPDX-License-Identifier: ISC */
/*
 * Who this device is, on disk. <state>/control/device.json: its netmap as last known, and by which
 * address its gateway answered last; of control_user, 0600. <state>/device.key: the private and the
 * pre-shared key, two lines of base64, of root, 0600; they are nowhere else. All of it may block.
 */
#pragma once

#include "base/address.h"
#include "control/netmap.h"

#include <sys/types.h>

enum {
	DEVICE_WHERE_SIZE = 96,
};

struct device {
	struct netmap netmap;	    /* owned */
	struct endpoint last_known; /* of the first gateway; remote ADDRESS_NONE: never heard */
};

struct device_key {
	uint8_t private_key[NETMAP_KEY_SIZE];
	uint8_t preshared_key[NETMAP_KEY_SIZE]; /* zero: none */
};

/* Frees what it owns; zero afterwards. */
void device_done(struct device *device);

/*
 * Reads device.json. ERR_NOT_FOUND: there is none; ERR_SYNTAX and what netmap_decode() gives: it is
 * damaged, ret_where names the place; -EFBIG; -errno. Release by device_done().
 */
int device_read(const char *path, struct device *ret_device,
	char ret_where[static DEVICE_WHERE_SIZE]) must_check;

/* Replaces it durably. uid, gid: whose it will be; -1: ours. -errno: then the former is there. */
int device_write(const char *path, const struct device *device, uid_t uid, gid_t gid) must_check;

/* A key pair and a pre-shared key anew; the public key is told. ERR_CRYPTO. Wipe it. */
int device_key_make(
	struct device_key *ret_key, uint8_t ret_public_key[static NETMAP_KEY_SIZE]) must_check;

/* ERR_NOT_FOUND, ERR_KEY (damaged), -errno. Wipe it. */
int device_key_read(const char *path, struct device_key *ret_key) must_check;

/* Replaces it durably. -errno. */
int device_key_write(const char *path, const struct device_key *key) must_check;
