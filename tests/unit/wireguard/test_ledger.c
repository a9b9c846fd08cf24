/* SPDX-License-Identifier: ISC */
/* What must be stored of peers' timestamps, and what is refused after a restart. */
#include "tap.h"

#include "base/error.h"
#include "wireguard/ledger.h"

#include <stdlib.h>

#define T (1700000000 * SECONDS_NS)
#define S SECONDS_NS

static const uint8_t key[NOISE_KEY_SIZE] = {1}, other_key[NOISE_KEY_SIZE] = {2};
static const struct siphash_key secret = {1, 2};

struct stamp {
	uint8_t bytes[NOISE_TIMESTAMP_SIZE];
};

static struct stamp stamp_of(uint64_t time_ns)
{
	struct stamp stamp;

	horizon_timestamp(time_ns, stamp.bytes);
	return stamp;
}

/* A line is drawn at 100 s of our clock for a peer whose clock says T. */
static const struct {
	const char *name;
	uint64_t now_ns, time_ns;
	bool is_covered;
} covered[] = {
	{"what was stored", 100 * S, T, true},
	{"what is older", 900 * S, T - 1, true},
	{"an even clock, an hour later", 3700 * S, T + 3600 * S, true},
	{"slower by a second", 3700 * S, T + 3599 * S, true},
	{"up to the margin", 3700 * S, T + 3600 * S + HORIZON_MARGIN_NS, true},
	{"beyond the margin", 3700 * S, T + 3600 * S + HORIZON_MARGIN_NS + 1, false},
	{"far ahead", 101 * S, T + 3600 * S, false},
	{"beyond all clocks", 101 * S, 1ULL << 63, false},
};

static void test_horizon(void)
{
	struct horizon horizon = {.lead_ns = HORIZON_NO_LEAD};

	tap_ok(!horizon_covers(&horizon, stamp_of(1).bytes, S), "nothing is covered at first");
	horizon_extend(&horizon, stamp_of(T).bytes, 100 * S, HORIZON_MARGIN_NS);
	for (size_t i = 0; i < ARRAY_LENGTH(covered); i++)
		tap_ok(horizon_covers(&horizon, stamp_of(covered[i].time_ns).bytes,
			       covered[i].now_ns) == covered[i].is_covered,
			covered[i].name);
	horizon.lead_ns = HORIZON_NO_LEAD;
	tap_ok(horizon_covers(&horizon, stamp_of(T).bytes, S), "without a line: what was stored");
	tap_ok(!horizon_covers(&horizon, stamp_of(T + 1).bytes, 100 * S), "and nothing more");
}

/* Whatever is accepted without being stored lies below the bound, however late the restart is. */
static void test_bound(void)
{
	struct horizon horizon;
	uint8_t bound[NOISE_TIMESTAMP_SIZE];
	bool is_above = true;

	horizon_extend(&horizon, stamp_of(T).bytes, 100 * S, HORIZON_MARGIN_NS);
	for (uint64_t now_ns = 100 * S; now_ns < 300 * S; now_ns += S / 3) {
		for (uint64_t ahead_ns = 0; ahead_ns < S; ahead_ns += S / 50) {
			struct stamp stamp = stamp_of(T - 100 * S + now_ns + ahead_ns);
			horizon_bound(&horizon, now_ns, bound);
			is_above &= !horizon_covers(&horizon, stamp.bytes, now_ns) ||
				    memcmp(bound, stamp.bytes, sizeof bound) >= 0;
		}
	}
	tap_ok(is_above, "the bound is above all that was accepted");
	horizon_bound(&horizon, 200 * S, bound);
	tap_ok(memcmp(bound, stamp_of(T + 100 * S + 2 * HORIZON_MARGIN_NS).bytes, sizeof bound) < 0,
		"and below what the peer sends soon after");
	horizon_bound(&horizon, 0, bound);
	tap_is_bytes(bound, stamp_of(T).bytes, sizeof bound, "never below what was stored");
}

