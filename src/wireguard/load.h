/* SPDX-License-Identifier: ISC */
/*
 * Whether handshakes come faster than we want to compute them (paper, 5.3 "under load"): a leaky
 * bucket of initiations and responses with valid mac1. The kernel looks at the length of its queue;
 * without a queue the rate is what there is to look at.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	LOAD_PER_SECOND = 2000, /* leaks out; a quarter of what one core answers */
	LOAD_BURST = 512,	/* level at which we are under load (kernel: 4096 / 8) */
};

struct load {
	uint64_t level_ns;	/* time that it takes to leak out */
	uint64_t counted_ns;	/* when it was last counted, monotonic */
	uint64_t high_until_ns; /* under load until then, once it was */
};

/* Counts one handshake message; whether we are under load, or were within the last second. */
bool load_count(struct load *load, uint64_t now_ns);
