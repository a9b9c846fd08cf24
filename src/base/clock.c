/* SPDX-License-Identifier: ISC */
#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

/* The clock's time in nanoseconds. Aborts where there is no such clock, on no Linux of ours. */
static uint64_t read_ns(clockid_t clock)
{
	struct timespec time;

	if (clock_gettime(clock, &time) < 0)
		abort();
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

struct moment clock_now(void)
{
	return (struct moment){
		.monotonic_ns = read_ns(CLOCK_BOOTTIME),
		.realtime_ns = read_ns(CLOCK_REALTIME),
	};
}
