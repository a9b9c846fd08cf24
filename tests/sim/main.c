/* SPDX-License-Identifier: ISC */
/*
 * sim: plays worlds of WireGuard networks in virtual time and says what they amount to.
 * Exit code 0: all is well; 1: a world failed, its seed is printed; 2: wrong usage.
 */
#include "base/number.h"
#include "world.h"

#include "../unit/tap.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	WORLDS = 10000,		/* if not told */
	REPEAT_EVERY = 100,	/* worlds; such a one is played twice, to see that it is the same */
	SELF_TEST_WORLDS = 500, /* in which each sabotage has to be found */
};

struct options {
	uint64_t worlds, first;
	enum sabotage sabotage;
	bool is_single, is_tracing, is_self_test;
};

static const char usage[] =
	"usage: sim [--worlds N] [--first SEED] [--seed SEED] [--trace] [--sabotage KIND]\n"
	"           [--self-test]\n"
	"  --worlds N       how many, 10000 if not told\n"
	"  --first SEED     the first world's seed, 1 if not told; each next is one more\n"
	"  --seed SEED      this world only\n"
	"  --trace          print all events\n"
	"  --sabotage KIND  falsify the interfaces; a world has to fail. Kinds:\n";

static void print_usage(FILE *to)
{
	(void)fputs(usage, to);
	for (int kind = 1; kind < SABOTAGE_COUNT; kind++)
		(void)fprintf(to, "                     %-15s %s\n",
			sabotage_word((enum sabotage)kind), sabotage_meaning((enum sabotage)kind));
	(void)fputs("  --self-test      see that each sabotage is found\n", to);
}

/* A number, or the end. */
static uint64_t number(const char *text)
{
	uint64_t value;

	if (number_parse(text, strlen(text), UINT64_MAX, &value) == 0)
		return value;
	print_usage(stderr);
	exit(2);
}

static struct options parse(int argc, char **argv)
{
	static const struct option known[] = {{"worlds", 1, NULL, 'w'}, {"first", 1, NULL, 'f'},
		{"seed", 1, NULL, 's'}, {"trace", 0, NULL, 't'}, {"sabotage", 1, NULL, 'b'},
		{"self-test", 0, NULL, 'S'}, {"help", 0, NULL, 'h'}, {0}};
	struct options options = {.worlds = WORLDS, .first = 1};

