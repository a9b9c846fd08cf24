/* SPDX-License-Identifier: ISC */
/*
 * Random operations against a model: how many, and from which seed. The seed is printed, so that
 * a failing run is run again by TACET_SEED=...; TACET_TEST_OPERATIONS says how many operations.
 * Included by test programs only.
 */
#pragma once

#include "base/random.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPERATIONS = 1000000, /* unless the environment says otherwise */
};

/* A generator that a seed decides (splitmix64, Steele and others 2014). */
struct prng {
	uint64_t state;
};

static inline uint64_t prng_u64(struct prng *prng)
{
	uint64_t z = prng->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* A number below `bound`, which is small: the bias does not matter here. */
static inline uint64_t prng_below(struct prng *prng, uint64_t bound)
{
	return prng_u64(prng) % bound;
}

/* Whether something with a chance of one in `chances` happens. */
static inline bool prng_one_in(struct prng *prng, uint64_t chances)
{
	return prng_below(prng, chances) == 0;
}

static inline void prng_fill(struct prng *prng, void *ret_bytes, size_t size)
{
	uint8_t *at = ret_bytes;

	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)prng_u64(prng);
}

/* A number from the environment, or else what it is by default. */
static inline uint64_t number_from(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	if (!text)
		return otherwise;
	char *end;
	errno = 0;
	uint64_t number = strtoull(text, &end, 10);
	if (errno || end == text || *end) {
		printf("Bail out! %s is not a number: %s\n", variable, text);
		exit(1);
	}
	return number;
}

/* A seeded generator; says its seed, so not before the first check: the version leads TAP. */
static inline struct prng prng_start(void)
{
	uint64_t seed = number_from("TACET_SEED", entropy_u64(entropy_kernel()));

	printf("# TACET_SEED=%" PRIu64 "\n", seed);
	return (struct prng){seed};
}

/* How many random operations a test does. */
static inline uint64_t operations_wanted(void)
{
	return number_from("TACET_TEST_OPERATIONS", OPERATIONS);
}
