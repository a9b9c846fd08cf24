/* SPDX-License-Identifier: ISC */
/*
 * Peers by public key: a hash table with chains linked through the entries, keyed with a secret, so
 * that nobody can choose keys that collide. Doubles as it fills; allocates only when adding.
 */
#pragma once

#include "base/attributes.h"
#include "base/siphash.h"
#include "wireguard/messages.h"

/* Embedded in a peer. */
struct peertable_entry {
	struct peertable_entry *next;	    /* in its bucket */
	uint8_t public_key[NOISE_KEY_SIZE]; /* set before it is added, constant while it is in */
};

struct peertable {
	struct peertable_entry **buckets;
	size_t bucket_count;	/* power of two */
	size_t count;		/* entries */
	struct siphash_key key; /* secret */
};

/* -ENOMEM. Release by peertable_done(). */
int peertable_init(struct peertable *table, struct siphash_key key) must_check;

/* Frees the buckets; the entries are their owners'. Accepts a table that is all zero. */
void peertable_done(struct peertable *table);

/* Borrows the entry until it is removed. -ENOMEM; -EEXIST where the key is there already. */
int peertable_add(struct peertable *table, struct peertable_entry *entry) must_check;

/* Does nothing where the entry is not in. */
void peertable_remove(struct peertable *table, struct peertable_entry *entry);

/* NULL: not there. */
struct peertable_entry *peertable_find(
	const struct peertable *table, const uint8_t public_key[static NOISE_KEY_SIZE]);
