/* SPDX-License-Identifier: ISC */
/* Packets that wait for a session: how many, which give way, and that nobody else suffers. */
#include "wireguard/interface_world.h"

enum {
	AWAY = 3, /* peers that do not answer */
};

static struct node away[AWAY];
static struct packet_list held; /* of Alice's pool */

/* Alice knows peers that exist, but are behind no wire. */
static void away_open(void)
{
	for (uint8_t i = 0; i < AWAY; i++) {
		node_open(&away[i], (uint8_t)(3 + i));
		know(&alice, &away[i]);
		away[i].at = endpoint_at((uint8_t)(100 + i));
	}
}

static void away_close(void)
{
	for (size_t i = 0; i < AWAY; i++)
		node_close(&away[i]);
}

/* Packets for peers that do not answer, until half of the pool waits. */
static void fill_half(void)
{
	for (uint32_t i = 0; i < AWAY * MAX_STAGED_PACKETS; i++) {
		send_marked(&alice, (uint8_t)(3 + i % AWAY), 100, i);
		packet_put_all(&alice.pool, &alice.out.datagrams); /* the initiations */
	}
}

/* Nothing is left in Alice's pool. */
static void hold_all(void)
{
	struct packet *packet;

	while ((packet = packet_get(&alice.pool)))
		packet_list_push(&held, packet);
}

static void test_order(void)
{
	two_open();
	for (uint32_t i = 0; i < MAX_STAGED_PACKETS; i++)
		send_marked(&alice, 2, 100, i);
	tap_is_int(drops_in_all(&alice), 0, "128 packets wait");
	carry();
	int good = 0;
	for (uint32_t i = 0; i < MAX_STAGED_PACKETS; i++)
		good += got_inner(&bob, 1, 100, i);
	tap_is_int(good, MAX_STAGED_PACKETS, "and go in order once there is a session");
	two_close();
}

static void test_oldest_gives_way(void)
{
	two_open();
	for (uint32_t i = 0; i < MAX_STAGED_PACKETS + 3; i++)
		send_marked(&alice, 2, 100, i);
	tap_is_int(drops_of(&alice, DROP_OUT_STAGED_FULL), 3, "three too many");
	carry();
	tap_ok(got_inner(&bob, 1, 100, 3), "the oldest three are gone");
	tap_is_int(forget_inner(&bob), MAX_STAGED_PACKETS - 1, "the others are not");
	two_close();
}

static void test_half_of_the_pool(void)
{
	two_open();
	away_open();
	fill_half();
	tap_is_int(alice.pool.free.count, POOL_SIZE / 2, "half of the pool waits");
	tap_is_int(drops_of(&alice, DROP_OUT_STAGED_FULL),
		AWAY * MAX_STAGED_PACKETS - POOL_SIZE / 2, "the rest is dropped");
	away_close();
	two_close();
}

/* What has gone, one way or the other, does not count as waiting for ever. */
static void test_again_and_again(void)
{
	size_t arrived = 0;

	two_open();
	for (uint32_t i = 0; i < 20; i++) {
		for (uint32_t mark = 0; mark < MAX_STAGED_PACKETS; mark++)
			send_marked(&alice, 2, 100, mark);
		if (i % 2) {
			interface_stop(alice.interface);
			interface_start(alice.interface, now.monotonic_ns);
		}
		skip(SECONDS_NS);
		carry();
		arrived += forget_inner(&bob);
		interface_stop(alice.interface);
		interface_start(alice.interface, now.monotonic_ns);
	}
	tap_is_int((intmax_t)arrived, 10 * MAX_STAGED_PACKETS, "128 wait again and again");
	tap_is_int(drops_of(&alice, DROP_OUT_STAGED_FULL), 0, "and are never too many");
	two_close();
}

static void test_sessions_go_on(void)
{
	two_open_in_session();
	away_open();
	fill_half();
	for (uint32_t i = 0; i < 10; i++)
		send_marked(&alice, 2, 100, i);
	carry();
	tap_is_int(forget_inner(&bob), 10, "a peer with a session is sent to all the same");
	away_close();
	two_close();
}

