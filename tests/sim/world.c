/* SPDX-License-Identifier: ISC */
#include "world.h"

#include "fault.h"
#include "network.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Stragglers are gone by then: nothing that is old can move an endpoint any more. */
#define DRAIN_NS (9 * SECOND)

/* In the calm all pairs talk that often, for at most so long. */
#define ROUND_NS (2 * SECOND)
#define CALM_NS (60 * SECOND)
#define SLOW_NS (30 * SECOND)

/*
 * Then all that is under way has ended (attempts take 90 s), and nothing begins by itself; keys are
 * wiped after three times REJECT_AFTER_TIME.
 */
#define QUIET_AFTER_NS (130 * SECOND)
#define QUIET_NS (600 * SECOND)

void world_fail(struct world *world, const char *format, ...)
{
	va_list arguments;

	if (world->has_failed)
		return;
	world->has_failed = true;
	va_start(arguments, format);
	(void)vsnprintf(world->failure, sizeof world->failure, format, arguments);
	va_end(arguments);
	if (world->is_tracing)
		printf("%14.6f FAILED: %s\n", (double)world->now_ns / NS_PER_S, world->failure);
}

/* Folds bytes into the hash; quality does not matter much. */
static void fold(uint64_t *hash, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (; size >= 8; at += 8, size -= 8)
		*hash = (*hash ^ load_le64(at)) * 0x9e3779b97f4a7c15, *hash ^= *hash >> 29;
	for (; size > 0; at++, size--)
		*hash = (*hash ^ *at) * 0x9e3779b97f4a7c15;
}

static void print_trace(
	const struct world *world, const char *what, int node, const void *bytes, size_t size)
{
	static const char *const types[] = {"junk", "initiation", "response", "cookie", "data"};

	printf("%14.6f node %d %s", (double)world->now_ns / NS_PER_S, node, what);
	if (size > 0)
		printf(" %s of %zu bytes", types[message_classify(bytes, size)], size);
	puts("");
}

void world_trace(struct world *world, const char *what, int node, const void *bytes, size_t size)
{
	const uint64_t head[] = {world->now_ns, (uint64_t)node, size};

	fold(&world->trace_hash, head, sizeof head);
	fold(&world->trace_hash, what, strlen(what));
	if (size > 0)
		fold(&world->trace_hash, bytes, size);
	if (world->is_tracing)
		print_trace(world, what, node, bytes, size);
}

uint64_t world_gap(struct world *world, uint64_t mean_ns)
{
	return 1 + dice_below(&world->dice, 2 * mean_ns);
}

void world_schedule(struct world *world, enum event_kind kind, uint64_t delay_ns)
{
	const struct event event = {.time_ns = world->now_ns + delay_ns, .kind = kind};
	schedule_add(&world->schedule, &event);
}

/* ---- the calm ---- */

/* Whether `a` believes `b` to be where it is. */
static bool is_found(const struct world *world, int a, int b)
{
	for (int family = 0; family < OUTER_FAMILIES; family++)
		if (endpoint_equal_remote(
			    &world->relations[a][b].view, &world->nodes[b].outer[family]))
			return true;
	return false;
}

/*
 * Two peers that both believe the other to be elsewhere never find each other again; an adversary
 * that has moved both endpoints by letters of theirs, or one endpoint and a NAT the other, achieves
 * that. WireGuard has no way out but configuration: as a person would, tell who was told once.
 */
static void reunite(struct world *world)
{
	for (int a = 0; a < (int)world->node_count; a++) {
		for (int b = 0; b < (int)world->node_count; b++) {
			if (!world->relations[a][b].must_converge || is_found(world, a, b) ||
				is_found(world, b, a) || !world->nodes[b].is_stable ||
				world->relations[a][b].configured.remote.family == ADDRESS_NONE)
				continue;
			node_configure_endpoint(world, &world->nodes[a], b);
			world->statistics->lost_pairs++;
		}
	}
}

static void begin_calm(struct world *world)
{
	world->is_calm = true;
	world->calm_since_ns = world->now_ns + DRAIN_NS;
	fault_heal_all(world);
	world_schedule(world, EVENT_ROUND, DRAIN_NS);
}

