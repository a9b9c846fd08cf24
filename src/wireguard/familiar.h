/* SPDX-License-Identifier: ISC */
/*
 * Addresses from which somebody has a live session: to them, and only to them, a cookie reply may
 * go with COOKIES_FAMILIAR. Fixed in size; each address has one place, which another may take over.
 *
 * All shards share it. Entries are single words, stored and loaded relaxed: whoever misses one
 * that is just being stored says nothing, which is never wrong.
 */
#pragma once

#include "base/address.h"
#include "base/siphash.h"

#include <stdatomic.h>

enum {
	FAMILIAR_PLACES = 4096, /* power of two */
};

struct familiar {
	struct siphash_key key;			  /* secret */
	_Atomic uint64_t places[FAMILIAR_PLACES]; /* half a hash, and seconds until when */
};

/* The address has a session until this time, monotonic. */
void familiar_add(struct familiar *familiar, const struct address *address, uint64_t until_ns);

/* Its session is no more. */
void familiar_remove(struct familiar *familiar, const struct address *address);

bool familiar_has(const struct familiar *familiar, const struct address *address, uint64_t now_ns);
