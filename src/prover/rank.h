/* SPDX-License-Identifier: ISC */
/*
 * Whether two samples can be told apart by their order alone: the area under the curve (AUC) with
 * DeLong's confidence interval, and the test of Mann and Whitney; and Holm's correction for many
 * tests. Pure but for memory; any thread.
 */
#pragma once

#include <stddef.h>

struct rank {
	double auc;	  /* P(a > b) + P(a = b) / 2: 0.5 where they cannot be told apart */
	double error;	  /* its standard error (DeLong, DeLong, Clarke-Pearson, 1988) */
	double low, high; /* 95 % of confidence, within 0 and 1 */
	double p; /* of Mann and Whitney: two-sided, normal, ties and continuity corrected */
};

/* Of two samples of at least two values each. */
struct rank rank_compare(const double *a, size_t a_count, const double *b, size_t b_count);

/* How probable a value of at least z is, of the normal distribution. */
double rank_normal_tail(double z);

/* Corrects probabilities in place for their number (Holm, 1979): none is above 1. */
void rank_holm(double *probabilities, size_t count);
