/* SPDX-License-Identifier: ISC */
#include "wireguard/ratelimiter.h"

#include "operations.h"
#include "tap.h"

#define MS UINT64_C(1000000)
#define COST (50 * MS) /* kernel ratelimiter.c: PACKET_COST, TOKEN_MAX */
#define MOST (5 * COST)
#define START (UINT64_C(1000000000) * 3600)

enum {
	SOURCES = 40,
	STEPS_MOST = 16,
};

static const struct siphash_key key = {1, 2};

static struct address address_of(const char *text)
{
	struct address address;

	if (address_parse(text, strlen(text), &address) < 0)
		abort();
	return address;
}

/* Handshakes in turn: milliseconds since the one before, from where, and whether it may. */
static const struct limit_case {
	const char *name;
	struct {
		uint64_t after_ms;
		const char *source;
		bool want;
	} steps[STEPS_MOST];
} cases[] = {
	{"five at once, the sixth is too many",
		{{0, "192.0.2.1", true}, {0, "192.0.2.1", true}, {0, "192.0.2.1", true},
			{0, "192.0.2.1", true}, {0, "192.0.2.1", true}, {0, "192.0.2.1", false}}},
	{"twenty a second for ever",
		{{0, "192.0.2.1", true}, {50, "192.0.2.1", true}, {50, "192.0.2.1", true},
			{50, "192.0.2.1", true}, {50, "192.0.2.1", true}, {50, "192.0.2.1", true},
			{50, "192.0.2.1", true}, {50, "192.0.2.1", true}, {50, "192.0.2.1", true}}},
	{"one more after a twentieth, not before",
		{{0, "192.0.2.1", true}, {0, "192.0.2.1", true}, {0, "192.0.2.1", true},
			{0, "192.0.2.1", true}, {0, "192.0.2.1", true}, {49, "192.0.2.1", false},
			{1, "192.0.2.1", true}, {0, "192.0.2.1", false}}},
	{"what was refused costs nothing",
		{{0, "192.0.2.1", true}, {0, "192.0.2.1", true}, {0, "192.0.2.1", true},
			{0, "192.0.2.1", true}, {0, "192.0.2.1", true}, {10, "192.0.2.1", false},
			{10, "192.0.2.1", false}, {10, "192.0.2.1", false},
			{10, "192.0.2.1", false}, {10, "192.0.2.1", true}}},
	{"rest does not give more than five",
		{{0, "192.0.2.1", true}, {60000, "192.0.2.1", true}, {0, "192.0.2.1", true},
			{0, "192.0.2.1", true}, {0, "192.0.2.1", true}, {0, "192.0.2.1", true},
			{0, "192.0.2.1", false}}},
	{"each IPv4 address is a source",
		{{0, "192.0.2.1", true}, {0, "192.0.2.1", true}, {0, "192.0.2.1", true},
			{0, "192.0.2.1", true}, {0, "192.0.2.1", true}, {0, "192.0.2.1", false},
			{0, "192.0.2.0", true}, {0, "192.0.3.1", true}}},
	{"an IPv6 /64 is one source",
		{{0, "2001:db8::1", true}, {0, "2001:db8::2", true}, {0, "2001:db8::3", true},
			{0, "2001:db8::ffff:0:0:1", true}, {0, "2001:db8::", true},
			{0, "2001:db8::4", false}, {0, "2001:db8:0:1::1", true}}},
	{"IPv4 and IPv6 of the same bytes are two",
		{{0, "192.0.2.1", true}, {0, "192.0.2.1", true}, {0, "192.0.2.1", true},
			{0, "192.0.2.1", true}, {0, "192.0.2.1", true}, {0, "192.0.2.1", false},
			{0, "c000:201::", true}}},
};

static void test_cases(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct ratelimiter limiter;
		uint64_t now_ns = START;
		bool held = ratelimiter_init(&limiter, 256, key) == 0;

		for (size_t step = 0; held && cases[i].steps[step].source; step++) {
			struct address source = address_of(cases[i].steps[step].source);

			now_ns += cases[i].steps[step].after_ms * MS;
			held = ratelimiter_allow(&limiter, now_ns, &source) ==
			       cases[i].steps[step].want;
		}
		tap_ok(held, cases[i].name);
		ratelimiter_done(&limiter);
	}
}