/* All pairs have talked: what came of it? */
static void judge_round(struct world *world)
{
	uint64_t took_ns = world->now_ns - world->calm_since_ns;

	if (world->traffic.missing > 0) {
		if (took_ns >= CALM_NS)
			world_fail(world,
				"no convergence: %u packets are missing after %" PRIu64
				" s of calm",
				world->traffic.missing, took_ns / SECOND);
		return;
	}
	if (took_ns > world->statistics->slowest_ns)
		world->statistics->slowest_ns = took_ns;
	if (took_ns > SLOW_NS)
		world->statistics->slow_worlds++;
	world->is_over = world->has_keepalives;
	world->quiet_from_ns = world->now_ns + QUIET_AFTER_NS;
	world_schedule(world, EVENT_ROUND, QUIET_AFTER_NS + QUIET_NS);
}

static void play_round(struct world *world)
{
	if (!world->is_calm) {
		begin_calm(world);
		return;
	}
	if (world->quiet_from_ns > 0) {
		if (world->sabotage == SABOTAGE_TALK)
			traffic_begin_round(world);
		for (size_t i = 0; i < world->node_count; i++)
			oracle_judge_quiet(world, &world->nodes[i]);
		world->is_over = true;
		return;
	}
	if (world->traffic.round == 0)
		reunite(world);
	else
		judge_round(world);
	if (world->quiet_from_ns > 0)
		return;
	traffic_begin_round(world);
	world_schedule(world, EVENT_ROUND, ROUND_NS);
}

/* ---- the course of a world ---- */

static void happen(struct world *world, const struct event *event)
{
	switch (event->kind) {
	case EVENT_ARRIVAL:
		network_arrive(world, event);
		break;
	case EVENT_TRAFFIC:
		traffic_happen(world);
		world_schedule(world, EVENT_TRAFFIC, world_gap(world, world->traffic_gap_ns));
		break;
	case EVENT_ADVERSARY:
		world_schedule(world, EVENT_ADVERSARY, adversary_act(world));
		break;
	case EVENT_FAULT:
		fault_happen(world);
		world_schedule(world, EVENT_FAULT, world_gap(world, world->fault_gap_ns));
		break;
	case EVENT_HEAL:
		fault_heal(world, event);
		break;
	case EVENT_ROUND:
		play_round(world);
		break;
	}
}

/* The node whose tick is due first; NULL: none is to come. */
static struct node *next_to_tick(struct world *world)
{
	struct node *next = NULL;

	for (size_t i = 0; i < world->node_count; i++) {
		struct node *node = &world->nodes[i];
		if (node_is_awake(node) && node->tick_ns != UINT64_MAX &&
			(!next || node->tick_ns < next->tick_ns))
			next = node;
	}
	return next;
}

static void step(struct world *world)
{
	struct node *node = next_to_tick(world);
	uint64_t event_ns = schedule_next_ns(&world->schedule);

	if (node && node->tick_ns <= event_ns) {
		if (node->tick_ns > world->now_ns)
			world->now_ns = node->tick_ns;
		node_tick(world, node);
		return;
	}
	struct event event = schedule_take(&world->schedule);
	world->now_ns = event.time_ns;
	bool is_chaos = event.kind == EVENT_TRAFFIC || event.kind == EVENT_ADVERSARY ||
			event.kind == EVENT_FAULT;
	if (!world->is_calm || !is_chaos)
		happen(world, &event);
}

/* Ends all; what was held back of the pools goes back. */
static void clear(struct world *world)
{
	for (size_t i = 0; i < world->node_count; i++) {
		struct node *node = &world->nodes[i];
		node_end(world, node);
		for (int shard = 0; shard < node->shard_count; shard++)
			packet_put_all(&node->pools[shard], &node->hostages[shard]);
		packet_put_all(&node->pools[0], &node->stolen);
		noise_identity_done(&node->identity);
	}
	adversary_done(&world->adversary);
}

bool world_play(struct world *world, uint64_t seed)
{
	world_draw(world, seed);
	while (!world->has_failed && !world->is_over)
		step(world);
	clear(world);
	world->statistics->virtual_ns += world->now_ns;
	world->statistics->worlds++;
	return !world->has_failed;
}

void world_done(struct world *world)
{
	for (int i = 0; i < NODES_MAX; i++)
		for (int shard = 0; shard < SHARDS_MAX; shard++)
			packet_pool_done(&world->nodes[i].pools[shard]);
	schedule_done(&world->schedule);
	letters_done(&world->letters);
	traffic_done(&world->traffic);
	oracle_done(&world->oracle);
}
