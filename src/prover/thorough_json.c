/* SPDX-License-Identifier: ISC */
#include "prover/thorough_json.h"

#include "base/clock.h"
#include "prover/json.h"

static json_t *interval_json(double value, double low, double high)
{
	json_t *object = json_sure(json_object());

	json_put(object, "value", json_real(value));
	json_put(object, "low", json_real(low));
	json_put(object, "high", json_real(high));
	return object;
}

static json_t *cell_json(const struct comparison_cell *cell, enum trial_arm arm)
{
	const struct thorough_sample *tried = &cell->cell->samples[arm];
	const struct thorough_sample *control = &cell->cell->samples[TRIAL_CONTROL];
	char name[COMPANION_TEXT_SIZE];
	json_t *object = json_sure(json_object());

	json_put(object, "companion", json_string(companion_format(cell->cell->companion, name)));
	json_put(object, "kind", json_string(trial_kind_text(cell->cell->kind)));
	json_put(object, "datagrams", json_integer(cell->cell->count));
	json_put(object, "trials", json_integer((json_int_t)cell->count));
	json_put(object, "auc",
		interval_json(cell->classifier.auc, cell->classifier.low, cell->classifier.high));
	json_put(object, "auc_p_corrected", json_real(cell->classifier_p));
	json_put(object, "mann_whitney_p_corrected", json_real(cell->first.p));
	json_put(object, "first_auc", json_real(cell->first.auc));
	json_put(object, "telling", json_string(trial_feature_text(cell->telling)));
	json_put(object, "telling_auc", json_real(cell->telling_auc));
	json_put(object, "answers", json_integer((json_int_t)tried->answers));
	json_put(object, "control_answers", json_integer((json_int_t)control->answers));
	json_put(object, "lost", json_integer((json_int_t)tried->lost));
	json_put(object, "control_lost", json_integer((json_int_t)control->lost));
	if (cell->has_times) {
		json_put(object, "difference_us",
			interval_json(cell->us.difference, cell->us.low, cell->us.high));
		json_put(object, "control_us", json_real(cell->control_us));
	}
	json_put(object, "verdict", json_string(comparison_verdict_text(cell->verdict)));
	return object;
}

static json_t *comparison_json(const struct comparison *comparison)
{
	json_t *object = json_sure(json_object()), *cells = json_sure(json_array());

	for (size_t i = 0; i < comparison->count; i++)
		json_add(cells, cell_json(&comparison->cells[i], comparison->arm));
	json_put(object, "auc", interval_json(comparison->mean, comparison->low, comparison->high));
	json_put(object, "auc_p_corrected", json_real(comparison->mean_p));
	json_put(object, "apart", json_integer((json_int_t)comparison->apart));
	json_put(object, "undecided", json_integer((json_int_t)comparison->undecided));
	json_put(object, "told_apart", json_boolean(comparison->is_apart));
	json_put(object, "cells", cells);
	return object;
}

json_t *thorough_json(const struct thorough *thorough,
	const struct comparison *const comparisons[static TRIAL_ARMS])
{
	json_t *object = json_sure(json_object()), *control = json_sure(json_object());

	json_put(object, "version", json_string(TACET_VERSION));
	json_put(object, "started", json_integer((json_int_t)thorough->started_s));
	json_put(object, "seconds", json_real((double)thorough->took_ns / NS_PER_S));
	json_put(object, "port", json_integer(thorough->scene.port));
	json_put(object, "control_port", json_integer(thorough->scene.control_port));
	json_put(object, "blind_port", json_integer(thorough->options.blind_port));
	json_put(object, "trials", json_integer(thorough->options.trials));
	json_put(object, "datagrams", json_integer((json_int_t)thorough->datagrams));
	json_put(control, "probes", json_integer((json_int_t)thorough->probes));
	json_put(control, "answered", json_integer((json_int_t)thorough->answered));
	json_put(control, "unseen", json_integer((json_int_t)thorough->unseen));
	json_put(control, "good", json_boolean(thorough_could_see(thorough)));
	json_put(object, "control", control);
	for (unsigned arm = 0; arm < TRIAL_ARMS; arm++) {
		if (comparisons[arm])
			json_put(object, trial_arm_text(arm), comparison_json(comparisons[arm]));
	}
	return object;
}
