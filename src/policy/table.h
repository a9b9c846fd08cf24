/* SPDX-License-Identifier: ISC */
/*
 * Where in an array something lies, by the hash of what it is known by: names, ids, sets. The
 * table holds numbers only; whoever asks compares what lies there. Aborts where there is no memory.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	TABLE_NONE = UINT32_MAX, /* no index */
};

/* Zero is empty. */
struct table {
	struct table_slot *slots;
	uint32_t slot_count; /* power of two, or 0 */
	uint32_t count;	     /* of those, in use */
};

/* A walk over what may be it. */
struct table_search {
	const struct table *table;
	uint32_t hash;
	uint32_t slot; /* to be looked at next */
};

/*
 * SipHash with a key that all know: a compiler gives the same output for the same input, and
 * names are chosen by administrators, not by strangers. `purpose` parts kinds that share a table.
 */
uint32_t table_hash(uint32_t purpose, const void *bytes, size_t size);

/* Adds an index under a hash, whatever is there already. */
void table_add(struct table *table, uint32_t hash, uint32_t index);

/* Begins a walk over the indices that were added under the hash. */
struct table_search table_search(const struct table *table, uint32_t hash);

/* The next one; TABLE_NONE at the end. */
uint32_t table_next(struct table_search *search);

void table_done(struct table *table);
