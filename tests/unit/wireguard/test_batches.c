/* SPDX-License-Identifier: ISC */
/*
 * Many packets in one call: all comes out as if each had been given by itself. First by hand, in
 * the places where that is hard; then whole lives at random, lived twice, once each way.
 */
#include "wireguard/interface_world.h"

#include "base/siphash.h"
#include "operations.h"

enum {
	CROWD = 300, /* packets a call: more than two batches */
	SIZE = 100,
};

static struct node carol;
static struct datagram caught[CROWD];
static struct packet_list mail; /* of Bob's pool: what he is given next */

/* Bob, who knows Alice and Carol and has a session with each. */
static void three_open(void)
{
	two_open_in_session();
	node_open(&carol, 3);
	know(&carol, &bob);
	know(&bob, &carol);
	send_one(&carol, &bob);
	carry();
	if (forget_inner(&bob) != 1)
		abort();
}

static void three_close(void)
{
	bool is_whole = node_close(&carol);

	tap_ok(is_whole, "Carol's packets are back in their pool");
	two_close();
}

/* The node's host sends `count` packets to Bob in one call; its datagrams are caught. */
static void catch (struct node *from, struct datagram *ret_datagrams, uint32_t count, uint32_t mark)
{
	struct packet_list list = {0};

	for (uint32_t i = 0; i < count; i++)
		push_inner(from, &list, 2, SIZE, mark + i);
	interface_send(from->interface, now, &list, &from->out);
	for (uint32_t i = 0; i < count; i++) {
		if (!take_type(from, MESSAGE_DATA, &ret_datagrams[i]))
			abort();
	}
}

/* Puts a datagram among what Bob is given next. */
static void post(const struct datagram *datagram, const struct node *from)
{
	packet_list_push(&mail, packet_with(&bob, datagram->bytes, datagram->size));
	mail.last->endpoint = from->at;
}

static void deliver(void)
{
	interface_receive(bob.interface, now, &mail, &bob.out);
}

static uint64_t counter_of(const struct datagram *datagram)
{
	struct message_data_header header;

	message_data_header_decode(datagram->bytes, &header);
	return header.counter;
}

static void test_crowd(void)
{
	two_open_in_session();
	catch (&alice, caught, CROWD, 0);
	bool in_order = true;
	for (size_t i = 0; i < CROWD; i++) {
		in_order = in_order && counter_of(&caught[i]) == counter_of(&caught[0]) + i;
		post(&caught[i], &alice);
	}
	tap_ok(in_order, "counters in the order of the queue");
	deliver();
	size_t good = 0;
	for (uint32_t i = 0; i < CROWD; i++)
		good += got_inner(&bob, 1, SIZE, i);
	tap_is_int(good, CROWD, "more than two batches arrive whole and in order");
	tap_is_int(drops_in_all(&bob), 0, "nothing dies");
	tap_is_int(peer_of(&bob, &alice)->rx_bytes, peer_of(&alice, &bob)->tx_bytes,
		"both count the same bytes");
	two_close();
}

static void test_forged_among_good(void)
{
	two_open_in_session();
	catch (&alice, caught, 20, 0);
	for (size_t i = 0; i < 20; i++) {
		if (i % 5 == 2)
			caught[i].bytes[caught[i].size - 1] ^= 1;
		post(&caught[i], i % 5 == 2 ? &carol : &alice);
	}
	deliver();
	tap_is_int(drops_of(&bob, DROP_DATA_FORGED), 4, "the forged die");
	size_t good = 0;
	for (uint32_t i = 0; i < 20; i++)
		good += i % 5 == 2 || got_inner(&bob, 1, SIZE, i);
	tap_is_int(good, 20, "those around them do not");
	tap_ok(endpoint_equal_remote(&peer_of(&bob, &alice)->endpoint, &alice.at),
		"and nobody roams after the forged");
	two_close();
}

static void test_replay_in_one_batch(void)
{
	two_open_in_session();
	catch (&alice, caught, 10, 0);
	for (size_t i = 0; i < 10; i++) {
		post(&caught[i], &alice);
		post(&caught[i / 2], &alice);
	}
	struct datagram forged = caught[9];
	forged.bytes[forged.size - 1] ^= 1;
	post(&forged, &alice);
	deliver();
	tap_is_int(drops_of(&bob, DROP_COUNTER_REPLAYED), 10, "copies in the same batch die");
	tap_is_int(drops_of(&bob, DROP_DATA_FORGED), 1, "a forged copy dies as forged");
	tap_is_int(forget_inner(&bob), 10, "each packet lives once");
	two_close();
}

