/* SPDX-License-Identifier: ISC */
#include "fault.h"

#include "network.h"

/* How long it takes until a fault ends. */
static uint64_t draw_duration(struct world *world, enum fault fault)
{
	if (fault == FAULT_RESTART && dice_permille(&world->dice, 700))
		return dice_below(&world->dice, 3 * SECOND);
	if (fault == FAULT_DOWN && dice_permille(&world->dice, 700))
		return dice_below(&world->dice, SECOND);
	return world_gap(world, world->fault_gap_ns);
}

static void heal_later(struct world *world, enum fault fault, int node, int other)
{
	const struct event heal = {
		.time_ns = world->now_ns + draw_duration(world, fault),
		.kind = EVENT_HEAL,
		.node = node,
		.other = other,
		.what = fault,
	};
	schedule_add(&world->schedule, &heal);
}

/* In both directions mostly. */
static void cut(struct world *world, int node, int other)
{
	world->network.is_cut[node][other] = true;
	if (dice_permille(&world->dice, 700))
		world->network.is_cut[other][node] = true;
	heal_later(world, FAULT_PARTITION, node, other);
}

static void restart(struct world *world, struct node *node)
{
	world_trace(world, "ends", node->number, NULL, 0);
	node_end(world, node);
	heal_later(world, FAULT_RESTART, node->number, NOBODY);
}

/* Seconds to months, back or forth. */
static void jump(struct world *world, struct node *node)
{
	uint64_t by_ns = dice_below(&world->dice, SECOND << dice_below(&world->dice, 23)) + 1;

	world_trace(world, "clock jumps", node->number, &by_ns, sizeof by_ns);
	if (dice_permille(&world->dice, 500))
		node->realtime_ns += by_ns;
	else
		node->realtime_ns -= by_ns;
}

/* Takes all packets out of the pools. */
static void starve(struct node *node)
{
	struct packet *packet;

	for (int i = 0; i < node->shard_count; i++)
		while ((packet = packet_get(&node->pools[i])))
			packet_list_push(&node->hostages[i], packet);
}

/* As if that many messages had been sent already. */
static void advance_counters(struct world *world, struct node *node)
{
	uint64_t limit =
		dice_permille(&world->dice, 500) ? REKEY_AFTER_MESSAGES : REJECT_AFTER_MESSAGES;

	for (int other = 0; other < (int)world->node_count; other++) {
		struct peer *peer = node_peer(world, node, other);
		struct keypair *current = peer ? peer->keypairs.current : NULL;
		uint64_t counter = limit - dice_below(&world->dice, 4);
		if (current && current->sending_counter < counter)
			current->sending_counter = counter;
	}
}

static enum fault draw_fault(struct dice *dice)
{
	static const enum fault weighed[] = {FAULT_REBIND, FAULT_REBIND, FAULT_REBIND,
		FAULT_PARTITION, FAULT_PARTITION, FAULT_RESTART, FAULT_RESTART, FAULT_RESTART,
		FAULT_DOWN, FAULT_CLOCK, FAULT_CLOCK, FAULT_SLEEP, FAULT_DISK, FAULT_STARVE,
		FAULT_KEY, FAULT_COUNTERS};

	return weighed[dice_below(dice, ARRAY_LENGTH(weighed))];
}

/* The faults that take a running program, which this node has. */
static void break_program(struct world *world, struct node *node, enum fault fault)
{
	if (fault == FAULT_RESTART) {
		restart(world, node);
		return;
	}
	if (fault == FAULT_DOWN)
		node_down(world, node);
	else if (fault == FAULT_SLEEP)
		node->is_asleep = true;
	else if (fault == FAULT_DISK)
		node->disk_is_broken = true;
	else if (fault == FAULT_KEY)
		node_set_key(world, node, false);
	else if (fault == FAULT_COUNTERS)
		advance_counters(world, node);
	else
		starve(node);
	heal_later(world, fault, node->number, NOBODY);
}

void fault_happen(struct world *world)
{
	struct node *node = &world->nodes[dice_below(&world->dice, world->node_count)];
	enum fault fault = draw_fault(&world->dice);

	world->statistics->faults++;
	switch (fault) {
	case FAULT_REBIND:
		if (!node->is_stable)
			network_rebind(world, node, dice_permille(&world->dice, 500));
		break;
	case FAULT_PARTITION:
		cut(world, node->number, (int)dice_below(&world->dice, world->node_count));
		break;
	case FAULT_CLOCK:
		jump(world, node);
		break;
	case FAULT_RESTART:
	case FAULT_DOWN:
	case FAULT_SLEEP:
	case FAULT_DISK:
	case FAULT_STARVE:
	case FAULT_KEY:
	case FAULT_COUNTERS:
		if (node_is_awake(node) && node->is_up)
			break_program(world, node, fault);
		break;
	case FAULTS:
		break;
	}
}

/* A program that starts again may do so elsewhere. */
static void start_again(struct world *world, struct node *node)
{
	if (node_is_running(node))
		return;
	if (!node->is_stable && dice_permille(&world->dice, 200))
		network_rebind(world, node, true);
	node_start(world, node);
}

void fault_heal(struct world *world, const struct event *heal)
{
	struct node *node = &world->nodes[heal->node];

	switch ((enum fault)heal->what) {
	case FAULT_PARTITION:
		world->network.is_cut[heal->node][heal->other] = false;
		world->network.is_cut[heal->other][heal->node] = false;
		break;
	case FAULT_RESTART:
		start_again(world, node);
		break;
	case FAULT_DOWN:
		if (node_is_running(node) && !node->is_up)
			node_up(world, node);
		break;
	case FAULT_SLEEP:
		node->is_asleep = false;
		break;
	case FAULT_DISK:
		node->disk_is_broken = false;
		break;
	case FAULT_STARVE:
		for (int i = 0; i < node->shard_count; i++)
			packet_put_all(&node->pools[i], &node->hostages[i]);
		break;
	case FAULT_KEY:
		if (node_is_running(node) && !node->has_key)
			node_set_key(world, node, true);
		break;
	case FAULT_REBIND:
	case FAULT_CLOCK:
	case FAULT_COUNTERS:
	case FAULTS:
		break;
	}
}

void fault_heal_all(struct world *world)
{
	memset(world->network.is_cut, 0, sizeof world->network.is_cut);
	for (int i = 0; i < (int)world->node_count; i++) {
		for (int fault = 0; fault < FAULTS; fault++) {
			const struct event heal = {.node = i, .other = i, .what = (uint32_t)fault};
			fault_heal(world, &heal);
		}
	}
}
