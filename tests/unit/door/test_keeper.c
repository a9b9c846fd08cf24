/* SPDX-License-Identifier: ISC */
/* What is written into the memory of the maps, here into files of memory. */
#include "wireguard/interface_world.h"

#include "door/keeper.h"
#include "door/layout.h"

#include "crypto/blake2s.h"
#include "door/compress.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	LIVE_BITS = 12,
	PROCESSORS = 3,
};

static struct keeper_maps maps;
static struct door_shared *shared;
static uint32_t *slots;
static struct door_counts *counts;

static int make_memory(const char *name, size_t size, void *ret_memory)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	void *memory;

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		abort();
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		abort();
	memcpy(ret_memory, &memory, sizeof memory);
	return fd;
}

static void make_maps(void)
{
	maps.live_bits = LIVE_BITS;
	maps.processors = PROCESSORS;
	maps.shared_fd = make_memory("shared", sizeof *shared, &shared);
	maps.live_fd = make_memory("live", sizeof(uint32_t) << LIVE_BITS, &slots);
	maps.counts_fd = make_memory("counts", PROCESSORS * sizeof *counts, &counts);
}

static size_t occupied(void)
{
	size_t count = 0;

	for (size_t i = 0; i < (size_t)1 << LIVE_BITS; i++)
		count += slots[i] != INDEX_MARK_NONE;
	return count;
}

static void test_sizes(void)
{
	struct keeper_maps wrong = maps;
	struct keeper *keeper;

	tap_is_int(keeper_new(&maps, 0, &keeper), -EINVAL, "no shards");
	tap_is_int(keeper_new(&maps, 17, &keeper), -EINVAL, "more shards than an index can say");
	wrong.live_bits = DOOR_LIVE_BITS_MAX + 1;
	tap_is_int(keeper_new(&wrong, 1, &keeper), -EINVAL, "too many slots");
	wrong.live_bits = DOOR_LIVE_BITS_MIN - 1;
	tap_is_int(keeper_new(&wrong, 1, &keeper), -EINVAL, "too few slots");
	wrong = maps;
	wrong.processors = 0;
	tap_is_int(keeper_new(&wrong, 1, &keeper), -EINVAL, "no processors");
	wrong = maps;
	wrong.shared_fd = -1;
	tap_is_int(keeper_new(&wrong, 1, &keeper), -EBADF, "no memory");
}

/* Each index stands in its own shard's part, as long as it lives. */
static void test_live(void)
{
	static struct indextable_entry entries[2][500];
	struct indextable tables[2];
	struct keeper *keeper;
	unsigned wrong = 0;

	slots[7] = 1234;
	shared->is_overfull = 1;
	if (keeper_new(&maps, 2, &keeper) < 0)
		abort();
	tap_is_int((intmax_t)occupied(), 0, "what another engine left is gone");
	tap_is_int(shared->is_overfull, 0, "and there is room again");
	for (unsigned shard = 0; shard < 2; shard++) {
		const struct index_mirror mirror = keeper_mirror(keeper, shard);
		if (indextable_init(&tables[shard]) < 0)
			abort();
		tables[shard].tag_mask = 0xf0000000;
		tables[shard].tag = shard << 28;
		indextable_set_mirror(&tables[shard], &mirror);
		for (size_t i = 0; i < ARRAY_LENGTH(entries[0]); i++) {
			struct indextable_entry *entry = &entries[shard][i];
			indextable_add(&tables[shard], seeded_entropy(&world_seed), entry);
			uint32_t slot = door_slot(entry->index, LIVE_BITS - 1, 1);
			wrong += slot >> (LIVE_BITS - 1) != shard ||
				 slots[slot] !=
					 index_mirror_word(entry->index, INDEX_MARK_HANDSHAKE);
		}
	}
	tap_is_int(wrong, 0, "each index stands in a slot of its shard");
	tap_is_int((intmax_t)occupied(), 1000, "and in no other");
	struct indextable_entry keypair = {.kind = INDEX_KEYPAIR};
	indextable_replace(&tables[1], &entries[1][0], &keypair);
	tap_is_int(slots[door_slot(keypair.index, LIVE_BITS - 1, 1)],
		index_mirror_word(keypair.index, INDEX_MARK_KEYPAIR),
		"a handshake becomes a session in its place");
	indextable_remove(&tables[1], &keypair);
	for (unsigned shard = 0; shard < 2; shard++) {
		for (size_t i = 0; i < ARRAY_LENGTH(entries[0]); i++)
			indextable_remove(&tables[shard], &entries[shard][i]);
		indextable_done(&tables[shard]);
	}
	tap_is_int((intmax_t)occupied(), 0, "nothing is left of what is removed");
	tap_is_int(shared->is_overfull, 0, "there was room for all");
	keeper_free(keeper);
}

