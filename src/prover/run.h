/* SPDX-License-Identifier: ISC */
/*
 * Runs a proof: sends the catalogue at its rate, sees what comes back, waits for what takes its
 * time. Blocks until it is done. Needs CAP_NET_RAW. One thread.
 */
#pragma once

#include "prover/proof.h"
#include "prover/recorded.h"

/* Told now and then how far it is; `done` of `total` frames, in a phase. */
typedef void run_progress(void *context, const char *phase, size_t done, size_t total);

/* About how long it takes at least, on a silent host. */
unsigned run_seconds(const struct proof *proof);

/*
 * Fills the proof, which is fresh. recorded: what is replayed; NULL: nothing. -EPERM; -ENODEV,
 * -ENETDOWN: the interface has gone; -errno.
 */
int run_proof(struct proof *proof, const struct recorded *recorded, run_progress *progress,
	void *context) must_check;
