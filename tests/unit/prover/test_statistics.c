/* SPDX-License-Identifier: ISC */
/* Known values are printed by tests/vectors/statistics.py (SciPy, scikit-learn). */
#include "prover/dice.h"
#include "prover/logit.h"
#include "prover/median.h"
#include "prover/rank.h"
#include "tap.h"

#include <math.h>

enum {
	MANY = 400,
};

static bool is_near(double got, double want, double tolerance)
{
	if (fabs(got - want) <= tolerance)
		return true;
	printf("#  got %.12g\n# want %.12g\n", got, want);
	return false;
}

static void draw(uint64_t *state, double *values, size_t count, uint32_t limit, double more)
{
	for (size_t i = 0; i < count; i++)
		values[i] = (double)dice_below(state, limit) + more;
}

static void test_rank(void)
{
	double a[200], b[150];
	uint64_t state = 7;

	draw(&state, a, 200, 1000, 100);
	draw(&state, b, 150, 1000, 0);
	struct rank rank = rank_compare(a, 200, b, 150);
	tap_ok(is_near(rank.auc, 0.6331, 1e-9), "area under the curve");
	tap_ok(is_near(rank.error, 0.029643368580372302, 1e-9), "its error (DeLong)");
	tap_ok(is_near(rank.low, 0.6331 - 1.959963985 * 0.02964336858, 1e-7), "low");
	tap_ok(is_near(rank.high, 0.6331 + 1.959963985 * 0.02964336858, 1e-7), "high");
	tap_ok(is_near(rank.p, 2.02516344161149e-05, 1e-9), "Mann and Whitney");
	draw(&state, a, 60, 12, 0);
	draw(&state, b, 80, 10, 0);
	rank = rank_compare(a, 60, b, 80);
	tap_ok(is_near(rank.auc, 0.56125, 1e-9), "with ties: area");
	tap_ok(is_near(rank.error, 0.04986436341656183, 1e-9), "with ties: error");
	tap_ok(is_near(rank.p, 0.21424459815443642, 1e-9), "with ties: Mann and Whitney");
}

static void test_extremes(void)
{
	const double low[3] = {1, 2, 3}, high[3] = {4, 5, 6}, same[3] = {7, 7, 7};

	struct rank rank = rank_compare(high, 3, low, 3);
	tap_ok(rank.auc == 1 && rank.error == 0 && rank.low == 1 && rank.high == 1, "apart");
	tap_ok(rank_compare(low, 3, high, 3).auc == 0, "apart the other way");
	rank = rank_compare(same, 3, same, 3);
	tap_ok(rank.auc == 0.5 && rank.error == 0 && rank.p == 1, "all the same");
	tap_ok(is_near(rank_normal_tail(1.959963984540054), 0.025, 1e-12), "the normal tail");
}

static void test_holm(void)
{
	double p[4] = {0.01, 0.04, 0.03, 0.005}, one[1] = {0.2}, large[2] = {0.9, 0.8};

	rank_holm(p, 4); /* 4*0.005, 3*0.01, 2*0.03, then no less than that */
	tap_ok(is_near(p[3], 0.02, 1e-12) && is_near(p[0], 0.03, 1e-12), "the least ones");
	tap_ok(is_near(p[2], 0.06, 1e-12) && is_near(p[1], 0.06, 1e-12), "never less than before");
	rank_holm(one, 1);
	rank_holm(large, 2);
	tap_ok(one[0] == 0.2 && large[0] == 1 && large[1] == 1, "one alone; at most 1");
	rank_holm(one, 0);
}

