/* SPDX-License-Identifier: ISC */
#include "prover/median.h"

#include "base/memory.h"
#include "prover/dice.h"

#include <stdlib.h>
#include <string.h>

enum {
	RESAMPLES = 1000,
	CUT = RESAMPLES / 20, /* 5 % on either side */
};

static int by_value(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

static double *sorted(const double *values, size_t count)
{
	double *copy = memory_new(count, sizeof *copy);

	memcpy(copy, values, count * sizeof *copy);
	qsort(copy, count, sizeof *copy, by_value);
	return copy;
}

static double middle(const double *values, size_t count)
{
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

double median_of(const double *values, size_t count)
{
	double *copy = sorted(values, count);
	double value = middle(copy, count);

	free(copy);
	return value;
}

/* The median of as many values, drawn with repetition out of sorted ones; hits is for us. */
static double resample(const double *values, size_t count, uint32_t *hits, uint64_t *state)
{
	size_t seen = 0, low = 0, high;

	memset(hits, 0, count * sizeof *hits);
	for (size_t i = 0; i < count; i++)
		hits[dice_below(state, (uint32_t)count)]++;
	while ((seen += hits[low]) <= (count - 1) / 2)
		low++;
	high = low;
	while (seen <= count / 2)
		seen += hits[++high];
	return (values[low] + values[high]) / 2;
}

struct median_difference median_compare(
	const double *a, size_t a_count, const double *b, size_t b_count, uint64_t seed)
{
	double *as = sorted(a, a_count), *bs = sorted(b, b_count);
	uint32_t *hits = memory_new(a_count > b_count ? a_count : b_count, sizeof *hits);
	double *found = memory_new(RESAMPLES, sizeof *found);

	for (size_t i = 0; i < RESAMPLES; i++)
		found[i] = resample(as, a_count, hits, &seed) - resample(bs, b_count, hits, &seed);
	qsort(found, RESAMPLES, sizeof *found, by_value);
	struct median_difference result = {.difference = middle(as, a_count) - middle(bs, b_count),
		.low = found[CUT],
		.high = found[RESAMPLES - 1 - CUT]};
	free(as);
	free(bs);
	free(hits);
	free(found);
	return result;
}
