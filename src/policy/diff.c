/* SPDX-License-Identifier: ISC */
#include "policy/diff.h"

#include "base/memory.h"
#include "policy/alignment.h"
#include "policy/list.h"

#include <stdlib.h>
#include <string.h>

/* The lists of a difference, for their capacities. */
enum {
	ROLES_ADDED,
	ROLES_REMOVED,
	GRANTS_ADDED,
	GRANTS_REMOVED,
	MOVES,
};

/* A walk over two ascending lists at once. */
struct pair {
	size_t from, to;	   /* indices, where the list has it */
	bool is_in_from, is_in_to; /* which of them have it */
};

/* What stands in which of the two at a step, when their ids are these. */
static struct pair pair_at(size_t from, size_t to, const uint32_t *from_id, const uint32_t *to_id)
{
	return (struct pair){
		.from = from,
		.to = to,
		.is_in_from = from_id && (!to_id || *from_id <= *to_id),
		.is_in_to = to_id && (!from_id || *to_id <= *from_id),
	};
}

/* Steps on to the next number of a role that either has; false at the end. */
static bool next_role(
	const struct policy_compiled *from, const struct policy_compiled *to, struct pair *pair)
{
	size_t i = pair->from + pair->is_in_from, j = pair->to + pair->is_in_to;

	*pair = pair_at(i, j, i < from->role_count ? &from->numbers[i] : NULL,
		j < to->role_count ? &to->numbers[j] : NULL);
	return pair->is_in_from || pair->is_in_to;
}

/* Steps on to the next device that either has; false at the end. */
static bool next_device(
	const struct policy_compiled *from, const struct policy_compiled *to, struct pair *pair)
{
	size_t i = pair->from + pair->is_in_from, j = pair->to + pair->is_in_to;

	*pair = pair_at(i, j, i < from->device_count ? &from->devices[i].id : NULL,
		j < to->device_count ? &to->devices[j].id : NULL);
	return pair->is_in_from || pair->is_in_to;
}

static void add_role(uint32_t **list, size_t *count, size_t *capacity, uint32_t role)
{
	*list = list_room(*list, *count, capacity, sizeof **list);
	(*list)[(*count)++] = role;
}

/* The grants of a list, its count and its capacity. */
struct grant_list {
	struct policy_grant **list;
	size_t *count, *capacity;
};

/* Adds the services that are in `set` and not in `without` as grants of a role. */
static void add_grants(const struct alignment *alignment, struct grant_list grants, uint32_t role,
	const uint64_t *set, const uint64_t *without)
{
	size_t bit = bitset_next(set, without, alignment->words, 0);

	for (; bit != SIZE_MAX; bit = bitset_next(set, without, alignment->words, bit + 1)) {
		*grants.list = list_room(
			*grants.list, *grants.count, grants.capacity, sizeof **grants.list);
		(*grants.list)[(*grants.count)++] =
			(struct policy_grant){role, alignment->services[bit]};
	}
}

static void diff_roles(struct policy_diff *diff, const struct alignment *alignment,
	const struct policy_compiled *from, const struct policy_compiled *to)
{
	const struct grant_list added = {
		&diff->grants_added, &diff->grants_added_count, &diff->capacities[GRANTS_ADDED]};
	const struct grant_list removed = {&diff->grants_removed, &diff->grants_removed_count,
		&diff->capacities[GRANTS_REMOVED]};
	struct pair pair = {0};

	while (next_role(from, to, &pair)) {
		const uint64_t *before =
			pair.is_in_from ? alignment_from(alignment, pair.from) : NULL;
		const uint64_t *after = pair.is_in_to ? alignment_to(alignment, pair.to) : NULL;

		if (!before)
			add_role(&diff->roles_added, &diff->roles_added_count,
				&diff->capacities[ROLES_ADDED], to->numbers[pair.to]);
		if (!after)
			add_role(&diff->roles_removed, &diff->roles_removed_count,
				&diff->capacities[ROLES_REMOVED], from->numbers[pair.from]);
		if (after)
			add_grants(alignment, added, to->numbers[pair.to], after, before);
		if (before)
			add_grants(alignment, removed, from->numbers[pair.from], before, after);
	}
}

