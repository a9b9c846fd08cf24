/* SPDX-License-Identifier: ISC */
/*
 * Token buckets for handshakes by source address, /32 for IPv4 and /64 for IPv6 (paper, 5.3;
 * kernel ratelimiter.c): 20 a second, bursts of 5. A fixed table: when a source is new and its set
 * is full, the entry that is nearest to a full bucket gives way. Allocates only when made.
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"
#include "base/siphash.h"

enum {
	RATELIMITER_PER_SECOND = 20,
	RATELIMITER_BURST = 5,
};

struct ratelimiter_bucket;

struct ratelimiter {
	struct ratelimiter_bucket *buckets; /* sets of a few ways each */
	size_t set_count;		    /* power of two */
	struct siphash_key key;		    /* secret */
};

/* Room for about `sources` sources at a time. -ENOMEM. Release by ratelimiter_done(). */
int ratelimiter_init(
	struct ratelimiter *limiter, size_t sources, struct siphash_key key) must_check;

/* Accepts a limiter that is all zero. */
void ratelimiter_done(struct ratelimiter *limiter);

/* Whether one more handshake from this source is within its rate; it is counted. */
bool ratelimiter_allow(struct ratelimiter *limiter, uint64_t now_ns, const struct address *source);
