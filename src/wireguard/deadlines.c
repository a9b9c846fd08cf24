/* SPDX-License-Identifier: ISC */
#include "wireguard/deadlines.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static void place(struct deadlines *deadlines, struct deadline *entry, size_t position)
{
	deadlines->heap[position] = entry;
	entry->position = position;
}

/* Moves the entry towards the first place while it is earlier than what is above it. */
static void sift_up(struct deadlines *deadlines, struct deadline *entry)
{
	size_t position = entry->position;

	while (position > 0) {
		size_t above = (position - 1) / 2;
		if (deadlines->heap[above]->due_ns <= entry->due_ns)
			break;
		place(deadlines, deadlines->heap[above], position);
		position = above;
	}
	place(deadlines, entry, position);
}

/* Moves the entry away from the first place while one of the two below it is earlier. */
static void sift_down(struct deadlines *deadlines, struct deadline *entry)
{
	size_t position = entry->position;

	for (;;) {
		size_t below = 2 * position + 1;
		if (below >= deadlines->count)
			break;
		if (below + 1 < deadlines->count &&
			deadlines->heap[below + 1]->due_ns < deadlines->heap[below]->due_ns)
			below++;
		if (deadlines->heap[below]->due_ns >= entry->due_ns)
			break;
		place(deadlines, deadlines->heap[below], position);
		position = below;
	}
	place(deadlines, entry, position);
}

void deadlines_done(struct deadlines *deadlines)
{
	free(deadlines->heap);
	*deadlines = (struct deadlines){0};
}

int deadlines_add(struct deadlines *deadlines, struct deadline *entry)
{
	if (deadlines->count == deadlines->capacity) {
		size_t capacity = deadlines->capacity ? 2 * deadlines->capacity : 16;
		struct deadline **heap = reallocarray(deadlines->heap, capacity, sizeof *heap);
		if (!heap)
			return -ENOMEM;
		deadlines->heap = heap;
		deadlines->capacity = capacity;
	}
	entry->due_ns = UINT64_MAX;
	place(deadlines, entry, deadlines->count++);
	return 0;
}

void deadlines_remove(struct deadlines *deadlines, struct deadline *entry)
{
	assert(deadlines->heap[entry->position] == entry);
	struct deadline *last = deadlines->heap[--deadlines->count];
	if (last == entry)
		return;
	place(deadlines, last, entry->position);
	sift_up(deadlines, last);
	sift_down(deadlines, last);
}

void deadlines_set(struct deadlines *deadlines, struct deadline *entry, uint64_t due_ns)
{
	uint64_t before = entry->due_ns;

	entry->due_ns = due_ns;
	if (due_ns < before)
		sift_up(deadlines, entry);
	else
		sift_down(deadlines, entry);
}

struct deadline *deadlines_first(const struct deadlines *deadlines)
{
	return deadlines->count ? deadlines->heap[0] : NULL;
}