static void test_two_peers(void)
{
	three_open();
	catch (&alice, caught, 50, 0);
	catch (&carol, caught + 50, 50, 1000);
	for (size_t i = 0; i < 50; i++) {
		post(&caught[i], &alice);
		post(&caught[50 + i], &carol);
	}
	deliver();
	size_t good = 0;
	for (uint32_t i = 0; i < 50; i++) {
		good += got_inner(&bob, 1, SIZE, i);
		good += got_inner(&bob, 3, SIZE, 1000 + i);
	}
	tap_is_int(good, 100, "two peers in turn: all in the order of arrival");
	struct packet_list list = {0};
	for (uint32_t i = 0; i < 100; i++)
		push_inner(&bob, &list, i % 2 ? 1 : 3, SIZE, i);
	interface_send(bob.interface, now, &list, &bob.out);
	carry();
	tap_ok(forget_inner(&alice) == 50 && forget_inner(&carol) == 50, "and to each its own");
	three_close();
}

/* Alice comes from another place in the middle of a batch. */
static void test_roaming(void)
{
	two_open_in_session();
	struct node elsewhere = {.at = endpoint_at(77)};
	catch (&alice, caught, 30, 0);
	for (size_t i = 0; i < 30; i++)
		post(&caught[i], i < 15 ? &alice : &elsewhere);
	deliver();
	tap_ok(endpoint_equal_remote(&peer_of(&bob, &alice)->endpoint, &elsewhere.at),
		"the last endpoint in a batch is the one that counts");
	tap_is_int(forget_inner(&bob), 30, "nothing dies of it");
	two_close();
}

/*
 * Old session, response of the new one's handshake, packets of the new one: in one call. Bob has
 * answered, and holds three sessions for a while; the first packet of the new one ends the oldest.
 */
static void test_session_begins_in_a_batch(void)
{
	two_open_in_session();
	catch (&alice, caught, 10, 0); /* under the first session */
	skip(REKEY_AFTER_TIME_NS);
	send_one(&alice, &bob); /* still under it; and an initiation */
	struct datagram last, initiation, response;
	if (!take_type(&alice, MESSAGE_DATA, &last) ||
		!take_type(&alice, MESSAGE_INITIATION, &initiation))
		abort();
	give(&bob, &initiation, &alice);
	if (!take_type(&bob, MESSAGE_RESPONSE, &response))
		abort();
	give(&alice, &response, &bob);
	packet_put_all(&alice.pool, &alice.out.datagrams); /* her keepalive is lost */
	catch (&alice, caught + 10, 10, 10);		   /* under the second */
	post(&last, &alice);
	for (size_t i = 0; i < 10; i++) {
		post(&caught[i], &alice);
		post(&caught[10 + i], &alice);
	}
	deliver();
	tap_is_int(forget_inner(&bob), 21, "packets of two sessions in turn, all live");
	tap_is_int(drops_in_all(&bob), 0, "nothing dies");
	tap_is_int(peer_of(&bob, &alice)->keypairs.current->index.index,
		peer_of(&alice, &bob)->keypairs.current->remote_index, "the second is in force");
	two_close();
}

/* Handshakes end sessions while packets under these are waiting to be opened. */
static void test_session_ends_in_a_batch(void)
{
	struct datagram initiation[2];

	two_open_in_session();
	catch (&alice, caught, 10, 0);
	for (size_t round = 0; round < 2; round++) {
		skip(REKEY_TIMEOUT_NS + SECONDS_NS);
		interface_peer_set_endpoint(peer_of(&alice, &bob), &bob.at);
		noise_handshake_clear(&peer_of(&alice, &bob)->handshake);
		skip(REJECT_AFTER_TIME_NS * round);
		send_one(&alice, &bob);
		while (take(&alice, &initiation[round]) &&
			type_of(&initiation[round]) != MESSAGE_INITIATION)
			;
	}
	/* All of it is too old by now for data; sessions are gone, and nothing falls over. */
	for (size_t i = 0; i < 10; i++) {
		post(&caught[i], &alice);
		post(&initiation[i % 2], &alice);
	}
	deliver();
	tap_ok(drops_in_all(&bob) > 0, "the dead are counted");
	two_close();
}

