/* SPDX-License-Identifier: ISC */
/*
 * What must be stored of a peer's timestamps so that none that was answered is ever accepted again,
 * without storing each: the greatest at the time of writing, and how far the peer's clock may be
 * ahead of our monotonic one since. A peer whose clock runs evenly stays below that line for good.
 *
 *   timestamp |            . lead         After a restart at time r no timestamp is accepted that
 *             |        . x x              is not above the line at r: whatever was accepted
 *             |    . x                    before lies below it. The peer's next lies above it,
 *             |__x_______________ time    once its clock has moved on by the margin.
 *
 * Monotonic time, so that our own clock may be set as it likes. See docs/decisions/greatest.md.
 */
#pragma once

#include "wireguard/messages.h"

#include <stdbool.h>

struct horizon {
	uint8_t greatest[NOISE_TIMESTAMP_SIZE]; /* none accepted before it was written is greater */
	int64_t lead_ns; /* none accepted since is greater than monotonic time plus this */
};

/* No line: what is greater than `greatest` must be stored first. */
#define HORIZON_NO_LEAD INT64_MIN

/* How far above a timestamp the line is drawn; also how long a restart may refuse the next one. */
#define HORIZON_MARGIN_NS (SECONDS_NS / 20)

/* TAI64N of a time since 1970; a bound: not less than any timestamp that lies before `time_ns`. */
void horizon_timestamp(uint64_t time_ns, uint8_t ret_timestamp[static NOISE_TIMESTAMP_SIZE]);

/* Whether the timestamp may be accepted now without anything being stored. */
bool horizon_covers(const struct horizon *horizon,
	const uint8_t timestamp[static NOISE_TIMESTAMP_SIZE], uint64_t now_ns);

/* Makes it cover what is about to be accepted, and what an even clock sends after it. */
void horizon_extend(struct horizon *horizon, const uint8_t timestamp[static NOISE_TIMESTAMP_SIZE],
	uint64_t now_ns, uint64_t margin_ns);

/* Whether between two timestamps the peer's clock went as ours did, give or take. */
#define HORIZON_UNEVEN_NS SECONDS_NS
bool horizon_is_even(const uint8_t before[static NOISE_TIMESTAMP_SIZE], uint64_t before_ns,
	const uint8_t after[static NOISE_TIMESTAMP_SIZE], uint64_t after_ns);

/* How far above the timestamp the line is now; 0: not at all, or there is none. */
uint64_t horizon_slack_ns(const struct horizon *horizon,
	const uint8_t timestamp[static NOISE_TIMESTAMP_SIZE], uint64_t now_ns);

/* The greatest timestamp that can have been accepted up to a time of the same boot. */
void horizon_bound(const struct horizon *horizon, uint64_t until_ns,
	uint8_t ret_timestamp[static NOISE_TIMESTAMP_SIZE]);
