/* SPDX-License-Identifier: ISC */
#include "tap.h"

#include "base/error.h"
#include "wireguard/handshake_fixture.h"
#include "wireguard/timestamp.h"

#define STEP_NS (1ULL << 24)
#define LAST_STEP_NS (59 * STEP_NS) /* the last one within a second */
#define TODAY_NS (1700000000 * SECONDS_NS)

/* In this order, on one clock whose limit is TODAY + 100 s. */
static const struct {
	const char *name;
	uint64_t realtime_ns;
	uint64_t want_ns; /* 0: ERR_TIMESTAMPS */
} rows[] = {
	{"on a step", TODAY_NS, TODAY_NS},
	{"the same time", TODAY_NS, TODAY_NS + STEP_NS},
	{"1 ns later", TODAY_NS + 1, TODAY_NS + 2 * STEP_NS},
	{"coarsened", TODAY_NS + SECONDS_NS / 2, TODAY_NS + 29 * STEP_NS},
	{"the last step of a second", TODAY_NS + SECONDS_NS - 1, TODAY_NS + LAST_STEP_NS},
	{"goes to the next second", TODAY_NS + SECONDS_NS - 1, TODAY_NS + SECONDS_NS},
	{"a clock set back by a second", TODAY_NS, TODAY_NS + SECONDS_NS + STEP_NS},
	{"a clock set back to 1970", 0, TODAY_NS + SECONDS_NS + 2 * STEP_NS},
	{"a jump forward", TODAY_NS + 60 * SECONDS_NS, TODAY_NS + 60 * SECONDS_NS},
	{"a jump back", TODAY_NS + 30 * SECONDS_NS, TODAY_NS + 60 * SECONDS_NS + STEP_NS},
	{"beyond the limit: the limit", TODAY_NS + 500 * SECONDS_NS, TODAY_NS + 100 * SECONDS_NS},
	{"which is then used up", TODAY_NS + 500 * SECONDS_NS, 0},
	{"also when the clock is set back", TODAY_NS, 0},
	{"also at the end of time", UINT64_MAX, 0},
};

/* Seconds and nanoseconds since 1970, as TAI64N has them. */
static void tai64n(uint64_t time_ns, uint8_t ret_timestamp[static NOISE_TIMESTAMP_SIZE])
{
	store_be64(ret_timestamp, 0x400000000000000aULL + time_ns / SECONDS_NS);
	store_be32(ret_timestamp + 8, (uint32_t)(time_ns % SECONDS_NS));
}

static void test_rows(void)
{
	struct timestamp_clock clock = {.limit_ns = TODAY_NS + 100 * SECONDS_NS};
	uint8_t got[NOISE_TIMESTAMP_SIZE] = {0}, want[NOISE_TIMESTAMP_SIZE] = {0};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		int err = timestamp_next(&clock, rows[i].realtime_ns, got);
		if (rows[i].want_ns)
			tai64n(rows[i].want_ns, want); /* else untouched */
		tap_is_int(err, rows[i].want_ns ? 0 : ERR_TIMESTAMPS, rows[i].name);
		tap_is_bytes(got, want, sizeof want, rows[i].name);
	}
	clock.limit_ns += STEP_NS;
	tap_is_int(timestamp_next(&clock, TODAY_NS, got), 0, "after the limit was moved by a step");
	tap_is_int(timestamp_next(&clock, TODAY_NS, got), ERR_TIMESTAMPS, "there is one more");
}

static void test_restart(void)
{
	struct timestamp_clock clock = {.last_ns = TODAY_NS + 77, .limit_ns = UINT64_MAX};
	struct timestamp_clock unset = {0};
	uint8_t got[NOISE_TIMESTAMP_SIZE], want[NOISE_TIMESTAMP_SIZE];

	tap_is_int(timestamp_next(&unset, TODAY_NS, got), ERR_TIMESTAMPS, "no limit stored yet");
	tap_is_int(timestamp_next(&clock, TODAY_NS, got), 0, "went on from what was stored");
	tai64n(TODAY_NS + STEP_NS, want);
	tap_is_bytes(got, want, sizeof want, "which need not be coarse");
}

/* A clock that is set back: timestamps go on all the same, a sixteenth slower. */
static void test_set_back(void)
{
	struct timestamp_clock clock = {.limit_ns = UINT64_MAX};
	const struct moment first = {1000 * SECONDS_NS, TODAY_NS};
	const struct moment back = {1160 * SECONDS_NS, TODAY_NS - 86400 * SECONDS_NS};
	const struct moment again = {1320 * SECONDS_NS, TODAY_NS - 86240 * SECONDS_NS};
	const struct moment ahead = {1330 * SECONDS_NS, TODAY_NS + 86400 * SECONDS_NS};

	tap_ok(timestamp_time_ns(&clock, first) == first.realtime_ns,
		"at first, what the clock says");
	tap_ok(timestamp_time_ns(&clock, back) == TODAY_NS + 150 * SECONDS_NS,
		"set back: what goes on from there");
	tap_ok(timestamp_time_ns(&clock, again) == TODAY_NS + 300 * SECONDS_NS, "and on");
	clock.last_ns = TODAY_NS;
	tap_ok(timestamp_farthest_ns(&clock) == TODAY_NS + 300 * SECONDS_NS, "limit or not");
	tap_ok(timestamp_time_ns(&clock, ahead) == ahead.realtime_ns, "until it has caught up");
}

/* The end of time: numbers do not begin again at 0. */
static void test_end(void)
{
	struct timestamp_clock clock = {.limit_ns = UINT64_MAX};
	uint8_t got[NOISE_TIMESTAMP_SIZE];
	int given = 0;

	while (given < 1000 && !timestamp_next(&clock, UINT64_MAX, got))
		given++;
	tap_ok(given >= 1 && given < 60, "at the end of time there are no more");
}

/* Any clock: each timestamp is greater than all before, coarse, and within the limit. */
static void test_random_clocks(void)
{
	uint64_t seed = 0x7a164, limits = 0, wrong = 0;
	struct timestamp_clock clock = {.limit_ns = TODAY_NS};
	uint8_t last[NOISE_TIMESTAMP_SIZE] = {0}, got[NOISE_TIMESTAMP_SIZE];

	for (int i = 0; i < 1000000; i++) {
		uint64_t jump_ns = seeded_u64(&seed) >> (14 + seeded_u64(&seed) % 50);
		uint64_t realtime_ns = TODAY_NS / 2 + clock.last_ns / 2 + jump_ns;
		if (timestamp_next(&clock, realtime_ns, got)) {
			limits++;
			clock.limit_ns += 1 + seeded_u64(&seed) % (10 * SECONDS_NS);
			continue;
		}
		wrong += memcmp(got, last, sizeof got) <= 0;
		uint32_t fraction_ns = (uint32_t)load_be64(got + 4);
		wrong += fraction_ns % STEP_NS != 0 || fraction_ns >= SECONDS_NS;
		wrong += clock.last_ns > clock.limit_ns;
		memcpy(last, got, sizeof last);
	}
	tap_is_int(wrong, 0, "a million clocks");
	printf("# limit reached %" PRIu64 " times\n", limits);
	tap_ok(limits > 1000 && limits < 900000, "some of which reached the limit");
}

int main(void)
{
	test_rows();
	test_restart();
	test_set_back();
	test_end();
	test_random_clocks();
	return tap_done();
}
