/* SPDX-License-Identifier: ISC */
#include "wireguard/timestamp.h"

#include "base/error.h"

/* 2^24 ns: the power of two below 1 s / INITIATIONS_PER_SECOND. */
#define STEP_NS (1ULL << 24)

/* TAI64's label of 1970 UTC: 2^62, and the 10 s that TAI was ahead then. */
#define TAI64_EPOCH 0x400000000000000aULL

static uint64_t coarsened(uint64_t time_ns)
{
	uint64_t fraction = time_ns % SECONDS_NS;
	return time_ns - fraction + (fraction & ~(STEP_NS - 1));
}

/* The least coarse time above `time_ns`, itself coarse. */
static uint64_t step_after(uint64_t time_ns)
{
	uint64_t second = time_ns - time_ns % SECONDS_NS;
	uint64_t stepped = coarsened(time_ns) + STEP_NS;
	return stepped - second < SECONDS_NS ? stepped : second + SECONDS_NS;
}

uint64_t timestamp_time_ns(struct timestamp_clock *clock, struct moment now)
{
	uint64_t time_ns = now.realtime_ns;

	if (clock->given_ns && now.monotonic_ns >= clock->given_ns) {
		uint64_t since_ns = now.monotonic_ns - clock->given_ns;
		uint64_t least_ns = timestamp_farthest_ns(clock) + (since_ns - since_ns / 16);
		time_ns = least_ns > time_ns ? least_ns : time_ns;
	}
	clock->time_ns = time_ns;
	clock->given_ns = now.monotonic_ns;
	return time_ns;
}

int timestamp_next(struct timestamp_clock *clock, uint64_t realtime_ns,
	uint8_t ret_timestamp[static NOISE_TIMESTAMP_SIZE])
{
	uint64_t next = coarsened(realtime_ns < clock->limit_ns ? realtime_ns : clock->limit_ns);

	if (next <= clock->last_ns)
		next = step_after(clock->last_ns);
	if (next <= clock->last_ns || next > clock->limit_ns) /* at the end of time it wraps */
		return ERR_TIMESTAMPS;
	clock->last_ns = next;
	store_be64(ret_timestamp, TAI64_EPOCH + next / SECONDS_NS);
	store_be32(ret_timestamp + 8, (uint32_t)(next % SECONDS_NS));
	return 0;
}
