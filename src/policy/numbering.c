/* SPDX-License-Identifier: ISC */
#include "policy/numbering.h"

#include "base/memory.h"
#include "base/siphash.h"
#include "policy/alignment.h"
#include "policy/table.h"

#include <stdlib.h>
#include <string.h>

/* A row that may go on with a previous row's number. */
struct heir {
	uint32_t fresh, previous; /* rows */
	size_t kept;		  /* devices and services that would stay as they are */
};

struct numbering {
	struct policy_compiled *fresh;
	const struct policy_compiled *previous;
	struct table taken; /* numbers; the index is the row that has it */
};

/* Orders by both rows. */
static int compare_rows(const void *a, const void *b)
{
	const struct heir *left = a, *right = b;

	if (left->fresh != right->fresh)
		return left->fresh < right->fresh ? -1 : 1;
	return (left->previous > right->previous) - (left->previous < right->previous);
}

/* Orders by what is kept, most first; then by rows, so that there is one order. */
static int compare_kept(const void *a, const void *b)
{
	const struct heir *left = a, *right = b;

	if (left->kept != right->kept)
		return left->kept > right->kept ? -1 : 1;
	return compare_rows(a, b);
}

/* One heir for each device that both have and that has grants in both. */
static size_t list_devices(const struct policy_compiled *fresh,
	const struct policy_compiled *previous, struct heir *ret_heirs)
{
	size_t count = 0, at = 0;

	for (size_t i = 0; i < fresh->device_count; i++) {
		const struct compiled_device *device = &fresh->devices[i];

		while (at < previous->device_count && previous->devices[at].id < device->id)
			at++;
		if (at == previous->device_count)
			break;
		const struct compiled_device *other = &previous->devices[at];
		if (other->id == device->id && device->row != 0 && other->row != 0)
			ret_heirs[count++] = (struct heir){device->row, other->row, 1};
	}
	return count;
}

/* Makes one of all heirs of the same rows; they are in order. */
static size_t add_up(struct heir *heirs, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && compare_rows(&heirs[kept - 1], &heirs[i]) == 0)
			heirs[kept - 1].kept++;
		else
			heirs[kept++] = heirs[i];
	}
	return kept;
}

/* All pairs of rows that have devices in common, best first; free() them. */
static struct heir *list_heirs(const struct policy_compiled *fresh,
	const struct policy_compiled *previous, size_t *ret_count)
{
	struct heir *heirs = memory_new(fresh->device_count, sizeof *heirs);
	struct alignment alignment;
	size_t count = list_devices(fresh, previous, heirs);

	qsort(heirs, count, sizeof *heirs, compare_rows);
	count = add_up(heirs, count);
	alignment_init(&alignment, previous, fresh);
	for (size_t i = 0; i < count; i++)
		heirs[i].kept += bitset_count_common(alignment_from(&alignment, heirs[i].previous),
			alignment_to(&alignment, heirs[i].fresh), alignment.words);
	alignment_done(&alignment);
	qsort(heirs, count, sizeof *heirs, compare_kept);
	*ret_count = count;
	return heirs;
}

static bool is_taken(const struct numbering *numbering, uint32_t number)
{
	struct table_search search =
		table_search(&numbering->taken, table_hash(0, &number, sizeof number));
	uint32_t row;

	while ((row = table_next(&search)) != TABLE_NONE) {
		if (numbering->fresh->numbers[row] == number)
			return true;
	}
	return number < POLICY_ROLE_LEAST || number > POLICY_ROLE_GREATEST;
}

static void take(struct numbering *numbering, uint32_t row, uint32_t number)
{
	numbering->fresh->numbers[row] = number;
	table_add(&numbering->taken, table_hash(0, &number, sizeof number), row);
}

/* Lets rows go on with previous numbers. */
static void inherit(struct numbering *numbering)
{
	size_t count = 0;
	struct heir *heirs = list_heirs(numbering->fresh, numbering->previous, &count);

	for (size_t i = 0; i < count; i++) {
		uint32_t number = numbering->previous->numbers[heirs[i].previous];
		bool has_one = numbering->fresh->numbers[heirs[i].fresh] != POLICY_ROLE_NONE;

		if (!has_one && !is_taken(numbering, number))
			take(numbering, heirs[i].fresh, number);
	}
	free(heirs);
}

/* The share that each service has in the numbers of roles, by its id; free() them. */
static uint64_t *new_shares(const struct policy_compiled *compiled)
{
	static const struct siphash_key key = {
		.k0 = 0, .k1 = 0}; /* the same for all: see table.h */
	uint64_t *shares = memory_new(compiled->service_count, sizeof *shares);

	for (size_t i = 0; i < compiled->service_count; i++)
		shares[i] = siphash(&key, &compiled->services[i], sizeof *compiled->services);
	return shares;
}

/* A number from what a row's services have as their shares: a hash of the set. */
static uint32_t hash_row(const struct policy_compiled *compiled, size_t row, const uint64_t *shares)
{
	const uint64_t *bits = compiled_row(compiled, row);
	uint64_t sum = 0;

	for (size_t bit = bitset_next(bits, NULL, compiled->words, 0); bit != SIZE_MAX;
		bit = bitset_next(bits, NULL, compiled->words, bit + 1))
		sum += shares[bit];
	return (uint32_t)(sum ^ sum >> 32);
}

static int compare_numbers(const void *a, const void *b)
{
	const struct compiled_device *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

/* Orders the rows by their numbers; the devices follow. */
static void order_rows(struct policy_compiled *compiled)
{
	size_t count = compiled->role_count, row_bytes = compiled->words * sizeof(uint64_t);
	struct compiled_device *order = memory_new(count, sizeof *order); /* a number and its row */
	uint32_t *moved = memory_new(count, sizeof *moved);
	uint64_t *grants = memory_new(count, row_bytes);

	for (uint32_t row = 0; row < count; row++)
		order[row] = (struct compiled_device){compiled->numbers[row], row};
	qsort(order, count, sizeof *order, compare_numbers);
	for (uint32_t to = 0; to < count; to++) {
		compiled->numbers[to] = order[to].id;
		moved[order[to].row] = to;
		memcpy(grants + to * compiled->words, compiled_row(compiled, order[to].row),
			row_bytes);
	}
	for (size_t i = 0; i < compiled->device_count; i++)
		compiled->devices[i].row = moved[compiled->devices[i].row];
	free(compiled->grants);
	compiled->grants = grants;
	free(order);
	free(moved);
}

void numbering_assign(struct policy_compiled *fresh, const struct policy_compiled *previous)
{
	struct numbering numbering = {.fresh = fresh, .previous = previous};

	fresh->numbers = memory_new(fresh->role_count, sizeof *fresh->numbers);
	if (previous)
		inherit(&numbering);
	uint64_t *shares = new_shares(fresh);
	for (uint32_t row = 1; row < fresh->role_count; row++) {
		if (fresh->numbers[row] != POLICY_ROLE_NONE)
			continue;
		uint32_t number = hash_row(fresh, row, shares);

		while (is_taken(&numbering, number))
			number++;
		take(&numbering, row, number);
	}
	free(shares);
	table_done(&numbering.taken);
	order_rows(fresh);
}
