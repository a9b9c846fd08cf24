/* SPDX-License-Identifier: ISC */
/*
 * Packets a second and round-trip times between two network namespaces; one line of JSON for each.
 *
 *   packets flood FROM TO ADDRESS SIZE SECONDS         as fast as it goes
 *   packets rate FROM TO ADDRESS SIZE SECONDS RATE     so many a second
 *   packets search FROM TO ADDRESS SIZE SECONDS MOST   the highest rate with hardly any loss
 *   packets segments FROM TO ADDRESS SIZE SECONDS      as fast as it goes, cut by the kernel
 *   packets ping FROM TO ADDRESS SIZE SECONDS          one at a time, there and back
 *
 * FROM and TO are names of namespaces (ip-netns(8)), ADDRESS is one of TO's, SIZE the payload's.
 */
#include "traffic.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SEARCH_STEPS = 7, /* halvings, down to one percent of the range */
	PINGS_MAX = 1000000,
};

/* Fewer lost are none: a scheduler's hiccup on a busy machine is not the tunnel's limit. */
#define LOSS_MAX 0.001

struct command {
	const char *name;
	void (*run)(const struct traffic *traffic, const struct trial *trial);
	int argc;
};

/* Stops the benchmark where a step has failed. */
static void need(int result, const char *what)
{
	if (result >= 0)
		return;
	(void)fprintf(stderr, "packets: %s: %s\n", what, strerror(-result));
	exit(1);
}

static void print_result(const struct trial_result *result)
{
	printf("{\"sent\": %" PRIu64 ", \"received\": %" PRIu64 ", \"duplicates\": %" PRIu64
	       ", \"passed\": %" PRIu64 ", \"loss\": %.6f, \"sent_rate\": %.0f, "
	       "\"received_rate\": %.0f}\n",
		result->sent, result->received, result->duplicates, result->passed,
		traffic_loss(result), result->sent_rate, result->received_rate);
}

static void run_rate(const struct traffic *traffic, const struct trial *trial)
{
	struct trial_result result;

	need(traffic_run(traffic, trial, &result), "send and receive");
	print_result(&result);
}

static void run_segments(const struct traffic *traffic, const struct trial *trial)
{
	struct trial segmented = *trial;

	segmented.is_segmented = true;
	run_rate(traffic, &segmented);
}

/* Whether that rate passes without loss, in one of two tries. */
static bool passes(const struct traffic *traffic, const struct trial *trial, double rate,
	struct trial_result *ret_result)
{
	struct trial step = *trial;

	step.rate = rate;
	for (int tries = 0; tries < 2; tries++) {
		need(traffic_run(traffic, &step, ret_result), "send and receive");
		if (traffic_loss(ret_result) < LOSS_MAX)
			return true;
	}
	return false;
}

/* Halves the range between a rate that passes and one that does not; each step is a short trial. */
static void run_search(const struct traffic *traffic, const struct trial *trial)
{
	struct trial step = *trial;
	struct trial_result result, best = {0};
	double low = 0, high = trial->rate;

	step.duration_ns /= SEARCH_STEPS;
	for (int i = 0; i < SEARCH_STEPS; i++) {
		double rate = (low + high) / 2;
		if (!passes(traffic, &step, rate, &result)) {
			high = rate;
			continue;
		}
		low = rate;
		if (result.sent_rate > best.sent_rate)
			best = result;
	}
	print_result(&best);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void run_ping(const struct traffic *traffic, const struct trial *trial)
{
	uint64_t *times = calloc(PINGS_MAX, sizeof *times);
	int count = times ? traffic_ping(traffic, trial, PINGS_MAX, times) : -1;

	need(count, "ping");
	qsort(times, (size_t)count, sizeof *times, compare);
	printf("{\"count\": %d, \"p50_us\": %.2f, \"p99_us\": %.2f, \"least_us\": %.2f}\n", count,
		(double)times[count / 2] / 1000, (double)times[(size_t)count * 99 / 100] / 1000,
		(double)times[0] / 1000);
	free(times);
}

static const struct command commands[] = {
	{"flood", run_rate, 7},
	{"rate", run_rate, 8},
	{"search", run_search, 8},
	{"segments", run_segments, 7},
	{"ping", run_ping, 7},
};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *command = argc > 1 ? find(argv[1]) : NULL;
	struct traffic traffic;

	if (!command || argc != command->argc) {
		(void)fputs("usage: packets flood|rate|search|segments|ping FROM TO ADDRESS SIZE "
			    "SECONDS "
			    "[RATE]\n",
			stderr);
		return 2;
	}
	const struct trial trial = {
		.size = strtoul(argv[5], NULL, 10),
		.duration_ns = (uint64_t)(strtod(argv[6], NULL) * NS_PER_S),
		.rate = argc > 7 ? strtod(argv[7], NULL) : 0,
	};
	if (trial.size < TRAFFIC_SIZE_MIN || trial.size > TRAFFIC_SIZE_MAX) {
		(void)fprintf(stderr, "packets: %s: a size from %d to %d\n", argv[5],
			TRAFFIC_SIZE_MIN, TRAFFIC_SIZE_MAX);
		return 2;
	}
	need(traffic_open(argv[2], argv[3], argv[4], &traffic), "open sockets (are you root?)");
	command->run(&traffic, &trial);
	return 0;
}
