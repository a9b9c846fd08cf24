/* SPDX-License-Identifier: ISC */
#include "policy/table.h"

#include "base/memory.h"
#include "base/siphash.h"

#include <stdlib.h>

enum {
	SLOTS_AT_FIRST = 16,
};

struct table_slot {
	uint32_t hash;
	uint32_t number; /* the index plus one; 0: free */
};

uint32_t table_hash(uint32_t purpose, const void *bytes, size_t size)
{
	const struct siphash_key key = {.k0 = purpose, .k1 = 0};

	return (uint32_t)siphash(&key, bytes, size);
}

/* Puts an entry into the next free slot; there is one. */
static void put(struct table *table, struct table_slot entry)
{
	uint32_t slot = entry.hash;

	while (table->slots[slot & (table->slot_count - 1)].number)
		slot++;
	table->slots[slot & (table->slot_count - 1)] = entry;
}

static void grow(struct table *table)
{
	struct table grown = {.count = table->count};

	grown.slot_count = table->slot_count ? table->slot_count * 2 : SLOTS_AT_FIRST;
	grown.slots = memory_new(grown.slot_count, sizeof *grown.slots);
	for (uint32_t i = 0; i < table->slot_count; i++) {
		if (table->slots[i].number)
			put(&grown, table->slots[i]);
	}
	free(table->slots);
	*table = grown;
}

void table_add(struct table *table, uint32_t hash, uint32_t index)
{
	if (table->count >= table->slot_count / 2)
		grow(table);
	put(table, (struct table_slot){hash, index + 1});
	table->count++;
}

struct table_search table_search(const struct table *table, uint32_t hash)
{
	return (struct table_search){.table = table, .hash = hash, .slot = hash};
}

uint32_t table_next(struct table_search *search)
{
	const struct table *table = search->table;

	if (table->slot_count == 0)
		return TABLE_NONE;
	for (;;) {
		const struct table_slot *slot =
			&table->slots[search->slot & (table->slot_count - 1)];
		if (!slot->number)
			return TABLE_NONE;
		search->slot++;
		if (slot->hash == search->hash)
			return slot->number - 1;
	}
}

void table_done(struct table *table)
{
	free(table->slots);
	*table = (struct table){0};
}
