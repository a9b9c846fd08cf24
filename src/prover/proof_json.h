/* SPDX-License-Identifier: ISC */
/* A proof, and the catalogue, for programs. */
#pragma once

#include "prover/proof.h"

#include <jansson.h>

/* The caller's. */
json_t *proof_json(const struct proof *proof) __attribute__((returns_nonnull, warn_unused_result));

/* All stimuli, without a proof. The caller's. */
json_t *proof_json_catalogue(void) __attribute__((returns_nonnull, warn_unused_result));
