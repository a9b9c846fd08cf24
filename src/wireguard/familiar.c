/* SPDX-License-Identifier: ISC */
#include "wireguard/familiar.h"

#define HASH_MASK (~0ULL << 32)
#define PLACE_NS 1000000000ULL

static uint64_t hash_of(const struct familiar *familiar, const struct address *address)
{
	uint8_t bytes[1 + sizeof address->bytes] = {address->family};

	memcpy(bytes + 1, address->bytes, sizeof address->bytes);
	return siphash(&familiar->key, bytes, sizeof bytes);
}

void familiar_add(struct familiar *familiar, const struct address *address, uint64_t until_ns)
{
	uint64_t hash = hash_of(familiar, address);
	uint64_t entry = (hash & HASH_MASK) | (until_ns / PLACE_NS & ~HASH_MASK);

	atomic_store_explicit(
		&familiar->places[hash % FAMILIAR_PLACES], entry, memory_order_relaxed);
}

/* The entry of an address; 0: there is none. */
static uint64_t entry_of(const struct familiar *familiar, uint64_t hash)
{
	uint64_t entry = atomic_load_explicit(
		&familiar->places[hash % FAMILIAR_PLACES], memory_order_relaxed);

	return ((entry ^ hash) & HASH_MASK) == 0 ? entry : 0;
}

void familiar_remove(struct familiar *familiar, const struct address *address)
{
	uint64_t hash = hash_of(familiar, address);

	if (entry_of(familiar, hash))
		atomic_store_explicit(
			&familiar->places[hash % FAMILIAR_PLACES], 0, memory_order_relaxed);
}

bool familiar_has(const struct familiar *familiar, const struct address *address, uint64_t now_ns)
{
	uint64_t until_s = entry_of(familiar, hash_of(familiar, address)) & ~HASH_MASK;

	return now_ns / PLACE_NS < until_s;
}
