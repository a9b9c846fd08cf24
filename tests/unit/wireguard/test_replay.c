/* SPDX-License-Identifier: ISC */
#include "wireguard/replay.h"

#include "base/attributes.h"
#include "operations.h"
#include "tap.h"

enum {
	STEPS_MOST = 10,
	RING = REPLAY_WORDS * REPLAY_WORD_BITS,
	RANGE = 1 << 20, /* counters that one window of the model meets */
	FAR = 3 * RING,	 /* the longest jump of the model */
};

/* Counters in turn, and whether each is accepted. */
static const struct replay_case {
	const char *name;
	struct {
		uint64_t counter;
		bool want;
	} steps[STEPS_MOST];
	size_t count;
} cases[] = {
	{"first is 0", {{0, true}, {0, false}, {1, true}, {1, false}, {0, false}}, 5},
	{"first is 1, then 0", {{1, true}, {0, true}, {0, false}, {1, false}}, 4},
	{"first is far", {{RING + 5, true}, {RING + 5, false}, {RING + 4, true}}, 3},
	{"8191 back", {{8191, true}, {0, true}, {0, false}, {8191, false}}, 4},
	{"8192 back", {{8192, true}, {0, true}, {0, false}, {8192, false}}, 4},
	{"8193 back", {{8193, true}, {0, false}, {1, true}, {1, false}, {0, false}}, 5},
	{"8192 back at the end of a word", {{8255, true}, {63, true}, {62, false}, {63, false}}, 4},
	{"8192 back at the start of a word", {{8256, true}, {64, true}, {63, false}}, 3},
	{"seen stays seen at the edge", {{0, true}, {8192, true}, {0, false}, {8193, true}}, 4},
	{"left behind unseen", {{5, true}, {8198, true}, {4, false}, {5, false}, {6, true}}, 5},
	{"one more than the ring", {{0, true}, {RING, true}, {RING, false}, {RING - 8192, true}},
		4},
	{"same bit, once around", {{7, true}, {RING + 7, true}, {RING + 7, false}, {7, false}}, 4},
	{"same bit, twice around", {{7, true}, {2 * RING + 7, true}, {2 * RING + 7, false}}, 3},
	{"a jump clears what lies between",
		{{63, true}, {64, true}, {RING + 63, true}, {RING + 62, true}, {RING + 1, true},
			{RING + 64, true}, {RING + 64, false}},
		7},
	{"a jump of many rings",
		{{3, true}, {1000000007, true}, {1000000006, true}, {1000000007 - 8192, true},
			{1000000007 - 8193, false}},
		5},
	{"word by word",
		{{63, true}, {64, true}, {127, true}, {128, true}, {64, false}, {63, false}}, 6},
	{"greatest number", {{UINT64_MAX, false}, {UINT64_MAX, false}, {0, true}}, 3},
	{"one below the greatest number",
		{{UINT64_MAX - 1, true}, {UINT64_MAX - 1, false}, {UINT64_MAX, false},
			{UINT64_MAX - 1 - 8192, true}, {UINT64_MAX - 1 - 8192, false},
			{UINT64_MAX - 1 - 8193, false}, {UINT64_MAX - 2, true}, {0, false}},
		8},
	{"from the least to the greatest",
		{{0, true}, {UINT64_MAX - 1, true}, {0, false}, {UINT64_MAX - 2, true},
			{UINT64_MAX - 64, true}, {UINT64_MAX - 64, false}},
		6},
	{"2^63",
		{{UINT64_C(1) << 63, true}, {(UINT64_C(1) << 63) - 1, true},
			{UINT64_C(1) << 63, false}},
		3},
};

static void test_cases(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct replay replay;
		bool held = true;

		memset(&replay, 0xff, sizeof replay);
		replay_reset(&replay);
		for (size_t step = 0; step < cases[i].count; step++) {
			held = held && replay_accept(&replay, cases[i].steps[step].counter) ==
					       cases[i].steps[step].want;
		}
		tap_ok(held, cases[i].name);
	}
}

/* Every distance to the greatest, at every place in a word. */
static void test_every_distance(void)
{
	unsigned wrong = 0;

	for (uint64_t greatest = 20000; greatest < 20000 + REPLAY_WORD_BITS; greatest++) {
		struct replay replay;

		replay_reset(&replay);
		wrong += !replay_accept(&replay, greatest);
		for (uint64_t back = 1; back < 2 * RING && back <= greatest; back++)
			wrong += replay_accept(&replay, greatest - back) != (back <= 8192);
	}
	tap_is_int(wrong, 0, "every distance at every bit");
}

/* Which counters have been accepted, counted from `base`. */
struct model {
	uint64_t base;
	bool any;
	uint64_t greatest;
	bool seen[RANGE];
};

static bool model_accept(struct model *model, uint64_t at)
{
	if (model->base + at == UINT64_MAX || model->seen[at])
		return false;
	if (model->any && at < model->greatest && model->greatest - at > REPLAY_WINDOW)
		return false;
	if (!model->any || at > model->greatest)
		model->greatest = at;
	model->any = true;
	model->seen[at] = true;
	return true;
}

/* A counter as a network brings it: the next one mostly, at times late, again or far ahead. */
static uint64_t draw(struct prng *prng, const struct model *model)
{
	uint64_t around = model->greatest + 1;

	switch (prng_below(prng, 16)) {
	case 0:
		return around + prng_below(prng, prng_one_in(prng, 64) ? FAR : 200);
	case 1:
	case 2:
		around += REPLAY_WORD_BITS;
		return around - prng_below(prng, around < 9000 ? around : 9000);
	case 3:
	case 4:
	case 5:
		return around - prng_below(prng, around < 100 ? around : 100);
	case 6: /* about the edge of the window */
		around = around > 8256 ? around - 8256 : 0;
		return around + prng_below(prng, 128);
	default:
		return around;
	}
}

static void test_random(void)
{
	static struct model model;
	struct prng prng = prng_start();
	struct replay replay = {0};
	uint64_t left = operations_wanted(), accepted = 0;

	for (; left > 0; left--) {
		uint64_t at = draw(&prng, &model);
		if (at >= RANGE || prng_one_in(&prng, 200000)) {
			memset(&model, 0, sizeof model);
			replay_reset(&replay);
			model.base = prng_below(&prng, 3) ? prng_u64(&prng) >> prng_below(&prng, 64)
							  : UINT64_MAX;
			if (model.base > UINT64_MAX - (RANGE - 1))
				model.base = UINT64_MAX - (RANGE - 1);
			at = prng_below(&prng, RANGE);
		}
		bool want = model_accept(&model, at);
		accepted += want;
		if (replay_accept(&replay, model.base + at) != want)
			break;
	}
	tap_is_int(left, 0, "random counters: as the model");
	printf("# %" PRIu64 " accepted\n", accepted);
}

int main(void)
{
	test_cases();
	test_every_distance();
	test_random();
	return tap_done();
}
