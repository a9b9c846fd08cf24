/* SPDX-License-Identifier: ISC */
/*
 * What the trials say: for each cell, how well a classifier that was trained on half of them tells
 * an arm from the control port in the other half. Pure but for memory; any thread.
 */
#pragma once

#include "prover/median.h"
#include "prover/rank.h"
#include "prover/thorough.h"

#define COMPARISON_LEVEL 0.01	 /* of all tests together (Holm) */
#define COMPARISON_MARGIN_US 2.0 /* within it medians count as the same */

enum comparison_verdict {
	COMPARISON_SAME,      /* not told apart, and the medians are the same within the margin */
	COMPARISON_UNDECIDED, /* not told apart, but too few trials to say that they are the same */
	COMPARISON_APART,
};

struct comparison_cell {
	const struct thorough_cell *cell;
	size_t count;		     /* trials of each arm */
	struct rank classifier;	     /* over the half that it was not trained on */
	double classifier_p;	     /* one-sided, that its area is above 0.5; corrected */
	struct rank first;	     /* of the first round trip alone; p is corrected */
	bool has_times;		     /* there is a companion */
	struct median_difference us; /* of the first round trip, in microseconds */
	double control_us;	     /* its median at the control port */
	unsigned telling;	     /* the feature that alone tells most */
	double telling_auc;	     /* and how well; never below 0.5 */
	enum comparison_verdict verdict;
};

struct comparison {
	enum trial_arm arm;
	struct comparison_cell cells[THOROUGH_CELLS_MAX];
	size_t count;
	double mean, low, high;	 /* the mean area over the cells, with 95 % of confidence */
	double mean_p;		 /* one-sided, that it is above 0.5; corrected with the others */
	size_t apart, undecided; /* cells */
	bool is_apart;		 /* a cell, or the mean */
};

/* Of an arm against the control port. Release by comparison_free(). */
struct comparison *comparison_new(const struct thorough *thorough, enum trial_arm arm)
	__attribute__((returns_nonnull, warn_unused_result));

/* Accepts NULL. */
void comparison_free(struct comparison *comparison);

const char *comparison_verdict_text(enum comparison_verdict verdict);
