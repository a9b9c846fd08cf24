/* SPDX-License-Identifier: ISC */
/*
 * Medians, and by how much two of them differ: resampled (bootstrap), so that nothing is taken for
 * granted about how the values are spread. Pure but for memory; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of at least one value. */
double median_of(const double *values, size_t count);

struct median_difference {
	double difference; /* of a's median to b's */
	double low, high;  /* 90 % of resamples lie between: two one-sided tests at 5 % each */
};

/* Of two samples of at least one value each; the same each time for the same seed. */
struct median_difference median_compare(
	const double *a, size_t a_count, const double *b, size_t b_count, uint64_t seed);

/* Whether they are the same within `margin`, with that confidence (TOST). */
static inline bool median_is_within(const struct median_difference *found, double margin)
{
	return found->low > -margin && found->high < margin;
}
