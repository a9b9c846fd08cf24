/* SPDX-License-Identifier: ISC */
/*
 * A bucket is kept as the time at which it will be full: until then it lacks one token for each
 * TOKEN_NS. That is the same as tokens and a time, and an entry that nobody has is a full bucket.
 */
#include "wireguard/ratelimiter.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>

enum {
	WAYS = 8,
	SOURCE_IPV4_SIZE = 4, /* a source is one address, */
	SOURCE_IPV6_SIZE = 8, /* or what one customer gets: a /64 */
};

#define TOKEN_NS (UINT64_C(1000000000) / RATELIMITER_PER_SECOND)
#define BUCKET_NS (TOKEN_NS * RATELIMITER_BURST)

struct ratelimiter_bucket {
	uint64_t source;     /* keyed hash of the source, which nobody can make collide */
	uint64_t full_at_ns; /* the past: it is full */
};

int ratelimiter_init(struct ratelimiter *limiter, size_t sources, struct siphash_key key)
{
	size_t set_count = 1;

	if (sources > SIZE_MAX / 2 / sizeof(struct ratelimiter_bucket))
		return -ENOMEM;
	while (set_count * WAYS < sources)
		set_count *= 2;
	struct ratelimiter_bucket *buckets = calloc(set_count, WAYS * sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	*limiter = (struct ratelimiter){.buckets = buckets, .set_count = set_count, .key = key};
	return 0;
}

void ratelimiter_done(struct ratelimiter *limiter)
{
	free(limiter->buckets);
	bytes_wipe(limiter, sizeof *limiter);
}

static uint64_t hash_source(const struct ratelimiter *limiter, const struct address *source)
{
	uint8_t identity[1 + SOURCE_IPV6_SIZE] = {source->family};
	size_t size = source->family == ADDRESS_IPV4 ? SOURCE_IPV4_SIZE : SOURCE_IPV6_SIZE;

	memcpy(identity + 1, source->bytes, size);
	return siphash(&limiter->key, identity, 1 + size);
}

/* The bucket of a source; where there is none, that of the set which is nearest to full. */
static struct ratelimiter_bucket *bucket_of(struct ratelimiter *limiter, uint64_t source)
{
	struct ratelimiter_bucket *set =
		&limiter->buckets[(source & (limiter->set_count - 1)) * WAYS];
	struct ratelimiter_bucket *fullest = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].source == source)
			return &set[i];
		if (set[i].full_at_ns < fullest->full_at_ns)
			fullest = &set[i];
	}
	*fullest = (struct ratelimiter_bucket){.source = source};
	return fullest;
}

bool ratelimiter_allow(struct ratelimiter *limiter, uint64_t now_ns, const struct address *source)
{
	struct ratelimiter_bucket *bucket = bucket_of(limiter, hash_source(limiter, source));

	if (bucket->full_at_ns < now_ns)
		bucket->full_at_ns = now_ns;
	if (bucket->full_at_ns - now_ns > BUCKET_NS - TOKEN_NS)
		return false;
	bucket->full_at_ns += TOKEN_NS;
	return true;
}
