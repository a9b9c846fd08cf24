/* SPDX-License-Identifier: ISC */
/* Randomness as an argument: the kernel's in programs, a seeded one in simulations. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A source of random bytes. `fill` never fails; it aborts where the kernel has none. */
struct entropy {
	void (*fill)(void *context, void *ret_bytes, size_t size);
	void *context; /* handed to fill */
};

/* The kernel's getrandom(2). Any thread. */
struct entropy entropy_kernel(void);

static inline void entropy_fill(struct entropy entropy, void *ret_bytes, size_t size)
{
	entropy.fill(entropy.context, ret_bytes, size);
}

static inline uint32_t entropy_u32(struct entropy entropy)
{
	uint32_t value;
	entropy.fill(entropy.context, &value, sizeof value);
	return value;
}

static inline uint64_t entropy_u64(struct entropy entropy)
{
	uint64_t value;
	entropy.fill(entropy.context, &value, sizeof value);
	return value;
}
