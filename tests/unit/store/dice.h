/* SPDX-License-Identifier: ISC */
/* Random acts, the same for the same seed. */
#pragma once

#include "store_lab.h"

/* splitmix64 */
struct dice {
	uint64_t state;
};

uint64_t dice_roll(struct dice *dice, uint64_t sides);

struct model;

/*
 * Does one random act to the store and, where there is one, the model; few names, so that many acts
 * fail. Whether both gave the same.
 */
bool dice_act(struct dice *dice, struct store *store, struct model *model, uint64_t now_ns);