	for (int c; (c = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
		if (c == 'w')
			options.worlds = number(optarg);
		else if (c == 'f' || c == 's')
			options.first = number(optarg);
		else if (c == 'b')
			options.sabotage = sabotage_named(optarg);
		options.is_single |= c == 's';
		options.is_tracing |= c == 't';
		options.is_self_test |= c == 'S';
		if (c == 'h' || c == '?' || options.sabotage == SABOTAGE_COUNT) {
			print_usage(c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
	}
	if (options.is_single)
		options.worlds = 1;
	return options;
}

/* Every reason why a packet dies comes up in a run that is long enough; but libcrypto does not
 * fail, shards whose pools are that small are rare, and no node here waits to be called. */
static bool has_reached_all(const struct drop_counters *drops)
{
	for (int drop = 1; drop < DROP_COUNT; drop++)
		if (drops->count[drop] == 0 && drop != DROP_CRYPTO_FAILED &&
			drop != DROP_SHARD_FULL && drop != DROP_OUT_NOT_HEARD)
			return false;
	return true;
}

static void print_drops(const struct drop_counters *drops)
{
	printf("# drops:");
	for (int drop = 1; drop < DROP_COUNT; drop++)
		if (drops->count[drop] > 0)
			printf(" %s %" PRIu64, drop_word((enum drop)drop), drops->count[drop]);
	printf("\n# never reached:");
	for (int drop = 1; drop < DROP_COUNT; drop++)
		if (drops->count[drop] == 0)
			printf(" %s", drop_word((enum drop)drop));
	puts("");
}

/* What it took: on a machine that others use too, processor time says more. */
static void print_time(const struct statistics *s, double seconds)
{
	double processor_seconds = (double)clock() / CLOCKS_PER_SEC;

	printf("# worlds %" PRIu64 ", virtual hours %.1f\n", s->worlds,
		(double)s->virtual_ns / NS_PER_S / 3600);
	printf("# seconds %.1f, processor seconds %.1f (%.2f ms a world)\n", seconds,
		processor_seconds, 1000 * processor_seconds / (double)s->worlds);
}

static void print_statistics(const struct statistics *s)
{
	printf("# handshakes %" PRIu64 ", datagrams %" PRIu64 " (cookie replies %" PRIu64
	       ", taken %" PRIu64 "), timestamps decoded %" PRIu64 "\n",
		s->handshakes, s->datagrams, s->cookie_replies, s->with_cookie, s->timestamps);
	printf("# inner packets sent %" PRIu64 ", delivered %" PRIu64 "\n", s->inner_sent,
		s->inner_delivered);
	printf("# adversary's datagrams %" PRIu64 ", faults %" PRIu64 "\n", s->adversary,
		s->faults);
	printf("# syncs of a disk %" PRIu64 ", pairs told endpoints anew %" PRIu64 "\n", s->syncs,
		s->lost_pairs);
	printf("# slowest convergence %" PRIu64 " s, worlds over 30 s %" PRIu64 "\n",
		(uint64_t)(s->slowest_ns / SECOND), s->slow_worlds);
	print_drops(&s->drops);
}

/* Plays a world, some twice; false: it failed, and why was printed. */
static bool play(struct world *world, uint64_t seed)
{
	bool is_well = world_play(world, seed);
	uint64_t hash = world->trace_hash;

	if (is_well && seed % REPEAT_EVERY == 0) {
		is_well = world_play(world, seed);
		if (is_well && world->trace_hash != hash) {
			world_fail(world, "the same seed gave two different worlds");
			is_well = false;
		}
	}
	if (!is_well)
		printf("# FAILED seed %" PRIu64 " at %.6f s: %s\n# replay: sim --seed %" PRIu64
		       " --trace\n",
			seed, (double)world->now_ns / NS_PER_S, world->failure, seed);
	return is_well;
}

static int run(struct world *world, const struct options *options)
{
	struct statistics statistics = {0};
	uint64_t began_ns = clock_now().monotonic_ns;
	bool is_well = true;

	world->statistics = &statistics;
	world->sabotage = options->sabotage;
	world->is_tracing = options->is_tracing;
	for (uint64_t i = 0; i < options->worlds && is_well; i++)
		is_well = play(world, options->first + i);
	print_time(&statistics, (double)(clock_now().monotonic_ns - began_ns) / NS_PER_S);
	print_statistics(&statistics);
	tap_ok(is_well, "all worlds converge, and no rule was broken");
	if (options->worlds >= WORLDS && is_well)
		tap_ok(has_reached_all(&statistics.drops) && statistics.with_cookie > 0,
			"every reason to drop came up, and cookies were of use");
	return tap_done();
}

/* Each sabotage has to be found soon. */
static int self_test(struct world *world, const struct options *options)
{
	struct statistics statistics = {0};

	world->statistics = &statistics;
	for (int kind = 1; kind < SABOTAGE_COUNT; kind++) {
		uint64_t seed = options->first;
		world->sabotage = (enum sabotage)kind;
		while (world_play(world, seed) && seed < options->first + SELF_TEST_WORLDS)
			seed++;
		tap_ok(world->has_failed, sabotage_meaning((enum sabotage)kind));
		printf("# %s: seed %" PRIu64 ": %s\n", sabotage_word((enum sabotage)kind), seed,
			world->has_failed ? world->failure : "not found");
	}
	return tap_done();
}

int main(int argc, char **argv)
{
	static struct world world;
	const struct options options = parse(argc, argv);

	int code = options.is_self_test ? self_test(&world, &options) : run(&world, &options);
	world_done(&world);
	return code;
}
