/* SPDX-License-Identifier: ISC */
#include "wireguard/seen.h"

static uint64_t load(const _Atomic uint64_t *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

static void store(_Atomic uint64_t *at, uint64_t hash)
{
	atomic_store_explicit(at, hash, memory_order_relaxed);
}

/* Never 0. */
static uint64_t hash_of(const struct seen *seen, const uint8_t *ephemeral)
{
	return siphash(&seen->key, ephemeral, NOISE_KEY_SIZE) | 1ULL << 63;
}

bool seen_has(const struct seen *seen, const uint8_t ephemeral[static NOISE_KEY_SIZE])
{
	uint64_t hash = hash_of(seen, ephemeral);
	const _Atomic uint64_t *set = seen->hashes[hash % SEEN_SETS];

	for (unsigned i = 0; i < SEEN_WAYS; i++) {
		if (load(&set[i]) == hash)
			return true;
	}
	return false;
}

void seen_add(struct seen *seen, const uint8_t ephemeral[static NOISE_KEY_SIZE])
{
	uint64_t hash = hash_of(seen, ephemeral);
	_Atomic uint64_t *set = seen->hashes[hash % SEEN_SETS];

	for (unsigned i = SEEN_WAYS; --i > 0;)
		store(&set[i], load(&set[i - 1]));
	store(&set[0], hash);
}
