/* SPDX-License-Identifier: ISC */
/* What `tacet prove` says to people. */
#pragma once

#include "prover/proof.h"

/* The summary by group, then the findings, then the verdict; to stdout. */
void prove_report(const struct proof *proof);

/* One stimulus: what it is, what an answer tells, how to stop it. */
void prove_report_explain(const struct stimulus *stimulus);

/* All stimuli, a line each. */
void prove_report_list(void);
