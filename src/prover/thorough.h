/* SPDX-License-Identifier: ISC */
/*
 * The statistical test: can the port be told from one that the firewall drops, by anything that a
 * stranger sees? Trials of all cells and arms in random order, block by block, so that whatever
 * drifts hits all of them alike. Blocks until it is done. Needs CAP_NET_RAW. One thread.
 */
#pragma once

#include "prover/companion.h"
#include "prover/recorded.h"
#include "prover/run.h"
#include "prover/trial.h"

enum {
	THOROUGH_COMPANIONS_MAX = 6,
	THOROUGH_CELLS_MAX = THOROUGH_COMPANIONS_MAX * TRIAL_KINDS * TRIAL_COUNTS,
};

struct thorough_options {
	unsigned trials; /* of each cell and arm */
	struct companion companions[THOROUGH_COMPANIONS_MAX];
	size_t companion_count;
	uint16_t blind_port;
	uint16_t closed_port; /* 0: none is known */
	int cpu;	      /* that we keep to; -1: any */
	uint64_t seed;
};

/* The trials of one arm: those that count. */
struct thorough_sample {
	double *features; /* rows of TRIAL_FEATURES, in order of time */
	double *first_us; /* round trips of the first probe */
	size_t count;
	uint64_t answers; /* frames that answered the datagrams, over all */
	uint64_t lost;	  /* probes */
};

/* One companion, kind and count. */
struct thorough_cell {
	const struct companion *companion;
	enum trial_kind kind;
	unsigned count;
	struct thorough_sample samples[TRIAL_ARMS];
};

struct thorough {
	struct scene scene;
	struct thorough_options options;
	struct thorough_cell cells[THOROUGH_CELLS_MAX];
	size_t cell_count;
	bool has_kind[TRIAL_KINDS];
	uint64_t datagrams; /* sent */
	uint64_t probes,
		answered; /* of companions, before the datagrams: these have to be answered */
	uint64_t unseen;  /* frames that passed our capture for want of room */
	uint64_t started_s, took_ns;
};

/* recorded: what may be replayed; NULL: nothing. Release by thorough_free(). */
struct thorough *thorough_new(const struct scene *scene, const struct thorough_options *options,
	const struct recorded *recorded) __attribute__((returns_nonnull, warn_unused_result));

/* Accepts NULL. */
void thorough_free(struct thorough *thorough);

/* Whether an arm is tried at all. */
bool thorough_has_arm(const struct thorough *thorough, enum trial_arm arm);

/* About how long it takes. */
unsigned thorough_seconds(const struct thorough *thorough);

/* Runs it all. -EPERM; -ENODEV, -ENETDOWN: the interface has gone; -errno. */
int thorough_run(struct thorough *thorough, const struct recorded *recorded, run_progress *progress,
	void *context) must_check;

/* Whether the companions' probes were answered where nothing was sent: else there is no test. */
bool thorough_could_see(const struct thorough *thorough);
