/* SPDX-License-Identifier: ISC */
#include "radar/ports.h"

enum {
	EXACT_MOST = 100,
	FRACTION_BITS = 16,
	LN2 = 45426,	/* of a number with FRACTION_BITS */
	LOG2_BITS = 11, /* log2(PORTS_BITS) */
	ALL = UINT16_MAX + 1,
};
_Static_assert(1 << LOG2_BITS == PORTS_BITS, "a power of two");

void ports_add(struct ports *ports, uint16_t port)
{
	unsigned bit = port % PORTS_BITS;

	ports->words[bit / 64] |= UINT64_C(1) << bit % 64;
}

void ports_merge(struct ports *ports, const struct ports *others)
{
	for (unsigned i = 0; i < PORTS_WORDS; i++)
		ports->words[i] |= others->words[i];
}

/* log2 of a number from 1 to PORTS_BITS, with FRACTION_BITS: bit by bit, by squares. */
static uint32_t log2_of(uint32_t number)
{
	uint32_t whole = 31 - (uint32_t)__builtin_clz(number);
	uint64_t rest = ((uint64_t)number << FRACTION_BITS) >> whole; /* from 1 to 2 */
	uint32_t result = whole << FRACTION_BITS;

	for (uint32_t bit = 1U << (FRACTION_BITS - 1); bit > 0; bit >>= 1) {
		rest = rest * rest >> FRACTION_BITS;
		if (rest >= UINT64_C(2) << FRACTION_BITS) {
			rest >>= 1;
			result |= bit;
		}
	}
	return result;
}

uint32_t ports_count(const struct ports *ports)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < PORTS_WORDS; i++)
		set += (uint32_t)__builtin_popcountll(ports->words[i]);
	if (set <= EXACT_MOST)
		return set;
	if (set == PORTS_BITS)
		return ALL;
	uint64_t log2 = ((uint64_t)LOG2_BITS << FRACTION_BITS) - log2_of(PORTS_BITS - set);
	uint64_t estimate = PORTS_BITS * (log2 * LN2 >> FRACTION_BITS) >> FRACTION_BITS;
	return estimate < ALL ? (uint32_t)estimate : ALL;
}
