/* SPDX-License-Identifier: ISC */
#include "oracle.h"

#include "base/memory.h"
#include "world.h"

#include <stdlib.h>

void oracle_clear(struct oracle *oracle)
{
	oracle->count = 0;
}

void oracle_done(struct oracle *oracle)
{
	free(oracle->indices);
	*oracle = (struct oracle){0};
}

/* ---- indices ---- */

struct announced_index *oracle_announce(struct oracle *oracle, uint32_t index, int owner, int peer)
{
	if (oracle->count == oracle->capacity) {
		oracle->capacity = oracle->capacity ? 2 * oracle->capacity : 256;
		oracle->indices =
			memory_grow(oracle->indices, oracle->capacity, sizeof *oracle->indices);
	}
	oracle->indices[oracle->count++] = (struct announced_index){
		.index = index,
		.owner = owner,
		.peer = peer,
	};
	return &oracle->indices[oracle->count - 1];
}

struct announced_index *oracle_find_index(struct oracle *oracle, uint32_t index)
{
	for (size_t i = oracle->count; i-- > 0;)
		if (oracle->indices[i].index == index)
			return &oracle->indices[i];
	return NULL;
}

/* ---- what a call changes ---- */

void oracle_before(struct world *world, const struct node *node, struct snapshot *ret_snapshot)
{
	*ret_snapshot = (struct snapshot){0};
	for (int other = 0; other < (int)world->node_count; other++) {
		const struct peer *peer = node_peer(world, node, other);
		if (!peer)
			continue;
		ret_snapshot->view[other] = world->relations[node->number][other].view;
		ret_snapshot->rx_bytes[other] = peer->rx_bytes;
	}
}

/* Every packet is somewhere. */
static void check_pool(struct world *world, const struct node *node, const struct outbox *out)
{
	size_t count = out->datagrams.count + out->inner.count;
	size_t capacity = 0;

	for (int i = 0; i < node->shard_count; i++) {
		count += node->pools[i].free.count + node->hostages[i].count;
		capacity += node->pools[i].capacity;
	}
	for (int other = 0; other < (int)world->node_count; other++) {
		const struct peer *peer = node_peer(world, node, other);
		count += peer ? peer->staged.count : 0;
	}
	if (count != capacity)
		world_fail(world, "node %d: has %zu of its %zu packets", node->number, count,
			capacity);
}

/* Whether all that came out is one cookie reply, which has rules of its own. */
static bool is_cookie_reply_only(const struct outbox *out)
{
	const struct packet *first = out->datagrams.first;

	return out->datagrams.count == 1 && out->inner.count == 0 &&
	       message_classify(first->data, first->length) == MESSAGE_COOKIE_REPLY;
}

/* What the call says about one peer: endpoint moved, or bytes counted. */
static bool has_touched(const struct world *world, const struct node *node, int other,
	const struct snapshot *before)
{
	const struct peer *peer = node_peer(world, node, other);

	return peer && (peer->rx_bytes != before->rx_bytes[other] ||
			       !endpoint_equal_remote(&peer->endpoint, &before->view[other]));
}

/* A session that the letter belongs to is used, or has begun. */
static void check_session(
	struct world *world, const struct node *node, const struct letter *original)
{
	size_t at = original->type == MESSAGE_RESPONSE ? 8 : 4;

	if (original->type != MESSAGE_RESPONSE && original->type != MESSAGE_DATA)
		return;
	struct announced_index *index =
		oracle_find_index(&world->oracle, load_le32(original->bytes + at));
	if (!index || index->owner != node->number) {
		world_fail(world, "node %d: accepts an index that is not its own", node->number);
		return;
	}
	if (original->type == MESSAGE_DATA) {
		if (world->now_ns >= index->received_since_ns + REJECT_AFTER_TIME_NS)
			world_fail(world, "node %d: receives under a session that has ended",
				node->number);
		return;
	}
	index->received_since_ns = world->now_ns;
	struct announced_index *answering =
		oracle_find_index(&world->oracle, load_le32(original->bytes + 4));
	if (answering)
		answering->sent_since_ns = world->now_ns;
}

/* Where knocks are required, a letter that was acted upon has one if it is an initiation. */
static void check_knock(struct world *world, const struct node *node, const struct letter *letter)
{
	if (letter->type == MESSAGE_INITIATION && world->knock == KNOCK_REQUIRED &&
		!node_letter_knocks(letter))
		world_fail(world, "node %d: takes an initiation without a knock", node->number);
}

