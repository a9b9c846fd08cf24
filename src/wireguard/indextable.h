/* SPDX-License-Identifier: ISC */
/*
 * Handshakes and sessions by the 32-bit index that we gave them (paper, 5.4: sender and receiver).
 * Indices are random, so that they need no hashing and tell a stranger nothing. Room is reserved
 * when a peer is added; taking and giving back an index allocates nothing.
 */
#pragma once

#include "base/attributes.h"
#include "base/random.h"
#include "wireguard/indexmirror.h"

#include <stdbool.h>

/* What an entry of the index table is embedded in. */
enum index_kind {
	INDEX_HANDSHAKE, /* struct peer, handshake_index */
	INDEX_KEYPAIR,	 /* struct keypair, index */
};

/* Embedded in a handshake and in a keypair. */
struct indextable_entry {
	struct indextable_entry *next; /* in its bucket */
	uint32_t index;		       /* ours; unique in the table while it is in */
	uint8_t kind;		       /* enum index_kind: what it is in */
	bool in_table;
};

struct indextable {
	struct indextable_entry **buckets;
	size_t bucket_count;	    /* power of two */
	size_t count;		    /* entries */
	uint32_t tag_mask;	    /* these high bits of every index ... */
	uint32_t tag;		    /* ... are these: whose table it is, where there are several */
	struct index_mirror mirror; /* written with every change, where there is one */
};

/* -ENOMEM. Release by indextable_done(). */
int indextable_init(struct indextable *table) must_check;

/* Frees the buckets; the entries are their owners'. Accepts a table that is all zero. */
void indextable_done(struct indextable *table);

/*
 * Shows from now on what is in, in memory that outlives the table; it is all zero now, and so is
 * the table's count.
 */
void indextable_set_mirror(struct indextable *table, const struct index_mirror *mirror);

/* Makes room, so that `entries` entries are found in constant time. -ENOMEM. */
int indextable_reserve(struct indextable *table, size_t entries) must_check;

/* Gives the entry a fresh random index and adds it; an entry that is in gets out first. */
void indextable_add(
	struct indextable *table, struct entropy entropy, struct indextable_entry *entry);

/* `fresh` takes over the index of `old`, which is in, and out afterwards (handshake to session). */
void indextable_replace(
	struct indextable *table, struct indextable_entry *old, struct indextable_entry *fresh);

/* Does nothing where the entry is not in. */
void indextable_remove(struct indextable *table, struct indextable_entry *entry);

/* NULL: not there. */
struct indextable_entry *indextable_find(const struct indextable *table, uint32_t index);
