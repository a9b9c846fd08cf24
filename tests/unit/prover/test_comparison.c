/* SPDX-License-Identifier: ISC */
/* Trials that are made up: what differs is told apart, what does not is not. */
#include "prover/comparison.h"

#include "a_scene.h"
#include "prover/dice.h"
#include "tap.h"

#include <math.h>

enum {
	TRIALS = 400,
};

/* Each arm's round trips are from the same distribution, longer by so much; answers as given. */
struct world {
	double more_us[TRIAL_ARMS];
	unsigned answers[TRIAL_ARMS];
};

static double a_time(uint64_t *dice)
{
	double u = (double)(dice_draw(dice) >> 11) / (double)(1ULL << 53);

	return 50 - 20 * log(1 - u); /* a long tail */
}

static void fill(struct thorough *thorough, const struct world *world, uint64_t seed)
{
	for (size_t i = 0; i < thorough->cell_count; i++) {
		for (unsigned arm = 0; arm < TRIAL_ARMS; arm++) {
			struct thorough_sample *sample = &thorough->cells[i].samples[arm];
			for (size_t n = 0; n < TRIALS; n++) {
				struct trial trial = {.probes = TRIAL_PROBES,
					.before_us = a_time(&seed),
					.answers = world->answers[arm]};
				for (unsigned k = 0; k < TRIAL_PROBES; k++)
					trial.after_us[k] = a_time(&seed) + world->more_us[arm];
				trial_features(&trial, sample->features + n * TRIAL_FEATURES);
				sample->first_us[n] = trial.after_us[0];
			}
			sample->count = TRIALS;
		}
	}
}

static struct thorough *a_test(const struct world *world, uint64_t seed)
{
	const struct scene scene = a_scene();
	const struct thorough_options options = {.trials = TRIALS,
		.companions = {{.kind = COMPANION_ICMP}},
		.companion_count = 1,
		.blind_port = 40006,
		.closed_port = 40007,
		.cpu = -1};
	struct thorough *thorough = thorough_new(&scene, &options, NULL);

	fill(thorough, world, seed);
	return thorough;
}

static void test_cells(void)
{
	struct thorough *thorough = a_test(&(struct world){0}, 1);

	tap_is_int((intmax_t)thorough->cell_count, 3 * TRIAL_COUNTS, "nothing is recorded");
	tap_ok(thorough_has_arm(thorough, TRIAL_CLOSED) && thorough->has_kind[TRIAL_MAC1] &&
			!thorough->has_kind[TRIAL_REPLAY],
		"arms and kinds");
	tap_ok(thorough_seconds(thorough) > 0, "it takes its time");
	thorough_free(thorough);
	thorough_free(NULL);
}

/* Of many worlds without a difference at most about one in a hundred is told apart. */
static void test_nothing(void)
{
	unsigned apart = 0, outside = 0;

	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct thorough *thorough = a_test(&(struct world){0}, seed);
		struct comparison *comparison = comparison_new(thorough, TRIAL_PORT);
		apart += comparison->is_apart;
		outside += comparison->low > 0.5 || comparison->high < 0.5;
		comparison_free(comparison);
		thorough_free(thorough);
	}
	tap_ok(apart <= 1, "no difference: not told apart");
	tap_ok(outside <= 4, "0.5 lies within the interval of the mean");
}

static void test_load(void)
{
	const struct world world = {.more_us = {[TRIAL_PORT] = 12, [TRIAL_BLIND] = 0.1}};
	struct thorough *thorough = a_test(&world, 3);
	struct comparison *port = comparison_new(thorough, TRIAL_PORT);
	struct comparison *blind = comparison_new(thorough, TRIAL_BLIND);

	tap_ok(port->is_apart && port->apart == port->count, "12 microseconds more: told apart");
	tap_ok(port->low > 0.6 && port->cells[0].us.difference > 8, "by how much");
	tap_ok(!blind->is_apart && blind->mean < 0.55, "0.1 microseconds more: not");
	comparison_free(port);
	comparison_free(blind);
	thorough_free(thorough);
}

static void test_answers(void)
{
	const struct world world = {.answers = {[TRIAL_CLOSED] = 1}};
	struct thorough *thorough = a_test(&world, 4);
	struct comparison *closed = comparison_new(thorough, TRIAL_CLOSED);

	tap_ok(closed->mean == 1 && closed->low == 1 && closed->is_apart, "answers: area 1");
	tap_ok(strcmp(trial_feature_text(closed->cells[0].telling), "answers") == 0 &&
			closed->cells[0].telling_auc == 1,
		"and by what");
	comparison_free(closed);
	thorough_free(thorough);
	comparison_free(NULL);
}

static void test_features(void)
{
	const double e = exp(1);
	const struct trial trial = {.probes = TRIAL_PROBES,
		.before_us = 1,
		.after_us = {e, 1, TRIAL_LOST_US},
		.id_before = 0xffff,
		.id_after = 1,
		.answers = 3};
	double features[TRIAL_FEATURES];

	trial_features(&trial, features);
	tap_ok(fabs(features[0] - 1) < 1e-12 && fabs(features[1] - 1) < 1e-12, "first, median");
	tap_ok(fabs(features[3] - log(TRIAL_LOST_US)) < 1e-12 && features[5] == 1, "longest, lost");
	tap_ok(fabs(features[4] - 1) < 1e-12, "against before");
	tap_ok(fabs(features[6] - log1p(2)) < 1e-12, "identification goes around");
	tap_ok(fabs(features[7] - log1p(3)) < 1e-12 && features[8] == 0, "answers, chatter");
	trial_features(&(struct trial){.chatter = 1}, features);
	tap_ok(features[0] == 0 && features[8] > 0, "without a companion");
}

int main(void)
{
	test_cells();
	test_nothing();
	test_load();
	test_answers();
	test_features();
	return tap_done();
}
