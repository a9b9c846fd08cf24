/* SPDX-License-Identifier: ISC */
#include "wireguard/indextable.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum {
	BUCKETS_AT_START = 16, /* power of two */
	SLOT_TRIES = 64,       /* until an index goes without a slot: 1e-8 at three quarters full */
};

/* More buckets than there are indices would stay empty. */
#define BUCKETS_AT_MOST ((size_t)1 << 32)

int indextable_init(struct indextable *table)
{
	struct indextable_entry **buckets =
		calloc(BUCKETS_AT_START, sizeof(struct indextable_entry *));

	if (!buckets)
		return -ENOMEM;
	*table = (struct indextable){.buckets = buckets, .bucket_count = BUCKETS_AT_START};
	return 0;
}

void indextable_done(struct indextable *table)
{
	free(table->buckets);
	*table = (struct indextable){0};
}

static struct indextable_entry **bucket_of(const struct indextable *table, uint32_t index)
{
	return &table->buckets[index & (table->bucket_count - 1)];
}

/* Adds an entry under the index that it has. */
static void push(struct indextable *table, struct indextable_entry *entry)
{
	struct indextable_entry **bucket = bucket_of(table, entry->index);

	entry->next = *bucket;
	entry->in_table = true;
	*bucket = entry;
}

/* The link that holds an entry; the entry is in. */
static struct indextable_entry **link_of(
	struct indextable *table, const struct indextable_entry *entry)
{
	struct indextable_entry **link = bucket_of(table, entry->index);

	while (*link != entry) {
		assert(*link);
		link = &(*link)->next;
	}
	return link;
}

/* Moves all entries to so many buckets. -ENOMEM: nothing has changed. */
static int rehash(struct indextable *table, size_t bucket_count)
{
	struct indextable grown = *table;

	grown.bucket_count = bucket_count;
	grown.buckets = calloc(bucket_count, sizeof(struct indextable_entry *));
	if (!grown.buckets)
		return -ENOMEM;
	for (size_t i = 0; i < table->bucket_count; i++) {
		struct indextable_entry *entry = table->buckets[i];

		while (entry) {
			struct indextable_entry *next = entry->next;

			push(&grown, entry);
			entry = next;
		}
	}
	free(table->buckets);
	*table = grown;
	return 0;
}

int indextable_reserve(struct indextable *table, size_t entries)
{
	size_t bucket_count = table->bucket_count;

	while (bucket_count < entries && bucket_count < BUCKETS_AT_MOST)
		bucket_count *= 2;
	if (bucket_count == table->bucket_count)
		return 0;
	return rehash(table, bucket_count);
}

/* ---- the mirror ---- */

void indextable_set_mirror(struct indextable *table, const struct index_mirror *mirror)
{
	assert(table->count == 0);
	table->mirror = *mirror;
}

static uint32_t *slot_of(const struct indextable *table, uint32_t index)
{
	return &table->mirror.slots[index_mirror_place(index, table->mirror.place_bits)];
}

static uint32_t word_of(const struct indextable_entry *entry)
{
	return index_mirror_word(entry->index,
		entry->kind == INDEX_KEYPAIR ? INDEX_MARK_KEYPAIR : INDEX_MARK_HANDSHAKE);
}

/* One store of a word: who reads beside us sees the old one or the new one. */
static void show(uint32_t *slot, uint32_t word)
{
	__atomic_store_n(slot, word, __ATOMIC_RELEASE);
}

/* Shows an entry in its slot, unless another one has it. */
static void mirror_add(const struct indextable *table, const struct indextable_entry *entry)
{
	if (!table->mirror.slots)
		return;
	uint32_t *slot = slot_of(table, entry->index);
	if (*slot == INDEX_MARK_NONE)
		show(slot, word_of(entry));
	else
		show(table->mirror.is_overfull, 1);
}

/* Its slot may be another's: then it is one that found none. */
static void mirror_remove(const struct indextable *table, const struct indextable_entry *entry)
{
	if (!table->mirror.slots)
		return;
	uint32_t *slot = slot_of(table, entry->index);
	if (*slot == word_of(entry))
		show(slot, INDEX_MARK_NONE);
}

/* The same index, in the same slot, for something else. */
static void mirror_replace(const struct indextable *table, const struct indextable_entry *old,
	const struct indextable_entry *fresh)
{
	if (!table->mirror.slots)
		return;
	uint32_t *slot = slot_of(table, old->index);
	if (*slot == word_of(old))
		show(slot, word_of(fresh));
}

static bool has_slot(const struct indextable *table, uint32_t index)
{
	return !table->mirror.slots || *slot_of(table, index) == INDEX_MARK_NONE;
}

/* ---- entries ---- */

/* A random index that nobody has, with a free slot in the mirror if that can be had. */
static uint32_t choose(const struct indextable *table, struct entropy entropy)
{
	unsigned tries = 0;
	uint32_t index;

	do {
		index = (entropy_u32(entropy) & ~table->tag_mask) | table->tag;
		tries++;
	} while (indextable_find(table, index) || (tries < SLOT_TRIES && !has_slot(table, index)));
	return index;
}

void indextable_add(
	struct indextable *table, struct entropy entropy, struct indextable_entry *entry)
{
	indextable_remove(table, entry);
	assert(table->count <= ~table->tag_mask); /* a free index is left to be found */
	entry->index = choose(table, entropy);
	push(table, entry);
	table->count++;
	mirror_add(table, entry);
}

void indextable_replace(
	struct indextable *table, struct indextable_entry *old, struct indextable_entry *fresh)
{
	indextable_remove(table, fresh);
	assert(old->in_table);
	struct indextable_entry **link = link_of(table, old);

	fresh->index = old->index;
	fresh->next = old->next;
	fresh->in_table = true;
	*link = fresh;
	old->next = NULL;
	old->in_table = false;
	mirror_replace(table, old, fresh);
}

void indextable_remove(struct indextable *table, struct indextable_entry *entry)
{
	if (!entry->in_table)
		return;
	*link_of(table, entry) = entry->next;
	mirror_remove(table, entry);
	entry->next = NULL;
	entry->in_table = false;
	table->count--;
}

struct indextable_entry *indextable_find(const struct indextable *table, uint32_t index)
{
	struct indextable_entry *entry = *bucket_of(table, index);

	while (entry && entry->index != index)
		entry = entry->next;
	return entry;
}
