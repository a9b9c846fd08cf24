/* SPDX-License-Identifier: ISC */
/* The heap against a list that is searched from end to end. */
#include "wireguard/operations.h"

#include "tap.h"

#include "wireguard/deadlines.h"

enum {
	ENTRIES = 300,
	TIMES = 50, /* few, so that many are equal */
};

static struct deadlines heap;
static struct deadline entries[ENTRIES];
static struct {
	bool is_in;
	uint64_t due_ns;
} model[ENTRIES];

/* The least time in the model; UINT64_MAX: no entry, or none that is due ever. */
static uint64_t model_first_ns(void)
{
	uint64_t first_ns = UINT64_MAX;

	for (size_t i = 0; i < ENTRIES; i++) {
		if (model[i].is_in && model[i].due_ns < first_ns)
			first_ns = model[i].due_ns;
	}
	return first_ns;
}

static size_t model_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < ENTRIES; i++)
		count += model[i].is_in;
	return count;
}

/* Whether each entry is where it says, and none is earlier than the one above it. */
static bool heap_is_sound(void)
{
	for (size_t i = 0; i < heap.count; i++) {
		if (heap.heap[i]->position != i)
			return false;
		if (i > 0 && heap.heap[(i - 1) / 2]->due_ns > heap.heap[i]->due_ns)
			return false;
	}
	return heap.count == model_count();
}

static uint64_t random_time(struct prng *prng)
{
	return prng_one_in(prng, 10) ? UINT64_MAX : prng_below(prng, TIMES);
}

/* One operation on both; false: the heap had no memory. */
static bool operate(struct prng *prng)
{
	size_t i = prng_below(prng, ENTRIES);

	if (!model[i].is_in) {
		if (deadlines_add(&heap, &entries[i]) < 0)
			return false;
		model[i].is_in = true;
		model[i].due_ns = UINT64_MAX;
	} else if (prng_one_in(prng, 4)) {
		deadlines_remove(&heap, &entries[i]);
		model[i].is_in = false;
	} else {
		model[i].due_ns = random_time(prng);
		deadlines_set(&heap, &entries[i], model[i].due_ns);
	}
	return true;
}

/* Whether the first of the heap is a first of the model. */
static bool first_agrees(void)
{
	const struct deadline *first = deadlines_first(&heap);

	if (!first)
		return model_count() == 0;
	return model[first - entries].is_in && first->due_ns == model_first_ns();
}

static void test_model(void)
{
	struct prng prng = prng_start();
	uint64_t count = operations_wanted(), done = 0;

	while (done < count && operate(&prng) && first_agrees() &&
		(done % 100 != 0 || heap_is_sound()))
		done++;
	tap_is_int((intmax_t)done, (intmax_t)count, "random operations agree with a list");
	tap_ok(heap_is_sound(), "and the heap is one");
}

/* All that is left comes out in order of time. */
static void test_drain(void)
{
	uint64_t last_ns = 0;
	bool is_ordered = true;

	while (deadlines_first(&heap)) {
		struct deadline *first = deadlines_first(&heap);
		is_ordered &= first->due_ns >= last_ns;
		last_ns = first->due_ns;
		deadlines_remove(&heap, first);
	}
	tap_ok(is_ordered, "entries come in order of their times");
	tap_ok(heap.count == 0, "until none is left");
	deadlines_done(&heap);
	tap_ok(heap.heap == NULL, "released");
}

static void test_edges(void)
{
	struct deadline one = {0}, other = {0};

	tap_ok(deadlines_first(&heap) == NULL, "an empty heap has no first");
	tap_is_int(deadlines_add(&heap, &one), 0, "one entry");
	tap_ok(one.due_ns == UINT64_MAX, "which is never due");
	tap_is_int(deadlines_add(&heap, &other), 0, "another");
	deadlines_set(&heap, &other, 0);
	tap_ok(deadlines_first(&heap) == &other, "an earlier one goes first");
	deadlines_set(&heap, &other, UINT64_MAX);
	deadlines_set(&heap, &one, UINT64_MAX - 1);
	tap_ok(deadlines_first(&heap) == &one, "and last again");
	deadlines_remove(&heap, &one);
	tap_ok(deadlines_first(&heap) == &other, "the first goes");
	deadlines_remove(&heap, &other);
	tap_ok(deadlines_first(&heap) == NULL, "and the last one");
	deadlines_done(&heap);
	deadlines_done(&heap);
}

int main(void)
{
	test_edges();
	test_model();
	test_drain();
	return tap_done();
}