static void test_handshakes_go_on(void)
{
	static struct datagram datagram;

	two_open();
	away_open();
	fill_half();
	interface_peer_set_persistent_keepalive(
		alice.interface, peer_of(&alice, &bob), 25, now.monotonic_ns);
	tick(&alice);
	carry();
	tap_ok(peer_of(&bob, &alice)->keypairs.current != NULL, "keepalives begin a session");
	send_one(&bob, &alice);
	carry();
	tap_is_int(forget_inner(&alice), 1, "packets come in");
	pass(10 * SECONDS_NS);
	tap_ok(!take(&alice, &datagram), "all is sent");
	tap_is_int(alice.emitted[MESSAGE_DATA], 2, "and passive keepalives, too");
	away_close();
	two_close();
}

/* A keepalive asks for a session, but does not wait for it: many of them would fill the pool. */
static void test_keepalives_do_not_wait(void)
{
	two_open();
	interface_peer_set_persistent_keepalive(
		alice.interface, peer_of(&alice, &bob), 1, now.monotonic_ns);
	tick(&alice);
	tap_is_int(alice.out.datagrams.count, 1, "an initiation");
	packet_put_all(&alice.pool, &alice.out.datagrams);
	tap_is_int(alice.pool.free.count, POOL_SIZE, "that is all");
	two_close();
}

/* A handshake for which there is no buffer is tried again. */
static void test_no_buffer(void)
{
	two_open();
	wire_is_cut = true;
	send_one(&alice, &bob);
	carry();
	wire_is_cut = false;
	hold_all();
	pass(6 * SECONDS_NS);
	tap_is_int(drops_of(&alice, DROP_NO_BUFFER), 1, "no buffer for the second initiation");
	packet_put_all(&alice.pool, &held);
	pass(6 * SECONDS_NS);
	tap_is_int(forget_inner(&bob), 1, "the third succeeds");
	hold_all();
	pass(60 * SECONDS_NS);
	packet_put_all(&alice.pool, &held);
	two_close();
}

/* Even with an empty pool the first packet of all asks for a session that comes about later. */
static void test_no_buffer_at_first(void)
{
	struct packet_list list = {0};

	two_open();
	push_inner(&alice, &list, 2, 100, 0);
	hold_all();
	interface_send(alice.interface, now, &list, &alice.out);
	tap_is_int(alice.out.datagrams.count, 0, "no buffer for the first initiation");
	packet_put_all(&alice.pool, &held);
	pass(6 * SECONDS_NS);
	tap_is_int(forget_inner(&bob) + drops_of(&alice, DROP_OUT_STAGED_FULL), 1,
		"the packet is told of, or arrives");
	two_close();
}

static void test_no_endpoint(void)
{
	const struct endpoint none = {0};

	two_open();
	interface_peer_set_endpoint(peer_of(&alice, &bob), &none);
	send_one(&alice, &bob);
	tap_is_int(drops_of(&alice, DROP_OUT_NO_ENDPOINT), 1, "nobody waits for an endpoint");
	interface_peer_set_persistent_keepalive(
		alice.interface, peer_of(&alice, &bob), 5, now.monotonic_ns);
	pass(60 * SECONDS_NS);
	tap_is_int(alice.pool.free.count, POOL_SIZE, "no keepalive either");
	interface_peer_set_endpoint(peer_of(&alice, &bob), &bob.at);
	pass(5 * SECONDS_NS);
	tap_ok(peer_of(&bob, &alice)->keypairs.current != NULL,
		"keepalives are sent as soon as there is an endpoint");
	two_close();
}

int main(void)
{
	test_order();
	test_oldest_gives_way();
	test_half_of_the_pool();
	test_again_and_again();
	test_sessions_go_on();
	test_handshakes_go_on();
	test_keepalives_do_not_wait();
	test_no_buffer();
	test_no_buffer_at_first();
	test_no_endpoint();
	return tap_done();
}