static void diff_devices(struct policy_diff *diff, const struct policy_compiled *from,
	const struct policy_compiled *to)
{
	struct pair pair = {0};

	while (next_device(from, to, &pair)) {
		struct policy_move move = {0};

		if (pair.is_in_from) {
			move.device = from->devices[pair.from].id;
			move.from = from->numbers[from->devices[pair.from].row];
		}
		if (pair.is_in_to) {
			move.device = to->devices[pair.to].id;
			move.to = to->numbers[to->devices[pair.to].row];
		}
		if (move.from == move.to)
			continue;
		diff->moves = list_room(diff->moves, diff->move_count, &diff->capacities[MOVES],
			sizeof *diff->moves);
		diff->moves[diff->move_count++] = move;
	}
}

void policy_diff_init(struct policy_diff *diff, const struct policy_compiled *from,
	const struct policy_compiled *to)
{
	struct alignment alignment;

	from = from ? from : compiled_empty();
	to = to ? to : compiled_empty();
	*diff = (struct policy_diff){0};
	alignment_init(&alignment, from, to);
	diff_roles(diff, &alignment, from, to);
	diff_devices(diff, from, to);
	alignment_done(&alignment);
}

bool policy_diff_is_empty(const struct policy_diff *diff)
{
	return diff->roles_added_count == 0 && diff->roles_removed_count == 0 &&
	       diff->grants_added_count == 0 && diff->grants_removed_count == 0 &&
	       diff->move_count == 0;
}

void policy_diff_done(struct policy_diff *diff)
{
	free(diff->roles_added);
	free(diff->roles_removed);
	free(diff->grants_added);
	free(diff->grants_removed);
	free(diff->moves);
	*diff = (struct policy_diff){0};
}

/* For each row of `to`: whether the role of the same number was the same before. */
static bool *unchanged_rows(const struct alignment *alignment, const struct policy_compiled *from,
	const struct policy_compiled *to)
{
	bool *unchanged = memory_new(to->role_count, sizeof *unchanged);
	struct pair pair = {0};

	while (next_role(from, to, &pair)) {
		if (pair.is_in_from && pair.is_in_to)
			unchanged[pair.to] = memcmp(alignment_from(alignment, pair.from),
						     alignment_to(alignment, pair.to),
						     alignment->words * sizeof(uint64_t)) == 0;
	}
	return unchanged;
}

/* Tells what a device gains and loses from one row to another, by ascending service. */
static void visit_device(const struct alignment *alignment, const struct policy_visitor *visitor,
	uint32_t device, const uint64_t *before, const uint64_t *after)
{
	for (size_t word = 0; word < alignment->words; word++) {
		uint64_t left = before[word] ^ after[word];

		for (; left; left &= left - 1) {
			size_t bit = word * BITSET_WORD_BITS + (size_t)__builtin_ctzll(left);

			visitor->visit(visitor->context,
				bitset_has(after, bit) ? POLICY_GAINED : POLICY_LOST, device,
				alignment->services[bit]);
		}
	}
}

void policy_diff_pairs(const struct policy_compiled *from, const struct policy_compiled *to,
	const struct policy_visitor *visitor)
{
	struct alignment alignment;
	struct pair pair = {0};

	from = from ? from : compiled_empty();
	to = to ? to : compiled_empty();
	alignment_init(&alignment, from, to);
	bool *unchanged = unchanged_rows(&alignment, from, to);
	while (next_device(from, to, &pair)) {
		/* Row 0 has nothing: the role of who is not there. */
		size_t before = pair.is_in_from ? from->devices[pair.from].row : 0;
		size_t after = pair.is_in_to ? to->devices[pair.to].row : 0;
		uint32_t device =
			pair.is_in_to ? to->devices[pair.to].id : from->devices[pair.from].id;

		if (from->numbers[before] == to->numbers[after] && unchanged[after])
			continue;
		visit_device(&alignment, visitor, device, alignment_from(&alignment, before),
			alignment_to(&alignment, after));
	}
	free(unchanged);
	alignment_done(&alignment);
}