static void test_median(void)
{
	const double odd[3] = {9, 1, 5}, even[4] = {4, 1, 3, 2};
	double a[MANY], b[MANY];
	uint64_t state = 3;

	tap_ok(median_of(odd, 3) == 5 && median_of(even, 4) == 2.5, "medians");
	draw(&state, a, MANY, 100, 0);
	draw(&state, b, MANY, 100, 30);
	struct median_difference found = median_compare(b, MANY, a, MANY, 1);
	tap_ok(found.low < 30 && found.high > 30, "the true difference lies within");
	tap_ok(found.low > 15 && found.high < 45, "and not only because all does");
	tap_ok(found.low <= found.difference && found.difference <= found.high, "in order");
	tap_ok(!median_is_within(&found, 2) && median_is_within(&found, 60), "equivalence");
	struct median_difference again = median_compare(b, MANY, a, MANY, 1);
	tap_ok(again.low == found.low && again.high == found.high, "the same for the same seed");
	found = median_compare(odd, 1, odd, 1, 1);
	tap_ok(found.low == 0 && found.high == 0 && median_is_within(&found, 2), "one value");
}

/* Of uniform values the median's error is known: width / (2 sqrt(n)); 90 % are 3.29 errors wide. */
static void test_coverage(void)
{
	double a[MANY], b[MANY];
	unsigned hits = 0;
	uint64_t state = 5;

	for (unsigned i = 0; i < 200; i++) {
		draw(&state, a, MANY, 1000000, 0);
		draw(&state, b, MANY, 1000000, 0);
		struct median_difference found = median_compare(a, MANY, b, MANY, i);
		hits += found.low <= 0 && found.high >= 0;
	}
	printf("# %u of 200 intervals hold the true difference\n", hits);
	tap_ok(hits >= 165 && hits <= 196, "about 90 of 100 intervals hold the truth");
}

static void test_logit(void)
{
	static double features[MANY * 3];
	static bool are_first[MANY];
	double first[MANY / 2], other[MANY / 2];
	uint64_t state = 11;
	struct logit logit;

	for (size_t i = 0; i < MANY; i++) {
		are_first[i] = i % 2 == 0;
		features[3 * i] = (double)dice_below(&state, 1000) / 100 + (i % 2 ? 0 : 1.5);
		features[3 * i + 1] = (double)dice_below(&state, 1000) / 100 * (i % 2 ? 1 : 1.6);
		features[3 * i + 2] = 5;
	}
	logit_train(&(struct logit_sample){features, are_first, MANY, 3}, &logit);
	const double want[7] = {0.57889616, 0.98669874, 0, -0.03640283, 0.99634847, 0, 0.29516651};
	bool are_near = true;
	for (size_t i = 0; i < 7; i++)
		are_near = is_near(logit.weights[i], want[i], 1e-6) && are_near;
	tap_ok(are_near, "weights are scikit-learn's");
	for (size_t i = 0; i < MANY; i++)
		(i % 2 ? other : first)[i / 2] = logit_score(&logit, features + 3 * i);
	struct rank rank = rank_compare(first, MANY / 2, other, MANY / 2);
	tap_ok(is_near(rank.auc, 0.7779, 1e-9), "and so is what they tell apart");
}

/* What can be told by nothing, what by one value alone, what by the squares alone. */
static void test_logit_extremes(void)
{
	double features[8] = {1, 1, 1, 1, 0, 0, 0, 0}, constant[8] = {3, 3, 3, 3, 3, 3, 3, 3};
	const double squares[8] = {-5, 5, -6, 6, -1, 1, -2, 2};
	const bool are_first[8] = {true, true, true, true};
	struct logit logit;

	logit_train(&(struct logit_sample){features, are_first, 8, 1}, &logit);
	tap_ok(logit_score(&logit, features) > 1 && logit_score(&logit, features + 4) < -1,
		"wholly apart: finite, and right");
	logit_train(&(struct logit_sample){constant, are_first, 8, 1}, &logit);
	tap_ok(is_near(logit_score(&logit, constant), 0, 1e-6), "nothing to tell by");
	logit_train(&(struct logit_sample){squares, are_first, 8, 1}, &logit);
	tap_ok(logit_score(&logit, squares) > logit_score(&logit, squares + 4) &&
			logit_score(&logit, squares + 1) > logit_score(&logit, squares + 5),
		"far from the middle on both sides");
}

int main(void)
{
	test_rank();
	test_extremes();
	test_holm();
	test_median();
	test_coverage();
	test_logit();
	test_logit_extremes();
	return tap_done();
}
