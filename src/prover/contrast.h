/* SPDX-License-Identifier: ISC */
/* Proofs of several hosts, side by side: what the lab of `tacet prove --lab` found. */
#pragma once

#include "prover/labhost.h"
#include "prover/proof.h"

#include <jansson.h>
#include <stdio.h>

struct contrast {
	struct proof *proofs[LABHOST_COUNT]; /* all of the same catalogue */
};

/* Releases the proofs. */
void contrast_done(struct contrast *contrast);

/* How many of a host's stimuli were answered, of a lesson; LESSON_COUNT: of all. */
size_t contrast_answered(
	const struct contrast *contrast, enum labhost_kind kind, enum lesson lesson);

/* Whether each capture saw what it must, and the default host answered, so that it could be seen.
 */
bool contrast_could_see(const struct contrast *contrast);

/* Whether the hardened hosts were silent. */
bool contrast_is_silent(const struct contrast *contrast);

/* The caller owns it; never NULL. */
json_t *contrast_json(const struct contrast *contrast);

/* One page that stands alone. */
void contrast_html(const struct contrast *contrast, FILE *out);
