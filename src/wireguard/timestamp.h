/* SPDX-License-Identifier: ISC */
/*
 * TAI64N timestamps for initiations (paper, 5.1): each greater than the one before, whatever the
 * clock does. A restart must not send an older one either, so none is given out beyond a limit that
 * the program has stored durably first; after a restart it goes on from what was stored.
 * Coarsened to 1/59.6 s as in the kernel (tai64n_now), so that they tell little of the clock.
 */
#pragma once

#include "base/attributes.h"
#include "base/clock.h"
#include "wireguard/messages.h"

#include <stdint.h>

struct timestamp_clock {
	uint64_t last_ns;  /* the latest given out, or stored before the restart; since 1970 */
	uint64_t time_ns;  /* that one, had there been no limit */
	uint64_t given_ns; /* when that was, monotonic; 0: before the restart */
	uint64_t limit_ns; /* none greater than this is given out */
};

/*
 * The time to go by: that of the clock, or, where it was set back, what goes on from the last one,
 * a sixteenth slower, until the clock has caught up. A responder that draws a line (horizon.h)
 * would have to refuse a clock that stands still.
 */
uint64_t timestamp_time_ns(struct timestamp_clock *clock, struct moment now);

/* How far it has gone, or would have: a limit that is to be of use lies beyond. */
static inline uint64_t timestamp_farthest_ns(const struct timestamp_clock *clock)
{
	return clock->time_ns > clock->last_ns ? clock->time_ns : clock->last_ns;
}

/*
 * The next timestamp: the time now, but not beyond the limit; or just above the last one if the
 * clock was set back. ERR_TIMESTAMPS: none is left up to the limit; store a greater limit first.
 */
int timestamp_next(struct timestamp_clock *clock, uint64_t realtime_ns,
	uint8_t ret_timestamp[static NOISE_TIMESTAMP_SIZE]) must_check;
