/* SPDX-License-Identifier: ISC */
/* A proof as one page that needs nothing else: no scripts, no fonts, no pictures from elsewhere. */
#pragma once

#include "prover/proof.h"

#include <stdio.h>

/* What cannot be written shows when `out` is flushed. */
void proof_html(const struct proof *proof, FILE *out);
