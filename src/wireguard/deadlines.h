/* SPDX-License-Identifier: ISC */
/*
 * Which peer must be looked at next: a binary heap, so that no tick scans all peers. An entry may
 * be early (timers move later with every packet, and the heap need not follow); never late.
 */
#pragma once

#include "base/attributes.h"

#include <stddef.h>
#include <stdint.h>

/* Embedded in a peer. */
struct deadline {
	uint64_t due_ns; /* monotonic; UINT64_MAX: never */
	size_t position; /* in the heap */
};

struct deadlines {
	struct deadline **heap; /* heap[0] is the earliest */
	size_t count;
	size_t capacity;
};

/* Zero is an empty heap. */
void deadlines_done(struct deadlines *deadlines);

/* Adds an entry that is never due. Borrows it. -ENOMEM. */
int deadlines_add(struct deadlines *deadlines, struct deadline *entry) must_check;
void deadlines_remove(struct deadlines *deadlines, struct deadline *entry);

/* Moves the entry to another time. */
void deadlines_set(struct deadlines *deadlines, struct deadline *entry, uint64_t due_ns);

/* The earliest; NULL: the heap is empty. */
struct deadline *deadlines_first(const struct deadlines *deadlines);
