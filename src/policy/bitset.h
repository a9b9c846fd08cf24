/* SPDX-License-Identifier: ISC */
/* Sets of small numbers as words of bits; their owners know how many words. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BITSET_WORD_BITS = 64,
};

/* Words for numbers below `count`; at least one, so that there is never nothing. */
static inline size_t bitset_words(size_t count)
{
	return count ? (count + BITSET_WORD_BITS - 1) / BITSET_WORD_BITS : 1;
}

static inline void bitset_add(uint64_t *set, size_t number)
{
	set[number / BITSET_WORD_BITS] |= UINT64_C(1) << number % BITSET_WORD_BITS;
}

static inline bool bitset_has(const uint64_t *set, size_t number)
{
	return set[number / BITSET_WORD_BITS] >> number % BITSET_WORD_BITS & 1;
}

/* Adds all of another set. */
static inline void bitset_add_all(uint64_t *set, const uint64_t *other, size_t words)
{
	for (size_t i = 0; i < words; i++)
		set[i] |= other[i];
}

/* How many numbers are in both. */
static inline size_t bitset_count_common(const uint64_t *a, const uint64_t *b, size_t words)
{
	size_t count = 0;

	for (size_t i = 0; i < words; i++)
		count += (size_t)__builtin_popcountll(a[i] & b[i]);
	return count;
}

/* The least number from `from` on that is in the set, and not in `without`; SIZE_MAX: none. */
static inline size_t bitset_next(
	const uint64_t *set, const uint64_t *without, size_t words, size_t from)
{
	size_t at = from / BITSET_WORD_BITS;
	uint64_t mask = ~UINT64_C(0) << from % BITSET_WORD_BITS;

	for (; at < words; at++, mask = ~UINT64_C(0)) {
		uint64_t left = set[at] & mask & (without ? ~without[at] : ~UINT64_C(0));

		if (left)
			return at * BITSET_WORD_BITS + (size_t)__builtin_ctzll(left);
	}
	return SIZE_MAX;
}
