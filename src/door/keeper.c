/* SPDX-License-Identifier: ISC */
#include "door/keeper.h"

#include "base/bytes.h"
#include "crypto/blake2s.h"
#include "door/compress.h"
#include "door/layout.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

_Static_assert((int)DOOR_KEYS_MAX == (int)KNOCK_KEYS_MAX, "the door knows all epochs");
_Static_assert(DOOR_KEYS_MAX < 1 << DOOR_KEYS_STEPS, "a search ends");
_Static_assert((int)DOOR_REASONS <= (int)DOOR_REASONS_MAX, "a counter for each reason");
_Static_assert(sizeof(struct door_counts) % 8 == 0 && sizeof(struct door_live_group) % 8 == 0,
	"elements of an array map lie side by side");

struct keeper {
	struct door_shared *shared;
	uint32_t *slots; /* 2^live_bits */
	struct door_counts *counts;
	struct keeper_maps maps; /* sizes; its descriptors are not ours */
};

static const struct {
	const char *word, *meaning;
} reasons[] = {
#define X(name, word, meaning) [name] = {word, meaning},
	DOOR_LIST(X)
#undef X
};

const char *door_word(enum door_reason reason)
{
	return reasons[reason].word;
}

const char *door_meaning(enum door_reason reason)
{
	return reasons[reason].meaning;
}

/* ---- memory ---- */

static size_t live_size(const struct keeper_maps *maps)
{
	return (size_t)4 << maps->live_bits;
}

static size_t counts_size(const struct keeper_maps *maps)
{
	return maps->processors * sizeof(struct door_counts);
}

