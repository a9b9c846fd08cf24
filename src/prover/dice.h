/* SPDX-License-Identifier: ISC */
/*
 * Numbers that look random (splitmix64), for what has to be the same each time or need not be
 * secret: contents of probes, the order of trials, resampling. Never for keys.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

static inline uint64_t dice_draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Below `limit`, which is at least 1; its bias is below 2^-32 for limits of 32 bits. */
static inline size_t dice_below(uint64_t *state, uint32_t limit)
{
	return (size_t)((dice_draw(state) >> 32) * limit >> 32);
}
