/* SPDX-License-Identifier: ISC */
/*
 * The window against replayed counters (RFC 6479; kernel counter_validate()): a ring of bits, for
 * the greatest counter and the REPLAY_WINDOW below it. Ask only after the tag has been verified.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	REPLAY_WINDOW = 8192, /* counters back from the greatest that are still told apart */
	REPLAY_WORD_BITS = 64,
	REPLAY_WORDS = REPLAY_WINDOW / REPLAY_WORD_BITS + 1, /* one word is being cleared */
};

struct replay {
	uint64_t next;		       /* one above the greatest counter accepted; 0: none yet */
	uint64_t bitmap[REPLAY_WORDS]; /* bit set: seen. Counter c is bit c % (64 * REPLAY_WORDS) */
};

/* Zero is a fresh window. */
void replay_reset(struct replay *replay);

/*
 * Whether the counter is new and at most REPLAY_WINDOW below the greatest; it is seen from then on.
 * UINT64_MAX is never accepted.
 */
bool replay_accept(struct replay *replay, uint64_t counter);