static void test_removed_peer(void)
{
	three_open();
	catch (&alice, caught, 10, 0);
	catch (&carol, caught + 10, 10, 0);
	interface_peer_remove(bob.interface, peer_of(&bob, &alice));
	for (size_t i = 0; i < 10; i++) {
		post(&caught[i], &alice);
		post(&caught[10 + i], &carol);
	}
	deliver();
	tap_is_int(drops_of(&bob, DROP_INDEX_UNKNOWN), 10, "packets of one who is gone die");
	tap_is_int(forget_inner(&bob), 10, "the other's live");
	three_close();
}

/* What lies in another packet's buffer is sent and received as it lies, and waits as a copy. */
static void test_slices(void)
{
	struct packet_list list = {0};
	uint8_t bytes[SIZE];

	two_open();
	struct packet *carrier = packet_get(&alice.pool);
	for (uint32_t i = 0; i < 20; i++) {
		uint8_t *data = carrier->data + i * 160;
		inner_write(1, 2, SIZE, i, bytes);
		memcpy(data, bytes, SIZE);
		packet_list_push(
			&list, packet_slice(&alice.pool, carrier, data, SIZE, data + SIZE + 32));
	}
	packet_put(&alice.pool, carrier);
	struct packet_list rest = list;
	rest.first = list.first->next;
	rest.count--;
	list = (struct packet_list){.first = list.first, .last = list.first, .count = 1};
	list.first->next = NULL;
	interface_send(alice.interface, now, &list, &alice.out);
	tap_is_int(alice.pool.slices_out, 19, "what waits for a session is no slice");
	carry();
	tap_ok(got_inner(&bob, 1, SIZE, 0), "and goes when there is one");
	interface_send(alice.interface, now, &rest, &alice.out);
	tap_is_int(alice.pool.slices_out, 19, "what need not wait stays one");
	carry();
	size_t good = 0;
	for (uint32_t i = 1; i < 20; i++)
		good += got_inner(&bob, 1, SIZE, i);
	tap_is_int(good, 19, "and arrives");
	two_close();
}

/* The session's last counter is reached amidst slices. */
static void test_slices_left_over(void)
{
	struct packet_list list = {0};

	two_open_in_session();
	peer_of(&alice, &bob)->keypairs.current->sending_counter = REJECT_AFTER_MESSAGES - 3;
	struct packet *carrier = packet_get(&alice.pool);
	for (uint32_t i = 0; i < 10; i++) {
		uint8_t *data = carrier->data + i * 160;
		inner_write(1, 2, SIZE, i, data);
		packet_list_push(
			&list, packet_slice(&alice.pool, carrier, data, SIZE, data + SIZE + 32));
	}
	packet_put(&alice.pool, carrier);
	skip(REKEY_TIMEOUT_NS);
	interface_send(alice.interface, now, &list, &alice.out);
	tap_is_int(alice.out.datagrams.count, 4, "three go, and an initiation");
	packet_put_all(&alice.pool, &alice.out.datagrams);
	tap_is_int(alice.pool.slices_out, 0, "what is left over is copied");
	tap_is_int(peer_of(&alice, &bob)->staged.count, 7, "and waits for the next session");
	two_close();
}

/* ---- lives at random ---- */

/* How lists are given to interfaces. */
enum way { TOGETHER, ONE_BY_ONE };

/* All that an observer sees of a life. */
struct trace {
	uint64_t digest;
	uint64_t packets;
};

static const struct siphash_key trace_key = {.k0 = 1, .k1 = 2};

static void trace_bytes(struct trace *trace, const void *bytes, size_t size)
{
	trace->digest = trace->digest * 31 + siphash(&trace_key, bytes, size);
}

/* Sees what came out of a node, and keeps its datagrams on the wire, of Bob's pool. */
static void observe(struct trace *trace, struct node *node, struct packet_list *wire)
{
	static struct datagram datagram;

	while (take_inner(node, &datagram)) {
		trace_bytes(trace, datagram.bytes, datagram.size);
		trace->packets++;
	}
	while (take(node, &datagram)) {
		trace_bytes(trace, datagram.bytes, datagram.size);
		trace_bytes(trace, &datagram.to.port, sizeof datagram.to.port);
		struct node *to = node_at(&datagram.to);
		if (!to || to->pool.free.count < 100)
			continue;
		struct packet *packet = packet_with(to, datagram.bytes, datagram.size);
		packet->endpoint = node->at;
		packet_list_push(&wire[to->number], packet);
	}
	trace_bytes(trace, interface_drops(node->interface), sizeof(struct drop_counters));
}

