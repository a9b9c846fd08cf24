/* SPDX-License-Identifier: ISC */
#include "wireguard/peertable.h"

#include <errno.h>
#include <stdlib.h>

enum {
	BUCKETS_AT_START = 16, /* power of two */
};

int peertable_init(struct peertable *table, struct siphash_key key)
{
	struct peertable_entry **buckets =
		calloc(BUCKETS_AT_START, sizeof(struct peertable_entry *));

	if (!buckets)
		return -ENOMEM;
	*table = (struct peertable){
		.buckets = buckets, .bucket_count = BUCKETS_AT_START, .key = key};
	return 0;
}

void peertable_done(struct peertable *table)
{
	free(table->buckets);
	bytes_wipe(table, sizeof *table);
}

/* The link at the head of the bucket that a key falls in. */
static struct peertable_entry **bucket_of(const struct peertable *table, const uint8_t *public_key)
{
	uint64_t hash = siphash(&table->key, public_key, NOISE_KEY_SIZE);

	return &table->buckets[hash & (table->bucket_count - 1)];
}

static void push(struct peertable *table, struct peertable_entry *entry)
{
	struct peertable_entry **bucket = bucket_of(table, entry->public_key);

	entry->next = *bucket;
	*bucket = entry;
}

/* Doubles the buckets. -ENOMEM: nothing has changed. */
static int grow(struct peertable *table)
{
	struct peertable grown = {.bucket_count = table->bucket_count * 2, .key = table->key};

	grown.buckets = calloc(grown.bucket_count, sizeof(struct peertable_entry *));
	if (!grown.buckets)
		return -ENOMEM;
	for (size_t i = 0; i < table->bucket_count; i++) {
		struct peertable_entry *entry = table->buckets[i];

		while (entry) {
			struct peertable_entry *next = entry->next;

			push(&grown, entry);
			entry = next;
		}
	}
	free(table->buckets);
	table->buckets = grown.buckets;
	table->bucket_count = grown.bucket_count;
	return 0;
}

int peertable_add(struct peertable *table, struct peertable_entry *entry)
{
	if (peertable_find(table, entry->public_key))
		return -EEXIST;
	if (table->count == table->bucket_count) {
		int error = grow(table);
		if (error)
			return error;
	}
	push(table, entry);
	table->count++;
	return 0;
}

void peertable_remove(struct peertable *table, struct peertable_entry *entry)
{
	struct peertable_entry **link = bucket_of(table, entry->public_key);

	while (*link && *link != entry)
		link = &(*link)->next;
	if (!*link)
		return;
	*link = entry->next;
	entry->next = NULL;
	table->count--;
}

struct peertable_entry *peertable_find(
	const struct peertable *table, const uint8_t public_key[static NOISE_KEY_SIZE])
{
	struct peertable_entry *entry = *bucket_of(table, public_key);

	while (entry && memcmp(entry->public_key, public_key, NOISE_KEY_SIZE) != 0)
		entry = entry->next;
	return entry;
}
