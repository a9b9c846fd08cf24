/* SPDX-License-Identifier: ISC */
/*
 * Ports that are led elsewhere by rules of translation (DNAT), as container engines publish them:
 * they have no socket on this host, or that of a helper.
 */
#pragma once

#include "base/attributes.h"
#include "net/nftables.h"

#include <stddef.h>

struct published {
	char **rules; /* as nft(8) writes them, with their table before; on the heap */
	size_t count;
};

/* Finds those of all tables but ours. -EPERM, -EINVAL. Release by published_done(). */
int published_read(struct nftables *nftables, struct published *ret_published) must_check;

/* As above, in a listing. Pure. */
struct published published_find(const char *listing);

void published_done(struct published *published);