/* NULL: errno says why. */
static void *map(int fd, size_t size, int protection)
{
	void *memory = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int map_all(struct keeper *keeper)
{
	const struct keeper_maps *maps = &keeper->maps;

	keeper->shared = map(maps->shared_fd, sizeof *keeper->shared, PROT_READ | PROT_WRITE);
	if (!keeper->shared)
		return -errno;
	keeper->slots = map(maps->live_fd, live_size(maps), PROT_READ | PROT_WRITE);
	if (!keeper->slots)
		return -errno;
	keeper->counts = map(maps->counts_fd, counts_size(maps), PROT_READ);
	return keeper->counts ? 0 : -errno;
}

static unsigned bits_for(unsigned shards)
{
	unsigned bits = 0;

	while (1U << bits < shards)
		bits++;
	return bits;
}

int keeper_new(const struct keeper_maps *maps, unsigned shards, struct keeper **ret_keeper)
{
	unsigned shard_bits = bits_for(shards);

	if (shards == 0 || shard_bits > DOOR_TAG_BITS || maps->live_bits < DOOR_LIVE_BITS_MIN ||
		maps->live_bits > DOOR_LIVE_BITS_MAX || maps->processors == 0)
		return -EINVAL;
	struct keeper *keeper = calloc(1, sizeof *keeper);
	if (!keeper)
		return -ENOMEM;
	keeper->maps = *maps;
	int err = map_all(keeper);
	if (err < 0) {
		keeper_free(keeper);
		return err;
	}
	assert(keeper->shared && keeper->slots && keeper->counts);
	for (size_t i = 0; i < (size_t)1 << maps->live_bits; i++) /* of an engine that died */
		__atomic_store_n(&keeper->slots[i], INDEX_MARK_NONE, __ATOMIC_RELAXED);
	keeper->shared->is_overfull = 0;
	keeper->shared->shard_bits = shard_bits;
	keeper->shared->place_bits = maps->live_bits - shard_bits;
	*ret_keeper = keeper;
	return 0;
}

void keeper_free(struct keeper *keeper)
{
	if (!keeper)
		return;
	if (keeper->shared)
		(void)munmap(keeper->shared, sizeof *keeper->shared); /* it is mapped */
	if (keeper->slots)
		(void)munmap(keeper->slots, live_size(&keeper->maps));
	if (keeper->counts)
		(void)munmap(keeper->counts, counts_size(&keeper->maps));
	free(keeper);
}

struct index_mirror keeper_mirror(struct keeper *keeper, unsigned shard)
{
	const struct door_shared *shared = keeper->shared;

	return (struct index_mirror){
		.slots = keeper->slots + ((size_t)shard << shared->place_bits),
		.is_overfull = &keeper->shared->is_overfull,
		.place_bits = shared->place_bits,
	};
}

/* ---- terms ---- */

/* The state of keyed BLAKE2s with 16 bytes of output once it has hashed the key's block. */
static void state_of_key(
	const uint8_t key[static COMPRESS_KEY_SIZE], uint32_t ret_state[static DOOR_STATE_WORDS])
{
	/* RFC 7693, 2.5: depth and fanout 1, size of key and of output */
	static const uint32_t fresh[DOOR_STATE_WORDS] = {
		COMPRESS_IV0 ^ (0x01010000U | COMPRESS_KEY_SIZE << 8 | COMPRESS_MAC_SIZE),
		COMPRESS_IV1, COMPRESS_IV2, COMPRESS_IV3, COMPRESS_IV4, COMPRESS_IV5, COMPRESS_IV6,
		COMPRESS_IV7};
	uint32_t block[COMPRESS_BLOCK_WORDS] = {0};

	for (size_t i = 0; i < COMPRESS_KEY_SIZE / 4; i++)
		block[i] = load_le32(key + 4 * i);
	memcpy(ret_state, fresh, sizeof fresh);
	compress_block(ret_state, block, COMPRESS_BLOCK_SIZE, 0);
	bytes_wipe(block, sizeof block);
}

static void set_mac1(struct door_rules *rules, const uint8_t *public_key)
{
	static const char label[] = {'m', 'a', 'c', '1', '-', '-', '-', '-'};
	uint8_t key[BLAKE2S_HASH_SIZE];

	blake2s_hash((struct bytes){(const uint8_t *)label, sizeof label},
		(struct bytes){public_key, NOISE_KEY_SIZE}, key);
	state_of_key(key, rules->mac1);
	rules->flags |= DOOR_HAS_KEY;
}

static void set_knocks(struct door_rules *rules, const struct knock_gate *gate)
{
	if (gate->mode != KNOCK_REQUIRED)
		return; /* without one the engine serves from a budget */
	rules->flags |= DOOR_ASKS_KNOCK;
	for (size_t i = 0; i < gate->key_count; i++) {
		rules->epochs[i] = gate->keys[i].epoch;
		state_of_key(gate->keys[i].key, rules->knocks[i]);
	}
	rules->key_count = (uint32_t)gate->key_count;
}

/*
 * The rules are whole before the word that names them is stored; a reader finds them by that word.
 * He keeps looking at the former ones for as long as one datagram takes; they are written again
 * only three changes later.
 */
void keeper_set(struct keeper *keeper, const struct keeper_terms *terms)
{
	struct door_shared *shared = keeper->shared;
	uint32_t next = (shared->active + 1) % DOOR_RULES;
	struct door_rules *rules = &shared->rules[next];

	bytes_wipe(rules, sizeof *rules);
	rules->port = terms->port;
	if (terms->is_up)
		rules->flags |= DOOR_IS_UP;
	if (terms->public_key)
		set_mac1(rules, terms->public_key);
	set_knocks(rules, terms->gate);
	__atomic_store_n(&shared->active, next, __ATOMIC_RELEASE);
}

void keeper_beat(struct keeper *keeper, uint64_t now_ns)
{
	__atomic_store_n(&keeper->shared->heartbeat_ns, now_ns, __ATOMIC_RELAXED);
}

void keeper_count(const struct keeper *keeper, struct door_counters *ret_counters)
{
	struct door_counters sum = {{0}};

	for (uint32_t i = 0; i < keeper->maps.processors; i++) {
		for (enum door_reason reason = 0; reason < DOOR_REASONS; reason++)
			sum.count[reason] +=
				__atomic_load_n(&keeper->counts[i].count[reason], __ATOMIC_RELAXED);
	}
	*ret_counters = sum;
}
