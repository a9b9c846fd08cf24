/* SPDX-License-Identifier: ISC */
/* All chance of a simulation: xoshiro256** (Blackman, Vigna 2018), seeded by splitmix64. */
#pragma once

#include "base/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
	uint64_t state[4];
};

/* The same seed and stream give the same throws; other streams are independent. */
void dice_seed(struct dice *dice, uint64_t seed, uint64_t stream);

uint64_t dice_u64(struct dice *dice);

/* 0 to n - 1; n is at least 1. The bias is of no concern here. */
uint64_t dice_below(struct dice *dice, uint64_t n);

/* Both ends may come. */
uint64_t dice_between(struct dice *dice, uint64_t least, uint64_t greatest);

/* True in `permille` of a thousand throws. */
bool dice_permille(struct dice *dice, uint32_t permille);

void dice_fill(struct dice *dice, void *ret_bytes, size_t size);

/* The dice as an interface's entropy; borrowed. */
struct entropy dice_entropy(struct dice *dice);
