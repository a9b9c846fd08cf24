/* SPDX-License-Identifier: ISC */
#include "base/clock.h"
#include "tap.h"

int main(void)
{
	struct moment last = clock_now();
	bool forward = true;

	tap_ok(last.monotonic_ns > 0, "the machine has been up for some time");
	tap_ok(last.realtime_ns / NS_PER_S > 1700000000, "it is later than 2023");
	for (int i = 0; i < 100000; i++) {
		struct moment now = clock_now();
		forward &= now.monotonic_ns >= last.monotonic_ns;
		last = now;
	}
	tap_ok(forward, "the monotonic clock never goes back");
	return tap_done();
}
