/* SPDX-License-Identifier: ISC */
#include "prover/trial.h"

#include <math.h>

enum {
	INITIATION = 148,
};

const unsigned trial_counts[TRIAL_COUNTS] = {1, 10, 50, TRIAL_COUNT_MAX};

const char *trial_kind_text(enum trial_kind kind)
{
	static const char *const texts[] = {"junk", "shaped", "mac1", "replay"};
	_Static_assert(ARRAY_LENGTH(texts) == TRIAL_KINDS, "one each");

	return texts[kind];
}

const char *trial_arm_text(enum trial_arm arm)
{
	static const char *const texts[] = {"port", "control", "blind", "closed"};
	_Static_assert(ARRAY_LENGTH(texts) == TRIAL_ARMS, "one each");

	return texts[arm];
}

const char *trial_feature_text(unsigned feature)
{
	static const char *const texts[] = {"first round trip", "median round trip",
		"mean round trip", "longest round trip", "first against before", "lost",
		"IP identification", "answers", "chatter"};
	_Static_assert(ARRAY_LENGTH(texts) == TRIAL_FEATURES, "one each");

	return texts[feature];
}

struct stimulus trial_stimulus(enum trial_kind kind, uint8_t family)
{
	static const enum stimulus_make makes[] = {
		STIMULUS_SHAPE, STIMULUS_SHAPE, STIMULUS_MAC1, STIMULUS_RECORDED};
	_Static_assert(ARRAY_LENGTH(makes) == TRIAL_KINDS, "one each");
	struct stimulus stimulus = {.name = trial_kind_text(kind),
		.family = family,
		.layer = STIMULUS_UDP,
		.make = (uint8_t)makes[kind],
		.port = STIMULUS_PORT,
		.size = INITIATION};

	if (kind == TRIAL_SHAPED || kind == TRIAL_MAC1)
		stimulus.payload = (struct stimulus_data)STIMULUS_DATA("\x01\x00\x00\x00");
	if (kind == TRIAL_REPLAY)
		stimulus.size = 1; /* the type of what was recorded */
	return stimulus;
}

static double middle(double a, double b, double c)
{
	return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

_Static_assert(TRIAL_PROBES == 3, "middle() is of three");

static void add_times(const struct trial *trial, double *features)
{
	const double *after = trial->after_us;
	double sum = 0, longest = 0, lost = trial->before_us >= TRIAL_LOST_US;

	for (unsigned i = 0; i < TRIAL_PROBES; i++) {
		sum += after[i];
		longest = fmax(longest, after[i]);
		lost += after[i] >= TRIAL_LOST_US;
	}
	features[0] = log(after[0]);
	features[1] = log(middle(after[0], after[1], after[2]));
	features[2] = log(sum / TRIAL_PROBES);
	features[3] = log(longest);
	features[4] = log(after[0] / trial->before_us);
	features[5] = lost;
	features[6] = log1p((uint16_t)(trial->id_after - trial->id_before));
}

void trial_features(const struct trial *trial, double ret_features[static TRIAL_FEATURES])
{
	for (unsigned i = 0; i < TRIAL_FEATURES; i++)
		ret_features[i] = 0;
	if (trial->probes > 0)
		add_times(trial, ret_features);
	ret_features[7] = log1p(trial->answers);
	ret_features[8] = log1p(trial->chatter);
}
