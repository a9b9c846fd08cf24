/* SPDX-License-Identifier: ISC */
/*
 * Initiations that have authenticated once, by their ephemeral key, so that copies of them die
 * before any public-key work. Fixed in size; only members get anything in, so strangers cannot
 * crowd it out. What it does not know any more the timestamp tells, at a higher price.
 *
 * All shards share it. Entries are single words, stored and loaded relaxed: whoever misses one
 * that is just being stored judges by the timestamp.
 */
#pragma once

#include "base/siphash.h"
#include "wireguard/messages.h"

#include <stdatomic.h>
#include <stdbool.h>

enum {
	SEEN_WAYS = 4,
	SEEN_SETS = 2048, /* power of two */
};

struct seen {
	struct siphash_key key;			       /* secret */
	_Atomic uint64_t hashes[SEEN_SETS][SEEN_WAYS]; /* the newest first; 0: nothing */
};

bool seen_has(const struct seen *seen, const uint8_t ephemeral[static NOISE_KEY_SIZE]);
void seen_add(struct seen *seen, const uint8_t ephemeral[static NOISE_KEY_SIZE]);
