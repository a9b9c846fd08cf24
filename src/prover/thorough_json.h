/* SPDX-License-Identifier: ISC */
/* What the statistical test found, as JSON. */
#pragma once

#include "prover/comparison.h"

#include <jansson.h>

/* comparisons: by arm; NULL where there is none. The caller owns the result; never NULL. */
json_t *thorough_json(const struct thorough *thorough,
	const struct comparison *const comparisons[static TRIAL_ARMS]);