/* Nanoseconds that are none, years that nobody reaches, and years before 1970. */
static void test_odd_timestamps(void)
{
	static const uint8_t odd[][NOISE_TIMESTAMP_SIZE] = {
		{0}, {0x40}, {0x7f}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	struct stamp many = stamp_of(T);
	struct horizon horizon;
	uint8_t bound[NOISE_TIMESTAMP_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(odd); i++) {
		horizon_extend(&horizon, odd[i], 100 * S, HORIZON_MARGIN_NS);
		tap_ok(horizon.lead_ns == HORIZON_NO_LEAD, "no line for what no clock says");
		horizon_bound(&horizon, 200 * S, bound);
		tap_is_bytes(bound, odd[i], sizeof bound, "it is its own bound");
	}
	memset(many.bytes + 8, 0xff, 4);
	horizon_extend(&horizon, stamp_of(T).bytes, 100 * S, HORIZON_MARGIN_NS);
	tap_ok(!horizon_covers(&horizon, many.bytes, 100 * S), "4 billion ns are above the line");
	horizon_extend(&horizon, many.bytes, 100 * S, 0);
	horizon_bound(&horizon, 100 * S, bound);
	tap_ok(memcmp(bound, many.bytes, sizeof bound) >= 0, "and bound all the same");
}

/* One peer after the other: time, timestamp, whether something must be stored. */
static const struct {
	const char *name;
	uint64_t now_ns, time_ns;
	bool is_stored;
} calls[] = {
	{"the first call", 100 * S, T, true},
	{"the second, of a clock that runs evenly", 220 * S, T + 120 * S, true},
	{"the third", 340 * S, T + 240 * S, false},
	{"the fourth, after a day", 86740 * S, T + 86640 * S, false},
	{"after a jump ahead", 86860 * S, T + 90000 * S, true},
	{"a clock that stands", 86980 * S, T + 90000 * S + 1, true},
	{"still", 87100 * S, T + 90000 * S + 2, true},
	{"once it has caught up", 90340 * S, T + 90240 * S, true},
	{"and runs again", 90460 * S, T + 90360 * S, true},
	{"evenly", 90580 * S, T + 90480 * S, false},
};

static void test_accept(void)
{
	struct ledger ledger;
	struct ledger_entry *entry;

	if (ledger_init(&ledger, secret) < 0 || ledger_open(&ledger, key, &entry) < 0)
		abort();
	for (size_t i = 0; i < ARRAY_LENGTH(calls); i++)
		tap_ok(ledger_accept(entry, stamp_of(calls[i].time_ns).bytes, calls[i].now_ns) ==
				calls[i].is_stored,
			calls[i].name);
	ledger_done(&ledger);
}

/* Who makes us write again and again gets more room each time. */
static void test_hurry(void)
{
	struct ledger ledger;
	struct ledger_entry *entry;
	unsigned stored = 0;

	if (ledger_init(&ledger, secret) < 0 || ledger_open(&ledger, key, &entry) < 0)
		abort();
	for (unsigned i = 0; i < 5000; i++)
		stored += ledger_accept(
			entry, stamp_of(T + i * 100 * S).bytes, 100 * S + i * (S / 50));
	tap_ok(stored < 500, "of 5000 timestamps that run away a tenth is written");
	ledger_done(&ledger);
}

static void test_gone(void)
{
	struct ledger ledger;
	struct ledger_entry *entry, *again;
	uint8_t some_key[NOISE_KEY_SIZE] = {0};

	if (ledger_init(&ledger, secret) < 0 || ledger_open(&ledger, key, &entry) < 0)
		abort();
	(void)ledger_accept(entry, stamp_of(T).bytes, S); /* it is stored */
	ledger_close(&ledger, entry);
	tap_is_int(ledger_open(&ledger, key, &again), 0, "removed and added");
	tap_is_bytes(again->latest, stamp_of(T).bytes, NOISE_TIMESTAMP_SIZE, "it is remembered");
	ledger_close(&ledger, again);
	for (uint32_t i = 0; i < LEDGER_GONE_MAX; i++) {
		store_le32(some_key, i + 7);
		if (ledger_open(&ledger, some_key, &again) < 0)
			abort();
		ledger_close(&ledger, again);
	}
	tap_is_int(ledger.gone_count, LEDGER_GONE_MAX, "those that have gone are bounded");
	tap_is_int(ledger_open(&ledger, key, &again), 0, "the oldest");
	tap_ok(bytes_are_zero(again->latest, NOISE_TIMESTAMP_SIZE), "was forgotten");
	tap_is_int(ledger.slot_count, LEDGER_GONE_MAX + 1, "its slot is used again");
	ledger_forget(&ledger);
	tap_is_int(ledger.gone_count, 0, "another key of ours: all are forgotten");
	ledger_done(&ledger);
}

static void test_floor(void)
{
	struct ledger ledger;
	struct ledger_entry *known, *unknown;

	if (ledger_init(&ledger, secret) < 0 || ledger_open(&ledger, key, &known) < 0 ||
		ledger_remember(&ledger, key, stamp_of(5).bytes, HORIZON_NO_LEAD) < 0)
		abort();
	ledger_raise_floor(&ledger, stamp_of(T).bytes);
	tap_is_bytes(known->latest, stamp_of(5).bytes, NOISE_TIMESTAMP_SIZE,
		"of whom something is known is not concerned");
	tap_is_int(ledger_open(&ledger, other_key, &unknown), 0, "who is new");
	tap_is_bytes(unknown->latest, stamp_of(T).bytes, NOISE_TIMESTAMP_SIZE, "is");
	ledger_raise_floor(&ledger, stamp_of(T - 1).bytes);
	tap_is_bytes(ledger.floor, stamp_of(T).bytes, NOISE_TIMESTAMP_SIZE, "it never sinks");
	ledger_done(&ledger);
}

int main(void)
{
	test_horizon();
	test_bound();
	test_odd_timestamps();
	test_accept();
	test_hurry();
	test_gone();
	test_floor();
	return tap_done();
}