/* A datagram was acted upon: it must have been a peer's, for this node, and new. */
static void check_acceptance(struct world *world, const struct node *node,
	const struct cause *cause, const struct outbox *out)
{
	struct letter *original = cause->letter->original;
	int author = original->author;

	if (author == NOBODY || original->addressee != node->number) {
		world_fail(world, "node %d: acts upon a datagram (type %d) that none made for it",
			node->number, (int)original->type);
		return;
	}
	if (original->accepted)
		world_fail(world, "node %d: acts twice upon letter %llu (type %d)", node->number,
			(unsigned long long)original->number, (int)original->type);
	if (original->type == MESSAGE_COOKIE_REPLY)
		world_fail(world, "node %d: a cookie reply has an effect", node->number);
	check_knock(world, node, cause->letter);
	if (original->type == MESSAGE_INITIATION && out->datagrams.count == 0)
		return; /* its timestamp could not be stored: no answer, so that it may come again
			 */
	original->accepted = true;
	check_session(world, node, original);
	if (original->type == MESSAGE_RESPONSE)
		world->statistics->handshakes++;
	struct relation *relation = &world->relations[node->number][author];
	if (original->type != MESSAGE_INITIATION) {
		relation->view = cause->from;
		return;
	}
	if (world->adversary.flood_left > 0 && world->cookies == COOKIES_ALWAYS &&
		world->adversary.flood_victim == node->number &&
		!bytes_are_zero(original->bytes + original->size - MAC_SIZE, MAC_SIZE))
		world->statistics->with_cookie++;
	if (original->number < relation->newest_initiation)
		world_fail(
			world, "node %d: accepts an initiation older than the last", node->number);
	relation->newest_initiation = original->number + 1;
}

static void check_arrival(struct world *world, const struct node *node, const struct cause *cause,
	const struct snapshot *before, const struct outbox *out)
{
	bool has_acted = out->datagrams.count + out->inner.count > 0;

	if (is_cookie_reply_only(out))
		has_acted = false;
	for (int other = 0; other < (int)world->node_count; other++)
		has_acted |= has_touched(world, node, other, before);
	if (has_acted)
		check_acceptance(world, node, cause, out);
}

/* Nothing waits for a session that is there. */
static void check_staged(struct world *world, const struct node *node)
{
	for (int other = 0; other < (int)world->node_count; other++) {
		const struct peer *peer = node_peer(world, node, other);
		if (!peer || peer->staged.count == 0 || !peer->keypairs.current)
			continue;
		if (keypair_may_send(peer->keypairs.current, node_now(world, node).monotonic_ns))
			world_fail(
				world, "node %d: packets wait in spite of a session", node->number);
	}
}

void oracle_judge_quiet(struct world *world, const struct node *node)
{
	for (int other = 0; other < (int)world->node_count; other++) {
		const struct peer *peer = node_peer(world, node, other);
		if (!peer)
			continue;
		if (peer->keypairs.current || peer->keypairs.previous || peer->keypairs.next)
			world_fail(world, "node %d: the keys of an old session are still there",
				node->number);
		if (world->relations[node->number][other].owes_answer)
			world_fail(
				world, "node %d: has never sent a passive keepalive", node->number);
	}
}

/* Endpoints are where the model has them. */
static void check_views(struct world *world, const struct node *node)
{
	for (int other = 0; other < (int)world->node_count; other++) {
		const struct peer *peer = node_peer(world, node, other);
		const struct relation *relation = &world->relations[node->number][other];
		if (peer && !endpoint_equal_remote(&peer->endpoint, &relation->view))
			world_fail(world, "node %d: has a wrong endpoint for node %d", node->number,
				other);
	}
}

void oracle_after(struct world *world, struct node *node, const struct cause *cause,
	const struct snapshot *before, const struct outbox *out)
{
	check_pool(world, node, out);
	if (cause->kind == CAUSE_ARRIVAL)
		check_arrival(world, node, cause, before, out);
	else if (out->inner.count > 0)
		world_fail(world, "node %d: delivers a packet out of nothing", node->number);
	check_views(world, node);
	check_staged(world, node);
	if ((!node->is_up || !node->has_key) && out->datagrams.count + out->inner.count > 0)
		world_fail(world, "node %d: is down, and not silent", node->number);
}

/* ---- what comes out ---- */

void oracle_delivery(struct world *world, const struct node *node, const struct packet *packet)
{
	static uint8_t expected[UINT16_MAX];
	uint64_t number = parcel_number(packet->data, packet->length);

	if (number >= world->traffic.count) {
		world_fail(world, "node %d: delivers a packet that nobody sent", node->number);
		return;
	}
	struct parcel *parcel = &world->traffic.parcels[number];
	parcel_write(parcel, number, expected);
	if (packet->length != parcel->size || memcmp(packet->data, expected, parcel->size) != 0)
		world_fail(world, "node %d: delivers packet %llu altered", node->number,
			(unsigned long long)number);
	else if (parcel->is_forbidden)
		world_fail(world, "node %d: delivers packet %llu of a forged source", node->number,
			(unsigned long long)number);
	else if (parcel->to != node->number)
		world_fail(world, "node %d: delivers packet %llu, which is for node %d",
			node->number, (unsigned long long)number, parcel->to);
	else if (parcel->is_delivered)
		world_fail(world, "node %d: delivers packet %llu twice", node->number,
			(unsigned long long)number);
	if (!parcel->is_delivered && parcel->round == world->traffic.round)
		world->traffic.missing--;
	parcel->is_delivered = true;
	world->relations[node->number][parcel->from].owes_answer = world->is_calm;
	world->statistics->inner_delivered++;
}