/* More indices than slots: it is said, and none is shown that is not there. */
static void test_overfull(void)
{
	static struct indextable_entry entries[5000];
	struct indextable table;
	struct keeper *keeper;

	if (keeper_new(&maps, 1, &keeper) < 0 || indextable_init(&table) < 0)
		abort();
	const struct index_mirror mirror = keeper_mirror(keeper, 0);
	indextable_set_mirror(&table, &mirror);
	for (size_t i = 0; i < ARRAY_LENGTH(entries); i++)
		indextable_add(&table, seeded_entropy(&world_seed), &entries[i]);
	tap_is_int(shared->is_overfull, 1, "it is said that some have no slot");
	tap_ok(occupied() > 4000 && occupied() <= 1 << LIVE_BITS, "most have one");
	for (size_t i = 0; i < ARRAY_LENGTH(entries); i++)
		indextable_remove(&table, &entries[i]);
	tap_is_int((intmax_t)occupied(), 0, "nothing is left of what is removed");
	indextable_done(&table);
	keeper_free(keeper);
}

/* The state after the key's block goes on to the MAC that libcrypto makes. */
static void test_midstate(void)
{
	static struct knock_gate gate;
	struct knock_key key = {9, KNOCK_FULL, {0}};
	uint8_t message[64], want[BLAKE2S_MAC_SIZE];
	uint32_t block[COMPRESS_BLOCK_WORDS], state[DOOR_STATE_WORDS];
	struct keeper *keeper;
	unsigned differing = 0;

	if (keeper_new(&maps, 1, &keeper) < 0)
		abort();
	for (unsigned i = 0; i < 100; i++) {
		seeded_fill(&world_seed, key.key, sizeof key.key);
		seeded_fill(&world_seed, message, sizeof message);
		if (knock_gate_set(&gate, KNOCK_REQUIRED, &key, 1) < 0)
			abort();
		const struct keeper_terms terms = {51820, true, NULL, &gate};
		keeper_set(keeper, &terms);
		memcpy(state, shared->rules[shared->active].knocks[0], sizeof state);
		for (size_t k = 0; k < COMPRESS_BLOCK_WORDS; k++)
			block[k] = load_le32(message + 4 * k);
		compress_block(state, block, 2 * COMPRESS_BLOCK_SIZE, ~0U);
		blake2s_mac(key.key, sizeof key.key, (struct bytes){message, sizeof message}, want);
		for (size_t k = 0; k < BLAKE2S_MAC_SIZE / 4; k++)
			differing += state[k] != load_le32(want + 4 * k);
	}
	tap_is_int(differing, 0, "the MAC is libcrypto's");
	keeper_free(keeper);
}

static void test_rules(void)
{
	static const struct knock_gate gate = {.mode = KNOCK_OFF};
	const struct keeper_terms terms = {51820, true, NULL, &gate};
	struct keeper *keeper;

	if (keeper_new(&maps, 1, &keeper) < 0)
		abort();
	uint32_t former = shared->active;
	uint32_t untouched = shared->rules[former].port;
	keeper_set(keeper, &terms);
	tap_ok(shared->active != former, "other rules are in force");
	tap_is_int(shared->rules[shared->active].port, 51820, "the port");
	tap_is_int(
		shared->rules[shared->active].flags, DOOR_IS_UP, "up, no key, no knock asked for");
	tap_is_int(shared->rules[former].port, untouched, "who reads the former ones still can");
	keeper_beat(keeper, 77);
	tap_is_int((intmax_t)shared->heartbeat_ns, 77, "the engine was seen");
	keeper_free(keeper);
	tap_is_int(shared->rules[shared->active].port, 51820, "rules outlive the engine");
}

static void test_counters(void)
{
	struct door_counters counters;
	struct keeper *keeper;

	if (keeper_new(&maps, 1, &keeper) < 0)
		abort();
	for (unsigned i = 0; i < PROCESSORS; i++)
		counts[i].count[DOOR_MAC1_INVALID] = 1ULL << (20 * i);
	keeper_count(keeper, &counters);
	tap_is_int((intmax_t)counters.count[DOOR_MAC1_INVALID], 0x10000100001,
		"what all processors have counted");
	tap_is_int((intmax_t)counters.count[DOOR_LET_IN], 0, "nothing of the others");
	for (enum door_reason reason = 0; reason < DOOR_REASONS; reason++)
		tap_ok(door_word(reason)[0] && door_meaning(reason)[0], "a word and a meaning");
	keeper_free(keeper);
}

int main(void)
{
	make_maps();
	test_sizes();
	test_live();
	test_overfull();
	test_midstate();
	test_rules();
	test_counters();
	return tap_done();
}