/* Mishaps to a datagram on the wire: a copy of it, or another bit. */
static void meddle(struct prng *prng, struct node *to, struct packet_list *list)
{
	struct packet_list changed = {0};
	struct packet *packet;

	while ((packet = packet_list_pop(list))) {
		if (prng_one_in(prng, 8) && to->pool.free.count > 100) {
			struct packet *twin = packet_with(to, packet->data, packet->length);
			twin->endpoint = packet->endpoint;
			packet_list_push(&changed, twin);
		}
		if (prng_one_in(prng, 10))
			packet->data[prng_below(prng, packet->length)] ^= 4;
		if (prng_one_in(prng, 20))
			packet->endpoint.port++;
		packet_list_push(&changed, packet);
	}
	packet_list_append(list, &changed);
}

/* Gives a list to a node, whole or packet by packet. */
static void hand(struct node *node, struct packet_list *list, enum way way)
{
	struct packet *packet;

	if (way == TOGETHER)
		interface_receive(node->interface, now, list, &node->out);
	while ((packet = packet_list_pop(list))) {
		struct packet_list one = {0};
		packet_list_push(&one, packet);
		interface_receive(node->interface, now, &one, &node->out);
	}
}

/* Something happens to three nodes who all know each other. */
static void live_on(struct prng *prng, struct node *all[3], struct packet_list *wire, enum way way,
	struct trace *trace)
{
	struct node *node = all[prng_below(prng, 3)];
	struct packet_list list = {0};

	switch (prng_below(prng, 8)) {
	case 0:
		skip(prng_below(prng, 40) * SECONDS_NS);
		break;
	case 1:
	case 2:
	case 3:
		for (uint64_t i = prng_below(prng, 40); i > 0 && node->pool.free.count > 100; i--)
			push_inner(node, &list, (uint8_t)(1 + prng_below(prng, 4)),
				20 + prng_below(prng, 200), (uint32_t)prng_u64(prng));
		interface_send(node->interface, now, &list, &node->out);
		break;
	case 4:
	case 5:
	case 6:
		meddle(prng, node, &wire[node->number]);
		hand(node, &wire[node->number], way);
		break;
	case 7:
		tick(node);
		break;
	}
	observe(trace, node, wire);
}

static struct trace live(struct prng prng, enum way way)
{
	struct packet_list wire[NODES_MAX] = {0};
	struct node *all[3] = {&alice, &bob, &carol};
	struct trace trace = {0};

	world_seed = prng_u64(&prng);
	now = (struct moment){
		.monotonic_ns = 1000 * SECONDS_NS, .realtime_ns = 1800000000ULL << 30};
	for (uint8_t i = 0; i < 3; i++)
		node_open(all[i], (uint8_t)(1 + i));
	for (size_t i = 0; i < 9; i++) {
		if (i / 3 != i % 3)
			know(all[i / 3], all[i % 3]);
	}
	for (size_t i = 0; i < 600; i++)
		live_on(&prng, all, wire, way, &trace);
	for (size_t i = 0; i < 3; i++) {
		packet_put_all(&all[i]->pool, &wire[all[i]->number]);
		if (!node_close(all[i]))
			trace.packets = 0;
	}
	return trace;
}

static void test_random_lives(void)
{
	struct prng prng = prng_start();
	size_t lives = operations_wanted() / 25000 + 1, same = 0;
	uint64_t packets = 0;

	for (size_t i = 0; i < lives; i++) {
		prng_u64(&prng);
		struct trace together = live(prng, TOGETHER);
		struct trace one_by_one = live(prng, ONE_BY_ONE);
		same += together.digest == one_by_one.digest && together.packets > 0;
		packets += together.packets;
	}
	tap_is_int(same, lives, "random lives: what is received together is as one by one");
	tap_ok(packets > lives * 100, "in which much arrives");
}

int main(void)
{
	test_crowd();
	test_forged_among_good();
	test_replay_in_one_batch();
	test_two_peers();
	test_roaming();
	test_session_begins_in_a_batch();
	test_session_ends_in_a_batch();
	test_removed_peer();
	test_slices();
	test_slices_left_over();
	test_random_lives();
	return tap_done();
}
