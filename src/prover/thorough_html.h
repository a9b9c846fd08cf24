/* SPDX-License-Identifier: ISC */
/* What the statistical test found, as one page that stands alone. */
#pragma once

#include "prover/comparison.h"

#include <stdio.h>

/* What is written: the comparisons by arm; NULL where there is none. */
struct thorough_page {
	const struct thorough *thorough;
	const struct comparison *comparisons[TRIAL_ARMS];
};

void thorough_html(const struct thorough_page *page, FILE *out);
