/* SPDX-License-Identifier: ISC */
#include "network.h"

/* How late a straggler may be; the calm waits for the last of them. */
#define STRAGGLING_NS (8 * SECOND)

enum {
	CALM_DELAY_MS = 20,
	COPIES_MAX = 3,
	FIRST_PORT = 1024,
};

void network_rebind(struct world *world, struct node *node, bool moves_address)
{
	uint16_t port = (uint16_t)(FIRST_PORT + world->network.next_port++);
	uint8_t host = moves_address ? (uint8_t)port : node->outer[OUTER_IPV4].remote.bytes[3];

	node->outer[OUTER_IPV4] = (struct endpoint){
		.remote = {.family = ADDRESS_IPV4, .bytes = {192, 0, 2, host}},
		.port = port,
	};
	node->outer[OUTER_IPV6] = (struct endpoint){
		.remote = {.family = ADDRESS_IPV6, .bytes = {0x20, 0x01, 0x0d, 0xb8, host}},
		.port = port,
	};
}

const struct endpoint *network_source(const struct node *sender, const struct endpoint *to)
{
	return &sender->outer[to->remote.family == ADDRESS_IPV4 ? OUTER_IPV4 : OUTER_IPV6];
}

struct node *network_at(struct world *world, const struct endpoint *address)
{
	for (size_t i = 0; i < world->node_count; i++)
		for (int family = 0; family < OUTER_FAMILIES; family++)
			if (endpoint_equal_remote(&world->nodes[i].outer[family], address))
				return &world->nodes[i];
	return NULL;
}

/* How long a datagram takes; reordering comes of it. */
static uint64_t draw_delay(struct world *world)
{
	const struct network *network = &world->network;

	if (world->is_calm)
		return dice_between(&world->dice, MS, CALM_DELAY_MS * MS);
	if (dice_permille(&world->dice, network->straggling))
		return dice_between(&world->dice, MS, STRAGGLING_NS);
	return network->delay_ns + dice_below(&world->dice, network->jitter_ns + 1);
}

void network_post(struct world *world, const struct node *sender, struct letter *letter,
	const struct endpoint *to)
{
	struct event arrival = {
		.kind = EVENT_ARRIVAL,
		.letter = letter,
		.from = *network_source(sender, to),
		.to = *to,
	};
	int copies = 1;

	if (!world->is_calm && dice_permille(&world->dice, world->network.loss))
		return;
	if (!world->is_calm && dice_permille(&world->dice, world->network.duplication))
		copies = (int)dice_between(&world->dice, 2, COPIES_MAX);
	for (int i = 0; i < copies; i++) {
		arrival.time_ns = world->now_ns + draw_delay(world);
		schedule_add(&world->schedule, &arrival);
	}
}

void network_arrive(struct world *world, const struct event *arrival)
{
	struct node *node = network_at(world, &arrival->to);
	int author = arrival->letter->author;

	if (!node || !node_is_awake(node))
		return;
	if (author != NOBODY && world->network.is_cut[author][node->number])
		return;
	if (world->is_calm && world->sabotage == SABOTAGE_DEAF && node->number == 0)
		return;
	node_receive(world, node, arrival->letter, &arrival->from);
}
