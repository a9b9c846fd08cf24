/* SPDX-License-Identifier: ISC */
/* The door in the kernel for tacet-wg, which is its parent and its engine in one process. */
#pragma once

#include "door/keeper.h"
#include "priv/doorman.h"
#include "tacet-wg/options.h"

/* What there is of it; all NULL: none. */
struct doorway {
	struct doorman *doorman;
	struct keeper *keeper;
};

/*
 * As the options ask. Where they leave it to us and it cannot be had, it is logged why; where they
 * insist, the program ends.
 */
void doorway_open(struct doorway *doorway, const struct options *options, uv_loop_t *loop);

/* Handles are being closed; the keeper stays until the engine is gone. */
void doorway_close(struct doorway *doorway);
