/* SPDX-License-Identifier: ISC */
#include "policy/alignment.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Merges two ascending lists of ids. */
static void merge_services(struct alignment *alignment, const struct policy_compiled *from,
	const struct policy_compiled *to)
{
	size_t i = 0, j = 0, count = 0;

	alignment->services =
		memory_new(from->service_count + to->service_count, sizeof *alignment->services);
	while (i < from->service_count || j < to->service_count) {
		bool takes_from = j == to->service_count ||
				  (i < from->service_count && from->services[i] <= to->services[j]);
		uint32_t id = takes_from ? from->services[i] : to->services[j];

		i += i < from->service_count && from->services[i] == id;
		j += j < to->service_count && to->services[j] == id;
		alignment->services[count++] = id;
	}
	alignment->service_count = count;
	alignment->words = bitset_words(count);
}

/* Where each of a policy's bits goes. */
static uint32_t *positions_of(
	const struct alignment *alignment, const struct policy_compiled *compiled)
{
	uint32_t *positions = memory_new(compiled->service_count, sizeof *positions);
	uint32_t at = 0;

	for (size_t i = 0; i < compiled->service_count; i++) {
		while (alignment->services[at] != compiled->services[i])
			at++;
		positions[i] = at;
	}
	return positions;
}

/* Whether a policy's services are the first ones of all, so that its bits stay where they are. */
static bool is_beginning(const struct alignment *alignment, const struct policy_compiled *compiled)
{
	size_t bytes = compiled->service_count * sizeof *compiled->services;

	return bytes == 0 || memcmp(alignment->services, compiled->services, bytes) == 0;
}

/* Copies a row to its place among all services; it is zero so far. */
static void move_row(const struct policy_compiled *compiled, size_t row, const uint32_t *positions,
	uint64_t *ret_row)
{
	const uint64_t *bits = compiled_row(compiled, row);

	if (!positions) {
		memcpy(ret_row, bits, compiled->words * sizeof *bits);
		return;
	}
	for (size_t bit = bitset_next(bits, NULL, compiled->words, 0); bit != SIZE_MAX;
		bit = bitset_next(bits, NULL, compiled->words, bit + 1))
		bitset_add(ret_row, positions[bit]);
}

static struct alignment_side align(
	const struct alignment *alignment, const struct policy_compiled *compiled)
{
	bool stays = is_beginning(alignment, compiled);

	if (stays && compiled->words == alignment->words)
		return (struct alignment_side){.rows = compiled->grants};
	uint32_t *positions = stays ? NULL : positions_of(alignment, compiled);
	uint64_t *rows = memory_new(compiled->role_count * alignment->words, sizeof *rows);
	for (size_t row = 0; row < compiled->role_count; row++)
		move_row(compiled, row, positions, rows + row * alignment->words);
	free(positions);
	return (struct alignment_side){.rows = rows, .owned = rows};
}

void alignment_init(struct alignment *alignment, const struct policy_compiled *from,
	const struct policy_compiled *to)
{
	*alignment = (struct alignment){0};
	merge_services(alignment, from, to);
	alignment->from = align(alignment, from);
	alignment->to = align(alignment, to);
}

void alignment_done(struct alignment *alignment)
{
	free(alignment->services);
	free(alignment->from.owned);
	free(alignment->to.owned);
	*alignment = (struct alignment){0};
}
