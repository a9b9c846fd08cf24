/* SPDX-License-Identifier: ISC */
/* When a new knock key is due, by clocks that jump; and which one a device uses where. */
#include "controller/knocks.h"

#include "base/bytes.h"
#include "tap.h"

#include <stdlib.h>

enum {
	DAY_S = 24 * 3600,
	LOOKS = 200000, /* so often virtual time goes on */
	LOOK_S = 5,
	JUMPS = 60, /* of the clock on the wall */
};
#define DAY_NS (DAY_S * (uint64_t)NS_PER_S)

static uint64_t state = 4;

/* splitmix64 */
static uint64_t roll(uint64_t sides)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % sides;
}

static void test_due(void)
{
	const uint64_t made = 100 * DAY_NS;
	const struct {
		const char *name;
		uint64_t realtime_ns, up_ns;
		bool is_due;
	} rows[] = {
		{"just made", made, 0, false},
		{"a moment before", made + DAY_NS - 1, DAY_NS - 1, false},
		{"a day later", made + DAY_NS, DAY_NS, true},
		{"a day later, after a restart", made + DAY_NS, 0, true},
		{"half a day later, after a restart", made + DAY_NS / 2, 0, false},
		{"the clock was set back by a week", made - 7 * DAY_NS, DAY_NS - 1, false},
		{"and the process has run for a day", made - 7 * DAY_NS, DAY_NS, true},
		{"the clock was set to 1970", 0, 10, false},
		{"the clock was set forward by years", made + 3000 * DAY_NS, 10, true},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct moment now = {.monotonic_ns = 7 * DAY_NS + rows[i].up_ns,
			.realtime_ns = rows[i].realtime_ns};
		tap_is_int(
			knocks_is_due(made, 7 * DAY_NS, DAY_S, now), rows[i].is_due, rows[i].name);
	}
}

/* A year in which the clock jumps by days, either way: no key lives for longer than a day. */
static void test_jumps(void)
{
	struct moment now = {.monotonic_ns = 1, .realtime_ns = 20000 * DAY_NS};
	uint64_t made = now.realtime_ns, seen = now.monotonic_ns, longest = 0;
	unsigned rotations = 0, jumps = 0;

	for (unsigned i = 0; i < LOOKS; i++) {
		now.monotonic_ns += LOOK_S * (uint64_t)NS_PER_S;
		now.realtime_ns += LOOK_S * (uint64_t)NS_PER_S;
		if (roll(LOOKS / JUMPS) == 0) {
			uint64_t by = roll(10 * DAY_NS);
			now.realtime_ns += roll(2) ? by : -by;
			jumps++;
		}
		if (now.monotonic_ns - seen > longest)
			longest = now.monotonic_ns - seen;
		if (!knocks_is_due(made, seen, DAY_S, now))
			continue;
		made = now.realtime_ns;
		seen = now.monotonic_ns;
		rotations++;
	}
	tap_ok(longest <= DAY_NS, "no key is the newest for more than a day");
	tap_ok(jumps > 20 && rotations >= 11 && rotations <= 12 + jumps,
		"and a clock that is set makes at most one more");
}

static void test_where(void)
{
	struct store_gateway gateways[] = {
		{.knock_has = 0}, {.knock_has = 9}, {.knock_has = 4}, {.knock_has = 0}};
	struct controller controller = {
		.world = {.gateways = gateways, .gateway_count = 4}, .knocks.older = 4};

	tap_is_int((intmax_t)knocks_number_at(&controller, 0, 9), 9, "the newest at home");
	tap_is_int((intmax_t)knocks_number_at(&controller, 1, 9), 9, "and where it is in force");
	tap_is_int((intmax_t)knocks_number_at(&controller, 1, 7), 7, "or what it was told");
	tap_is_int((intmax_t)knocks_number_at(&controller, 2, 9), 4, "an older one elsewhere");
	tap_is_int((intmax_t)knocks_number_at(&controller, 3, 9), 0, "none where none is known");
	tap_is_int((intmax_t)knocks_number_at(&controller, 0, 0), 0, "none of none");
	tap_is_int((intmax_t)knocks_number_at(&controller, 1, 0), 0, "nor there");
	controller.knocks.older = 0;
	tap_is_int((intmax_t)knocks_number_at(&controller, 2, 9), 0, "none that was not written");
}

/* Joining keys by their invites; spoiled ones by the budget. */
static void test_gate(void)
{
	struct store_knock knocks[] = {
		{.number = 5, .key = {5}, .is_spoiled = true},
		{.number = 6, .key = {6}, .is_joining = true},
		{.number = 7, .key = {7}, .is_joining = true},
		{.number = 65544, .key = {8}},
	};
	struct world_invite invite = {.store.knock = 7};
	const struct world world = {
		.knocks = knocks, .knock_count = 4, .invites = &invite, .invite_count = 1};
	struct knock_key keys[KNOCK_KEYS_MAX];

	tap_is_int((intmax_t)world_knock_keys(&world, WORLD_KNOCKS_ALL, keys), 3, "keys");
	tap_ok(keys[0].epoch == 5 && keys[0].class == KNOCK_BUDGETED, "a spoiled one");
	tap_ok(keys[1].epoch == 7 && keys[1].class == KNOCK_BUDGETED, "one of an open invite");
	tap_ok(keys[2].epoch == 8 && keys[2].class == KNOCK_FULL && keys[2].key[0] == 8,
		"one in full right, by its epoch");
	tap_is_int((intmax_t)world_knock_keys(&world, WORLD_KNOCKS_MEMBERS, keys), 2,
		"without those of tokens");
	tap_is_int((intmax_t)world_knock_of_epoch(&world, 8), 65544, "the number of an epoch");
	tap_is_int((intmax_t)world_knock_of_epoch(&world, 7), 0, "which is no token's");
	tap_is_int((intmax_t)world_newest_knock(&world)->number, 65544, "the newest");
}

int main(void)
{
	test_due();
	test_jumps();
	test_where();
	test_gate();
	return tap_done();
}
