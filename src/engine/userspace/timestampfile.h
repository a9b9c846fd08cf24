/* SPDX-License-Identifier: ISC */
/*
 * How far the timestamps of our initiations may go, on disk: a small file for each public key under
 * the state directory. Written durably before a greater timestamp is used, so that neither a
 * restart nor a clock set back makes us send an older one, which every peer would ignore.
 */
#pragma once

#include "base/attributes.h"
#include "wireguard/messages.h"

#include <stdint.h>

#define TIMESTAMPFILE_DIRECTORY "/var/lib/tacet"

struct timestampfile {
	const char *directory; /* borrowed; timestamps/ is made below it */
	char *path;	       /* owned; NULL: no key */
};

/* The file of this public key from now on. -ENOMEM. */
int timestampfile_set_key(
	struct timestampfile *file, const uint8_t public_key[static NOISE_KEY_SIZE]) must_check;

void timestampfile_done(struct timestampfile *file);

/*
 * What was stored, realtime ns; 0 where nothing was. -errno; ERR_SYNTAX, ERR_RANGE: what is there
 * is damaged.
 */
int timestampfile_load(const struct timestampfile *file, uint64_t *ret_limit_ns) must_check;

/* Stores durably: a new file, synced, in place of the old one. Blocks. -errno: the old one stays.
 */
int timestampfile_store(const struct timestampfile *file, uint64_t limit_ns) must_check;
