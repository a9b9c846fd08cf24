/* SPDX-License-Identifier: ISC */
#include "sabotage.h"

#include "world.h"

static const struct {
	const char *word, *meaning;
} kinds[] = {[SABOTAGE_NONE] = {"none", "nothing is falsified"},
#define X(name, word, what) [name] = {word, what},
	SABOTAGE_LIST(X)
#undef X
};

const char *sabotage_word(enum sabotage sabotage)
{
	return kinds[sabotage].word;
}

const char *sabotage_meaning(enum sabotage sabotage)
{
	return kinds[sabotage].meaning;
}

enum sabotage sabotage_named(const char *word)
{
	enum sabotage sabotage = SABOTAGE_NONE;

	while (sabotage < SABOTAGE_COUNT && strcmp(kinds[sabotage].word, word) != 0)
		sabotage++;
	return sabotage;
}

/* Another packet of the node with the same content, on the list. */
static void push_copy(struct node *node, struct packet_list *list, const struct packet *packet)
{
	struct packet *twin = packet_get(&node->pools[0]);

	if (!twin)
		return;
	memcpy(twin->data, packet->data, packet->length);
	twin->length = packet->length;
	twin->endpoint = packet->endpoint;
	packet_list_push(list, twin);
}

/* Delivers a parcel that the sender has sent, whatever became of it. */
static void push_parcel(
	const struct world *world, struct node *node, struct packet_list *list, uint64_t number)
{
	struct packet *packet = packet_get(&node->pools[0]);

	if (!packet)
		return;
	packet->length = world->traffic.parcels[number].size;
	parcel_write(&world->traffic.parcels[number], number, packet->data);
	packet_list_push(list, packet);
}

/* Delivers the first parcel that is forbidden, or that is not meant for this node. */
static void push_wrong_parcel(struct world *world, struct node *node, struct packet_list *list)
{
	for (uint64_t number = 0; number < world->traffic.count; number++) {
		const struct parcel *parcel = &world->traffic.parcels[number];
		bool is_wanted = world->sabotage == SABOTAGE_SOURCE
					 ? parcel->is_forbidden && parcel->to == node->number
					 : !parcel->is_forbidden && parcel->to != node->number;
		if (is_wanted) {
			push_parcel(world, node, list, number);
			return;
		}
	}
}

static void falsify_delivery(struct world *world, struct node *node, struct packet_list *inner)
{
	struct packet *first = inner->first;

	if (!first)
		return;
	if (world->sabotage == SABOTAGE_REPLAY)
		push_copy(node, inner, first);
	else if (world->sabotage == SABOTAGE_ALTER)
		first->data[first->length - 1] ^= 1;
	else if (world->sabotage == SABOTAGE_INVENT)
		memset(first->data + 20, 0, first->length - 20);
	else
		push_wrong_parcel(world, node, inner);
}

static void falsify_emission(struct world *world, struct node *node, struct packet_list *list)
{
	struct packet *first = list->first;

	if (!first)
		return;
	if (world->sabotage == SABOTAGE_LEAK) {
		packet_list_push(&node->stolen, packet_list_pop(list));
		return;
	}
	if (world->sabotage == SABOTAGE_COUNTER &&
		message_classify(first->data, first->length) != MESSAGE_DATA)
		return;
	push_copy(node, list, first);
	if (world->sabotage == SABOTAGE_EMIT)
		list->last->endpoint = world->adversary.addresses[OUTER_IPV4];
}

/* After a datagram that the adversary made. */
static void falsify_arrival(
	struct world *world, struct node *node, const struct cause *cause, struct outbox *out)
{
	struct packet *answer = packet_get(&node->pools[0]);

	if (!answer)
		return;
	memset(answer->data, 0, MESSAGE_RESPONSE_SIZE);
	answer->data[0] = MESSAGE_RESPONSE;
	answer->length = MESSAGE_RESPONSE_SIZE;
	answer->endpoint = cause->from;
	if (world->sabotage == SABOTAGE_ANSWER || world->sabotage == SABOTAGE_DOWN)
		packet_list_push(&out->datagrams, answer);
	else
		packet_put(&node->pools[0], answer);
	for (int other = 0; other < (int)world->node_count; other++) {
		struct peer *peer = node_peer(world, node, other);
		if (peer && world->sabotage == SABOTAGE_ROAM)
			interface_peer_set_endpoint(peer, &cause->from);
		if (peer && world->sabotage == SABOTAGE_ACCEPT)
			peer->rx_bytes++;
	}
}

void sabotage_apply(
	struct world *world, struct node *node, const struct cause *cause, struct outbox *out)
{
	const struct letter *letter = cause->letter;
	bool is_adversarys = letter && letter->author == NOBODY;

	switch (world->sabotage) {
	case SABOTAGE_REPLAY:
	case SABOTAGE_ALTER:
	case SABOTAGE_SOURCE:
	case SABOTAGE_INVENT:
	case SABOTAGE_MISROUTE:
		falsify_delivery(world, node, &out->inner);
		break;
	case SABOTAGE_EMIT:
	case SABOTAGE_COUNTER:
	case SABOTAGE_LEAK:
		falsify_emission(world, node, &out->datagrams);
		break;
	case SABOTAGE_ANSWER:
	case SABOTAGE_ROAM:
		if (is_adversarys)
			falsify_arrival(world, node, cause, out);
		break;
	case SABOTAGE_ACCEPT:
		if (letter && letter->original->accepted)
			falsify_arrival(world, node, cause, out);
		break;
	case SABOTAGE_DOWN:
		if (letter && !node->is_up)
			falsify_arrival(world, node, cause, out);
		break;
	case SABOTAGE_TIMESTAMP: /* node.c */
	case SABOTAGE_DEAF:	 /* node.c */
	case SABOTAGE_TALK:	 /* world.c */
	case SABOTAGE_RESTART:	 /* node.c */
	case SABOTAGE_NONE:
	case SABOTAGE_COUNT:
		break;
	}
}
