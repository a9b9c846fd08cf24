/* SPDX-License-Identifier: ISC */
#include "prover/comparison.h"

#include "base/memory.h"
#include "prover/logit.h"

#include <math.h>
#include <stdlib.h>

#define Z_95 1.959963984540054

enum {
	TESTS_A_CELL = 2,
	TRIALS_LEAST = 8, /* of a cell and arm, to be compared at all */
};

_Static_assert((int)TRIAL_FEATURES <= (int)LOGIT_WIDTH_MAX, "the classifier takes them");

/* ---- the classifier, trained on trials of even number, tried on the others ---- */

static void train(
	const struct thorough_sample *a, const struct thorough_sample *b, struct logit *ret_logit)
{
	size_t half = (a->count + 1) / 2, row_size = TRIAL_FEATURES * sizeof(double);
	double *features = memory_new(2 * half, row_size);
	bool *are_first = memory_new(2 * half, sizeof *are_first);

	for (size_t i = 0; i < half; i++) {
		const size_t from = 2 * i * TRIAL_FEATURES;
		memcpy(features + 2 * i * TRIAL_FEATURES, a->features + from, row_size);
		memcpy(features + (2 * i + 1) * TRIAL_FEATURES, b->features + from, row_size);
		are_first[2 * i] = true;
	}
	logit_train(
		&(struct logit_sample){features, are_first, 2 * half, TRIAL_FEATURES}, ret_logit);
	free(features);
	free(are_first);
}

static struct rank try_out(
	const struct logit *logit, const struct thorough_sample *a, const struct thorough_sample *b)
{
	size_t half = a->count / 2;
	double *scores = memory_new(2 * half, sizeof *scores);

	for (size_t i = 0; i < half; i++) {
		size_t at = (2 * i + 1) * TRIAL_FEATURES;
		scores[i] = logit_score(logit, a->features + at);
		scores[half + i] = logit_score(logit, b->features + at);
	}
	struct rank rank = rank_compare(scores, half, scores + half, half);
	free(scores);
	return rank;
}

/*
 * How probable so large an area is by chance: one-sided, by the error that it has where nothing
 * differs (Mann and Whitney), which few trials do not make too small.
 */
static double chance_of(const struct rank *rank)
{
	return rank->auc > 0.5 ? rank->p / 2 : 1 - rank->p / 2;
}

/* ---- a cell ---- */

static void find_telling(const struct thorough_sample *a, const struct thorough_sample *b,
	struct comparison_cell *cell)
{
	size_t count = a->count;
	double *values = memory_new(2 * count, sizeof *values);

	for (unsigned feature = 0; feature < TRIAL_FEATURES; feature++) {
		for (size_t i = 0; i < count; i++) {
			values[i] = a->features[i * TRIAL_FEATURES + feature];
			values[count + i] = b->features[i * TRIAL_FEATURES + feature];
		}
		struct rank rank = rank_compare(values, count, values + count, count);
		double auc = fmax(rank.auc, 1 - rank.auc);
		if (feature > 0 && auc <= cell->telling_auc)
			continue;
		cell->telling = feature;
		cell->telling_auc = auc;
	}
	free(values);
}

static struct comparison_cell compare(
	const struct thorough_cell *tried, enum trial_arm arm, uint64_t seed)
{
	const struct thorough_sample *a = &tried->samples[arm];
	const struct thorough_sample *b = &tried->samples[TRIAL_CONTROL];
	struct comparison_cell cell = {.cell = tried,
		.count = a->count,
		.has_times = tried->companion->kind != COMPANION_NONE};
	struct logit logit;

	train(a, b, &logit);
	cell.classifier = try_out(&logit, a, b);
	cell.classifier_p = chance_of(&cell.classifier);
	cell.first = rank_compare(a->first_us, a->count, b->first_us, b->count);
	find_telling(a, b, &cell);
	cell.us = median_compare(a->first_us, a->count, b->first_us, b->count, seed);
	cell.control_us = median_of(b->first_us, b->count);
	return cell;
}

/* ---- all of them ---- */

/* The mean of independent areas. */
static void find_mean(struct comparison *comparison)
{
	double sum = 0, variance = 0, by_chance = 0, count = (double)comparison->count;

	for (size_t i = 0; i < comparison->count; i++) {
		sum += comparison->cells[i].classifier.auc;
		variance += pow(comparison->cells[i].classifier.error, 2);
		/* where nothing differs: of two samples of n values (2n + 1) / 12n^2 */
		const size_t half = comparison->cells[i].count / 2;
		double tried = (double)half;
		by_chance += (2 * tried + 1) / (12 * tried * tried);
	}
	comparison->mean = sum / count;
	double error = sqrt(variance) / count;
	comparison->low = fmax(comparison->mean - Z_95 * error, 0);
	comparison->high = fmin(comparison->mean + Z_95 * error, 1);
	comparison->mean_p = rank_normal_tail((comparison->mean - 0.5) * count / sqrt(by_chance));
}

/* Two tests of each cell and one of the mean are one family. */
static void correct(struct comparison *comparison)
{
	double p[TESTS_A_CELL * THOROUGH_CELLS_MAX + 1];
	size_t count = 0;

	for (size_t i = 0; i < comparison->count; i++) {
		p[count++] = comparison->cells[i].classifier_p;
		p[count++] = comparison->cells[i].first.p;
	}
	p[count] = comparison->mean_p;
	rank_holm(p, count + 1);
	for (size_t i = 0; i < comparison->count; i++) {
		comparison->cells[i].classifier_p = p[TESTS_A_CELL * i];
		comparison->cells[i].first.p = p[TESTS_A_CELL * i + 1];
	}
	comparison->mean_p = p[count];
}

static enum comparison_verdict judge(const struct comparison_cell *cell)
{
	if (cell->classifier_p < COMPARISON_LEVEL || cell->first.p < COMPARISON_LEVEL)
		return COMPARISON_APART;
	if (cell->has_times && !median_is_within(&cell->us, COMPARISON_MARGIN_US))
		return COMPARISON_UNDECIDED;
	return COMPARISON_SAME;
}

struct comparison *comparison_new(const struct thorough *thorough, enum trial_arm arm)
{
	struct comparison *comparison = memory_new(1, sizeof *comparison);

	comparison->arm = arm;
	for (size_t i = 0; i < thorough->cell_count; i++) {
		if (thorough->cells[i].samples[arm].count >= TRIALS_LEAST)
			comparison->cells[comparison->count++] =
				compare(&thorough->cells[i], arm, i);
	}
	if (comparison->count == 0)
		return comparison;
	find_mean(comparison);
	correct(comparison);
	for (size_t i = 0; i < comparison->count; i++) {
		struct comparison_cell *cell = &comparison->cells[i];
		cell->verdict = judge(cell);
		comparison->apart += cell->verdict == COMPARISON_APART;
		comparison->undecided += cell->verdict == COMPARISON_UNDECIDED;
	}
	comparison->is_apart = comparison->apart > 0 || comparison->mean_p < COMPARISON_LEVEL;
	return comparison;
}

void comparison_free(struct comparison *comparison)
{
	free(comparison);
}

const char *comparison_verdict_text(enum comparison_verdict verdict)
{
	static const char *const texts[] = {"same", "undecided", "apart"};

	return texts[verdict];
}
