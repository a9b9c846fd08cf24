/* SPDX-License-Identifier: ISC */
#include "tap.h"

#include "wireguard/load.h"

#define SECOND_NS 1000000000ULL
#define START_NS (1000 * SECOND_NS)

/* Counts messages at a steady rate; how many of them were under load. */
static uint64_t count(struct load *load, uint64_t *now_ns, uint64_t messages, uint64_t per_second)
{
	uint64_t high = 0;

	for (uint64_t i = 0; i < messages; i++) {
		high += load_count(load, *now_ns);
		*now_ns += SECOND_NS / per_second;
	}
	return high;
}

static void test_burst(void)
{
	struct load load = {0};
	uint64_t now_ns = START_NS, never_ns = 1;

	tap_is_int(count(&load, &never_ns, 1, 1), 0, "the first of all");
	for (int i = 1; i < LOAD_BURST; i++)
		if (load_count(&load, now_ns))
			tap_ok(false, "a burst below the limit");
	tap_ok(load_count(&load, now_ns), "a burst at the limit");
	tap_ok(load_count(&load, now_ns + SECOND_NS - 1), "high for a second");
	tap_ok(!load_count(&load, now_ns + SECOND_NS), "and not longer");
}

static void test_steady(void)
{
	struct load load = {0};
	uint64_t now_ns = START_NS;

	tap_is_int(count(&load, &now_ns, 100000, LOAD_PER_SECOND), 0, "at the rate: never high");
	tap_is_int(count(&load, &now_ns, 100000, LOAD_PER_SECOND / 2), 0, "below it: never");
	uint64_t high = count(&load, &now_ns, 100000, 2 * LOAD_PER_SECOND);
	tap_ok(high > 98900 && high < 100000, "at twice the rate: after the burst, always");
}

/* A flood that has gone does not count for longer than a second. */
static void test_after_flood(void)
{
	struct load load = {0};
	uint64_t now_ns = START_NS;

	(void)count(&load, &now_ns, 1000000, 1000000);
	tap_ok(load_count(&load, now_ns), "in a flood");
	tap_ok(!load_count(&load, now_ns + SECOND_NS + 1), "a second after it");
	tap_is_int(load.level_ns, SECOND_NS / LOAD_PER_SECOND, "it has leaked out");
}

/* High again and again: each time that it is exceeded the second begins anew. */
static void test_extension(void)
{
	struct load load = {0};
	uint64_t now_ns = START_NS;

	(void)count(&load, &now_ns, LOAD_BURST, SECOND_NS);
	(void)load_count(&load, START_NS + SECOND_NS / 2);
	now_ns = START_NS + SECOND_NS * 3 / 4;
	(void)count(&load, &now_ns, LOAD_BURST + 1, SECOND_NS);
	tap_ok(load_count(&load, START_NS + SECOND_NS * 7 / 4 - 1), "a second after the last");
}

int main(void)
{
	test_burst();
	test_steady();
	test_after_flood();
	test_extension();
	return tap_done();
}