/* When the table begins at time 0, a source has its whole burst. */
static void test_time_zero(void)
{
	struct ratelimiter limiter;
	struct address source = address_of("192.0.2.1");
	unsigned allowed = 0;

	tap_is_int(ratelimiter_init(&limiter, 1, key), 0, "the smallest table");
	for (int i = 0; i < 10; i++)
		allowed += ratelimiter_allow(&limiter, 0, &source);
	tap_is_int(allowed, 5, "five at time 0");
	ratelimiter_done(&limiter);
	ratelimiter_done(&limiter);
	tap_is_int(ratelimiter_init(&limiter, SIZE_MAX, key), -ENOMEM, "too many sources");
}

/* A table of one set: a new source takes the place of the one that is nearest to full. */
static void test_eviction(void)
{
	struct ratelimiter limiter;
	struct address sources[9];
	unsigned wrong = 0;

	if (!tap_ok(ratelimiter_init(&limiter, 1, key) == 0 && limiter.set_count == 1, "one set"))
		return;
	for (uint8_t i = 0; i < 9; i++)
		sources[i] = (struct address){.family = ADDRESS_IPV4, .bytes = {10, 0, 0, i}};
	for (size_t i = 0; i < 8; i++) {
		for (size_t spent = 0; spent < (i == 3 ? 1 : 5); spent++)
			wrong += !ratelimiter_allow(&limiter, START + i, &sources[i]);
	}
	wrong += !ratelimiter_allow(&limiter, START + 10, &sources[8]);
	tap_is_int(wrong, 0, "a ninth source in a full set of eight is served");
	for (size_t i = 0; i < 8; i++)
		wrong += i != 3 && ratelimiter_allow(&limiter, START + 20, &sources[i]);
	tap_is_int(wrong, 0, "those who have spent their bucket are still known");
	for (size_t spent = 1; spent < 5; spent++)
		wrong += !ratelimiter_allow(&limiter, START + 30, &sources[8]);
	tap_ok(wrong == 0 && !ratelimiter_allow(&limiter, START + 30, &sources[8]),
		"the newcomer is limited as they are");
	ratelimiter_done(&limiter);
}

/* However many sources there are, no source gets less than its due. */
static void test_crowd(struct prng *prng)
{
	struct ratelimiter limiter;
	uint64_t now_ns = START;
	unsigned wrong = 0;

	if (!tap_ok(ratelimiter_init(&limiter, 64, key) == 0, "a small table"))
		return;
	for (uint32_t i = 0; i < 100000; i++) {
		struct address source = {.family = ADDRESS_IPV4};
		uint32_t number = (uint32_t)prng_u64(prng);

		memcpy(source.bytes, &number, sizeof number);
		now_ns += 1000;
		wrong += !ratelimiter_allow(&limiter, now_ns, &source);
	}
	tap_is_int(wrong, 0, "a flood from many sources refuses no new one");
	ratelimiter_done(&limiter);
}

/* The model: tokens and time for each source, as in the kernel. */
struct model {
	struct address source[SOURCES];
	uint64_t tokens[SOURCES];
	uint64_t last_ns[SOURCES];
};

static bool model_allow(struct model *model, uint64_t now_ns, size_t at)
{
	uint64_t tokens = model->tokens[at] + now_ns - model->last_ns[at];

	model->tokens[at] = tokens > MOST ? MOST : tokens;
	model->last_ns[at] = now_ns;
	if (model->tokens[at] < COST)
		return false;
	model->tokens[at] -= COST;
	return true;
}

static void test_random(struct prng *prng)
{
	struct model model = {0};
	struct ratelimiter limiter;
	uint64_t left = operations_wanted(), now_ns = START, allowed = 0;

	/* So much room that no source has to give way, but with a chance of one in 10^11. */
	if (!tap_ok(ratelimiter_init(&limiter, 32768, key) == 0, "a table for random operations"))
		return;
	for (size_t i = 0; i < SOURCES; i++) {
		model.source[i].family = i % 2 ? ADDRESS_IPV4 : ADDRESS_IPV6;
		prng_fill(prng, model.source[i].bytes, i % 2 ? 4 : 16);
		model.tokens[i] = MOST;
		model.last_ns[i] = START;
	}
	for (; left > 0; left--) {
		size_t at = prng_below(prng, SOURCES);

		now_ns += prng_below(prng, prng_one_in(prng, 1000) ? 1000 * MS : 2 * MS);
		bool want = model_allow(&model, now_ns, at);
		allowed += want;
		if (ratelimiter_allow(&limiter, now_ns, &model.source[at]) != want)
			break;
	}
	tap_is_int(left, 0, "random handshakes: as the model");
	printf("# %" PRIu64 " allowed\n", allowed);
	ratelimiter_done(&limiter);
}

int main(void)
{
	test_cases();
	test_time_zero();
	test_eviction();
	struct prng prng = prng_start();
	test_crowd(&prng);
	test_random(&prng);
	return tap_done();
}
