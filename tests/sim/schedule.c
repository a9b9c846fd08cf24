/* SPDX-License-Identifier: ISC */
#include "schedule.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

void schedule_clear(struct schedule *schedule)
{
	schedule->count = 0;
	schedule->added = 0;
}

void schedule_done(struct schedule *schedule)
{
	free(schedule->heap);
	*schedule = (struct schedule){0};
}

static bool is_before(const struct event *a, const struct event *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->number < b->number;
}

static void swap(struct event *a, struct event *b)
{
	struct event kept = *a;
	*a = *b;
	*b = kept;
}

void schedule_add(struct schedule *schedule, const struct event *event)
{
	if (schedule->count == schedule->capacity) {
		schedule->capacity = schedule->capacity ? 2 * schedule->capacity : 256;
		schedule->heap =
			memory_grow(schedule->heap, schedule->capacity, sizeof *schedule->heap);
	}
	size_t at = schedule->count++;
	schedule->heap[at] = *event;
	schedule->heap[at].number = schedule->added++;
	for (; at > 0 && is_before(&schedule->heap[at], &schedule->heap[(at - 1) / 2]);
		at = (at - 1) / 2)
		swap(&schedule->heap[at], &schedule->heap[(at - 1) / 2]);
}

uint64_t schedule_next_ns(const struct schedule *schedule)
{
	return schedule->count > 0 ? schedule->heap[0].time_ns : UINT64_MAX;
}

/* Lets the top sink to its place. */
static void sink(struct schedule *schedule)
{
	struct event *heap = schedule->heap;

	for (size_t at = 0;;) {
		size_t least = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
			if (child < schedule->count && is_before(&heap[child], &heap[least]))
				least = child;
		if (least == at)
			return;
		swap(&heap[at], &heap[least]);
		at = least;
	}
}

struct event schedule_take(struct schedule *schedule)
{
	assert(schedule->count > 0);
	struct event first = schedule->heap[0];

	schedule->heap[0] = schedule->heap[--schedule->count];
	sink(schedule);
	return first;
}
