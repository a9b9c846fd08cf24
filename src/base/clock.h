/* SPDX-License-Identifier: ISC */
/* Time as programs read it. The pure folders get a struct moment and never ask. */
#pragma once

#include <stdint.h>

enum {
	NS_PER_MS = 1000000,
	NS_PER_S = 1000000000,
};

/* One moment, on both clocks. */
struct moment {
	uint64_t monotonic_ns; /* since some start; goes on while the machine sleeps; never back */
	uint64_t realtime_ns;  /* since 1970 UTC; may jump both ways */
};

/* Now: CLOCK_BOOTTIME and CLOCK_REALTIME. Any thread. */
struct moment clock_now(void);
