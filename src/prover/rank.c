/* SPDX-License-Identifier: ISC */
#include "prover/rank.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

#define Z_95 1.959963984540054 /* 97.5 % of the normal distribution lie below it */

struct place {
	double value;
	size_t index;
};

static int by_value(const void *a, const void *b)
{
	double one = ((const struct place *)a)->value, other = ((const struct place *)b)->value;

	return (one > other) - (one < other);
}

/*
 * Ranks from 1; equal values share the middle of theirs. Returns the sum of t^3 - t over ties of t
 * values.
 */
static double rank_all(const double *values, size_t count, double *ret_ranks)
{
	struct place *places = memory_new(count, sizeof *places);
	double ties = 0;

	for (size_t i = 0; i < count; i++)
		places[i] = (struct place){values[i], i};
	qsort(places, count, sizeof *places, by_value);
	for (size_t first = 0, next; first < count; first = next) {
		next = first + 1;
		while (next < count && places[next].value == places[first].value)
			next++;
		double size = (double)(next - first);
		ties += size * size * size - size;
		for (size_t i = first; i < next; i++)
			ret_ranks[places[i].index] = ((double)first + 1 + (double)next) / 2;
	}
	free(places);
	return ties;
}

double rank_normal_tail(double z)
{
	return erfc(z / M_SQRT2) / 2;
}

static double mann_whitney(double u, double a, double b, double ties)
{
	double n = a + b;
	double variance = a * b / 12 * (n + 1 - ties / (n * (n - 1)));

	if (variance <= 0)
		return 1; /* all values are the same */
	double distance = fabs(u - a * b / 2) - 0.5;
	double p = 2 * rank_normal_tail(distance / sqrt(variance));
	return p < 1 ? p : 1;
}

/*
 * The variance of what each value of one sample contributes: for the i-th, the share of the other
 * sample that lies below it. `pooled` and `own` are its ranks among all and among its own.
 */
static double spread(const double *pooled, const double *own, size_t count, double others)
{
	double mean = 0, sum = 0;

	for (size_t i = 0; i < count; i++)
		mean += (pooled[i] - own[i]) / others / (double)count;
	for (size_t i = 0; i < count; i++) {
		double off = (pooled[i] - own[i]) / others - mean;
		sum += off * off;
	}
	return sum / (double)(count - 1);
}

static double within(double value)
{
	return fmin(fmax(value, 0), 1);
}

struct rank rank_compare(const double *a, size_t a_count, const double *b, size_t b_count)
{
	size_t count = a_count + b_count;
	double *values = memory_new(count, sizeof *values);
	double *pooled = memory_new(count, sizeof *pooled), *own = memory_new(count, sizeof *own);
	double as = (double)a_count, bs = (double)b_count, sum = 0;

	for (size_t i = 0; i < count; i++)
		values[i] = i < a_count ? a[i] : b[i - a_count];
	double ties = rank_all(values, count, pooled);
	(void)rank_all(a, a_count, own); /* ties count in the whole */
	(void)rank_all(b, b_count, own + a_count);
	for (size_t i = 0; i < a_count; i++)
		sum += pooled[i];
	double u = sum - as * (as + 1) / 2;
	double variance = spread(pooled, own, a_count, bs) / as +
			  spread(pooled + a_count, own + a_count, b_count, as) / bs;
	free(values);
	free(pooled);
	free(own);
	struct rank rank = {.auc = u / (as * bs), .error = sqrt(variance)};
	rank.low = within(rank.auc - Z_95 * rank.error);
	rank.high = within(rank.auc + Z_95 * rank.error);
	rank.p = mann_whitney(u, as, bs, ties);
	return rank;
}

void rank_holm(double *probabilities, size_t count)
{
	struct place *places = memory_new(count + 1, sizeof *places);
	double least = 0;

	for (size_t i = 0; i < count; i++)
		places[i] = (struct place){probabilities[i], i};
	qsort(places, count, sizeof *places, by_value);
	for (size_t i = 0; i < count; i++) {
		least = fmax(least, within(places[i].value * (double)(count - i)));
		probabilities[places[i].index] = least;
	}
	free(places);
}
