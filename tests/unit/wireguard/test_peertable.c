/* SPDX-License-Identifier: ISC */
/* It includes the table's source, so that its allocations can fail. */
#include "failing_calloc.h"

#include "wireguard/peertable.c"

#include "operations.h"
#include "tap.h"

enum {
	PEERS = 3000,
};

/* The model: peer n has a key made of n, and is in or not. */
struct model {
	struct peertable_entry entries[PEERS];
	bool in[PEERS];
	size_t count;
};

/* Keys that differ in one place only, as far apart as they can be. */
static void make_keys(struct model *model)
{
	for (size_t i = 0; i < PEERS; i++) {
		uint8_t *key = model->entries[i].public_key;

		key[i % NOISE_KEY_SIZE] = (uint8_t)(i / NOISE_KEY_SIZE + 1);
	}
}

/* Whether the table finds exactly those peers that are in. */
static bool all_agree(const struct peertable *table, const struct model *model)
{
	for (size_t i = 0; i < PEERS; i++) {
		const struct peertable_entry *want = model->in[i] ? &model->entries[i] : NULL;

		if (peertable_find(table, model->entries[i].public_key) != want)
			return false;
	}
	return table->count == model->count;
}

static void test_edges(void)
{
	struct peertable table;
	struct peertable_entry a = {.public_key = {1}}, twin = {.public_key = {1}};
	struct peertable_entry b = {.public_key = {2}};

	tap_is_int(peertable_init(&table, (struct siphash_key){1, 2}), 0, "a table");
	tap_ok(!peertable_find(&table, a.public_key), "nothing is found in an empty one");
	peertable_remove(&table, &a);
	tap_is_int(table.count, 0, "removing what is not in does nothing");
	tap_is_int(peertable_add(&table, &a), 0, "a peer is added");
	tap_is_int(peertable_add(&table, &a), -EEXIST, "but not twice");
	tap_is_int(peertable_add(&table, &twin), -EEXIST, "nor another with its key");
	tap_ok(peertable_find(&table, twin.public_key) == &a, "found by key");
	peertable_remove(&table, &twin);
	tap_ok(peertable_find(&table, a.public_key) == &a, "another with its key removes nothing");
	tap_is_int(peertable_add(&table, &b), 0, "a second peer");
	peertable_remove(&table, &a);
	tap_ok(!peertable_find(&table, a.public_key) && peertable_find(&table, b.public_key) == &b,
		"removed alone");
	tap_is_int(peertable_add(&table, &twin), 0, "its key is free again");
	peertable_done(&table);
	peertable_done(&table);
	tap_ok(!table.buckets, "a table that is gone can go again");
}

/* The longest chain; with a keyed hash at load 1 it is short, whatever the keys are. */
static size_t longest_chain(const struct peertable *table)
{
	size_t longest = 0;

	for (size_t i = 0; i < table->bucket_count; i++) {
		size_t length = 0;

		for (const struct peertable_entry *e = table->buckets[i]; e; e = e->next)
			length++;
		longest = length > longest ? length : longest;
	}
	return longest;
}

static void test_growth(struct prng *prng)
{
	static struct model model;
	struct peertable table;
	unsigned wrong = 0;

	make_keys(&model);
	struct siphash_key key = {prng_u64(prng), prng_u64(prng)};
	if (!tap_ok(peertable_init(&table, key) == 0, "a table that grows"))
		return;
	for (size_t i = 0; i < PEERS; i++) {
		wrong += peertable_add(&table, &model.entries[i]) != 0;
		wrong += table.count > table.bucket_count;
		model.in[i] = true;
		model.count++;
	}
	tap_is_int(wrong, 0, "never fuller than one entry a bucket");
	tap_is_int(table.bucket_count, 4096, "as many buckets as the next power of two");
	tap_ok(longest_chain(&table) <= 16, "chains stay short");
	tap_ok(all_agree(&table, &model), "all are found after growth");
	peertable_done(&table);
}

/* Growth that does not get its memory refuses the new peer and keeps the others. */
static void test_no_memory(void)
{
	static struct model model;
	struct peertable table;
	unsigned wrong = 0;

	make_keys(&model);
	callocs_left = 0;
	tap_is_int(peertable_init(&table, (struct siphash_key){1, 2}), -ENOMEM, "no memory");
	callocs_left = 1;
	tap_is_int(peertable_init(&table, (struct siphash_key){1, 2}), 0, "memory for the start");
	for (size_t i = 0; i < table.bucket_count; i++) {
		wrong += peertable_add(&table, &model.entries[i]) != 0;
		model.in[i] = true;
		model.count++;
	}
	tap_is_int(wrong, 0, "as many as there are buckets need none");
	tap_is_int(peertable_add(&table, &model.entries[model.count]), -ENOMEM, "one more does");
	tap_ok(all_agree(&table, &model), "and leaves the others as they were");
	callocs_left = CALLOCS_UNLIMITED;
	peertable_done(&table);
}

static bool one_operation(struct prng *prng, struct peertable *table, struct model *model)
{
	size_t at = prng_below(prng, PEERS);
	struct peertable_entry *entry = &model->entries[at];

	switch (prng_below(prng, 3)) {
	case 0:
		if (peertable_add(table, entry) != (model->in[at] ? -EEXIST : 0))
			return false;
		model->count += !model->in[at];
		model->in[at] = true;
		return table->count == model->count;
	case 1:
		peertable_remove(table, entry);
		model->count -= model->in[at];
		model->in[at] = false;
		return table->count == model->count;
	default:
		return peertable_find(table, entry->public_key) == (model->in[at] ? entry : NULL);
	}
}

static void test_random(struct prng *prng)
{
	static struct model model;
	struct peertable table;
	uint64_t left = operations_wanted();
	bool agree = true;

	make_keys(&model);
	struct siphash_key key = {prng_u64(prng), prng_u64(prng)};
	if (!tap_ok(peertable_init(&table, key) == 0, "a table for random operations"))
		return;
	while (agree && left > 0) {
		agree = one_operation(prng, &table, &model);
		if (agree && left % 4096 == 0)
			agree = all_agree(&table, &model);
		left -= agree;
	}
	tap_is_int(left, 0, "random operations: as the model");
	peertable_done(&table);
}

int main(void)
{
	test_edges();
	struct prng prng = prng_start();
	test_growth(&prng);
	test_no_memory();
	test_random(&prng);
	return tap_done();
}
