/* SPDX-License-Identifier: ISC */
/*
 * The classifier: logistic regression over features and their squares, both standardised, by
 * Newton's method with a little shrinkage. It says for an observation how much it looks like the
 * one arm rather than the other. Pure but for memory; any thread.
 */
#pragma once

#include "base/attributes.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	LOGIT_WIDTH_MAX = 16,			   /* features */
	LOGIT_TERMS_MAX = 2 * LOGIT_WIDTH_MAX + 1, /* linear, squared, and one */
};

struct logit {
	size_t width;
	double mean[2 * LOGIT_WIDTH_MAX], scale[2 * LOGIT_WIDTH_MAX]; /* scale 0: constant */
	double weights[LOGIT_TERMS_MAX]; /* of linear terms, of squares, and the constant */
};

/* Observations: rows of `width` features, one behind the other, and which are of the first arm. */
struct logit_sample {
	const double *features;
	const bool *are_first;
	size_t count, width;
};

/* Trains it; the width is at most LOGIT_WIDTH_MAX. */
void logit_train(const struct logit_sample *sample, struct logit *ret_logit);

/* The greater, the more an observation looks like the first arm: the log of the odds. */
double logit_score(const struct logit *logit, const double *features);
