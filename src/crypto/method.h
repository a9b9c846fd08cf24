/* SPDX-License-Identifier: ISC */
/*
 * Ways to seal and open packets, all of which come to the same: see docs/decisions/aead.md.
 * aead.c takes the best; tests and benchmarks try each. Not for other folders.
 */
#pragma once

#include "base/bytes.h"
#include "crypto/aead.h"

#include <stdbool.h>

/* A key. What a method derives from it, it derives for each packet: that costs next to nothing. */
struct aead {
	uint8_t key[AEAD_KEY_SIZE];
};

/* Keeps nothing from one call to the next but what belongs to the thread and is no secret. */
struct method {
	const char *name;
	size_t least; /* packets from which on it pays */
	bool (*is_usable)(
		void); /* on this processor, by this thread; cheap but for the first call */
	void (*seal)(struct aead_job *jobs, size_t count); /* as aead_seal_batch() */
	void (*open)(struct aead_job *jobs, size_t count); /* as aead_open_batch() */
};

/* Those of this build, by number; NULL: no more. */
const struct method *method_at(size_t i);

/* The fastest that is usable here for so many packets; any thread. */
const struct method *method_for(size_t count);

/* Four zero bytes and the counter: the paper, 5.4.6. */
static inline void method_nonce(uint64_t counter, uint8_t ret_nonce[static 12])
{
	memset(ret_nonce, 0, 4);
	store_le64(ret_nonce + 4, counter);
}
