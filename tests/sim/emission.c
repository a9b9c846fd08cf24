/* SPDX-License-Identifier: ISC */
/* The oracle on what leaves a node: for whom is it, may it be sent, and to there? */
#include "oracle.h"

#include "world.h"

/* Decodes the timestamp as the responder would; costs two X25519, so not in every world. */
static void check_decoded_timestamp(
	struct world *world, const struct node *node, int addressee, const struct packet *packet)
{
	const struct noise_identity *responder = &world->nodes[addressee].identity;
	uint8_t *last = world->relations[node->number][addressee].last_timestamp;
	struct message_initiation message;
	struct noise_caller caller;
	struct noise_handshake handshake = {0};

	message_initiation_decode(packet->data, &message);
	noise_handshake_init(&handshake, responder, node->identity.public_key);
	if (noise_initiation_open(responder, &message, &caller) != DROP_NONE ||
		memcmp(caller.static_key, node->identity.public_key, NOISE_KEY_SIZE) != 0 ||
		noise_initiation_consume(&handshake, &message, &caller, HOUR) != DROP_NONE)
		world_fail(world, "node %d: emits an initiation that is not valid", node->number);
	else if (memcmp(handshake.latest_timestamp, last, NOISE_TIMESTAMP_SIZE) <= 0)
		world_fail(world, "node %d: the timestamp on the wire is not newer than the last",
			node->number);
	memcpy(last, handshake.latest_timestamp, NOISE_TIMESTAMP_SIZE);
	noise_handshake_done(&handshake);
	world->statistics->timestamps++;
}

static int judge_initiation(
	struct world *world, const struct node *node, const struct packet *packet)
{
	int addressee = NOBODY;

	for (int other = 0; other < (int)world->node_count; other++)
		if (world->relations[node->number][other].is_linked &&
			cookie_mac1_is_valid(
				&world->nodes[other].mac_checker, packet->data, packet->length))
			addressee = other;
	if (addressee == NOBODY)
		return NOBODY;
	struct relation *relation = &world->relations[node->number][addressee];
	struct interface *shard = node_peer(world, node, addressee)->shard;
	uint64_t last_ns = interface_timestamps(shard)->last_ns;
	if (last_ns <= relation->last_timestamp_ns)
		world_fail(world, "node %d: a timestamp is not newer than the last", node->number);
	relation->last_timestamp_ns = last_ns;
	if (world->decodes_timestamps)
		check_decoded_timestamp(world, node, addressee, packet);
	(void)oracle_announce(&world->oracle, load_le32(packet->data + 4), node->number, addressee);
	return addressee;
}

static int judge_response(struct world *world, const struct node *node, const struct packet *packet)
{
	struct announced_index *index =
		oracle_find_index(&world->oracle, load_le32(packet->data + 8));

	if (!index || index->peer != node->number)
		return NOBODY;
	int addressee = index->owner;
	if (!cookie_mac1_is_valid(
		    &world->nodes[addressee].mac_checker, packet->data, packet->length))
		return NOBODY;
	index->sent_since_ns = world->now_ns;
	oracle_announce(&world->oracle, load_le32(packet->data + 4), node->number, addressee)
		->received_since_ns = world->now_ns;
	return addressee;
}

static int judge_data(struct world *world, const struct node *node, const struct packet *packet)
{
	struct announced_index *index =
		oracle_find_index(&world->oracle, load_le32(packet->data + 4));

	if (!index || index->peer != node->number)
		return NOBODY;
	uint64_t counter = load_le64(packet->data + 8);
	if (counter < index->next_counter)
		world_fail(world, "node %d: counter %llu again under one index", node->number,
			(unsigned long long)counter);
	index->next_counter = counter + 1;
	if (counter >= REJECT_AFTER_MESSAGES ||
		world->now_ns >= index->sent_since_ns + REJECT_AFTER_TIME_NS)
		world_fail(world, "node %d: sends under a session that has ended", node->number);
	return index->owner;
}

/* Whether a cookie reply may go to an address at all. */
static bool may_get_cookie(
	const struct world *world, const struct node *node, const struct endpoint *to)
{
	if (world->knock != KNOCK_OFF)
		return false;
	for (int other = 0; other < (int)world->node_count; other++) {
		const struct endpoint *view = &world->relations[node->number][other].view;
		if (world->cookies == COOKIES_FAMILIAR &&
			address_equal(&view->remote, &to->remote) && node_peer(world, node, other))
			return true;
	}
	return world->cookies == COOKIES_ALWAYS;
}

/* Where cookies are allowed: one to the sender of an initiation with valid mac1. */
static int judge_cookie_reply(struct world *world, const struct node *node,
	const struct packet *packet, const struct cause *cause)
{
	const struct letter *letter = cause->letter;

	world->statistics->cookie_replies++;
	if (cause->kind != CAUSE_ARRIVAL || !may_get_cookie(world, node, &cause->from))
		world_fail(world, "node %d: emits a cookie reply without reason", node->number);
	else if (letter->type != MESSAGE_INITIATION ||
		 !cookie_mac1_is_valid(&node->mac_checker, letter->bytes, letter->size))
		world_fail(world, "node %d: emits a cookie reply to type %d, or without mac1",
			node->number, (int)letter->type);
	else if (load_le32(packet->data + 4) != load_le32(letter->bytes + 4) ||
		 !endpoint_equal_remote(&packet->endpoint, &cause->from))
		world_fail(world, "node %d: a cookie reply goes elsewhere", node->number);
	else
		return letter->author;
	return NOBODY;
}

int oracle_emission(struct world *world, const struct node *node, const struct packet *packet,
	const struct cause *cause, const struct snapshot *before)
{
	const enum message_type type = message_classify(packet->data, packet->length);
	int addressee = NOBODY;

	world->statistics->datagrams++;
	if (world->quiet_from_ns > 0 && world->now_ns > world->quiet_from_ns)
		world_fail(world, "node %d: speaks though there is nothing to say", node->number);
	switch (type) {
	case MESSAGE_INITIATION:
		addressee = judge_initiation(world, node, packet);
		break;
	case MESSAGE_RESPONSE:
		addressee = judge_response(world, node, packet);
		break;
	case MESSAGE_COOKIE_REPLY:
		return judge_cookie_reply(world, node, packet, cause);
	case MESSAGE_DATA:
		addressee = judge_data(world, node, packet);
		break;
	case MESSAGE_INVALID:
		break;
	}
	if (addressee == NOBODY) {
		world_fail(world, "node %d: emits a datagram that is for nobody", node->number);
		return NOBODY;
	}
	struct relation *relation = &world->relations[node->number][addressee];
	const struct endpoint *view = type == MESSAGE_RESPONSE ? &cause->from : &relation->view;

	relation->owes_answer = false;
	if (packet->endpoint.remote.family == ADDRESS_NONE ||
		(!endpoint_equal_remote(&packet->endpoint, view) &&
			(type == MESSAGE_RESPONSE || !endpoint_equal_remote(&packet->endpoint,
							     &before->view[addressee]))))
		world_fail(world, "node %d: emits to an address that did not authenticate",
			node->number);
	return addressee;
}
