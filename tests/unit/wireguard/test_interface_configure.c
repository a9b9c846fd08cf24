/* SPDX-License-Identifier: ISC */
/* What a change of configuration does to sessions and to packets that are under way. */
#include "wireguard/interface_world.h"

#include <errno.h>

static struct datagram initiation, data;

static void set_key(struct node *node, const uint8_t *key)
{
	if (interface_set_private_key(node->interface, key) < 0)
		abort();
	const struct noise_identity *identity = interface_identity(node->interface);
	if (identity)
		memcpy(node->public_key, identity->public_key, NOISE_KEY_SIZE);
}

static void test_new_key(void)
{
	static const uint8_t key[NOISE_KEY_SIZE] = {8};
	struct peer *alice_at_bob;

	two_open_in_session();
	send_one(&bob, &alice);
	tap_ok(take(&bob, &data), "data under the old key");
	set_key(&alice, key);
	give(&alice, &data, &bob);
	tap_is_int(drops_of(&alice, DROP_INDEX_UNKNOWN), 1, "a new key ends the sessions");
	alice_at_bob = know(&bob, &alice);
	send_one(&alice, &bob);
	tap_ok(take_type(&alice, MESSAGE_INITIATION, &initiation),
		"and a handshake begins at once");
	give(&bob, &initiation, &alice);
	carry();
	tap_is_int(forget_inner(&bob), 1, "by which packets pass under the new key");
	tap_ok(alice_at_bob->keypairs.current != NULL, "that the other end was told of");
	two_close();
}

/* A response to the key that we had is not for us. */
static void test_handshake_under_way(void)
{
	static const uint8_t key[NOISE_KEY_SIZE] = {8};
	static struct datagram response;

	two_open();
	send_one(&alice, &bob);
	tap_ok(take(&alice, &initiation), "an initiation");
	give(&bob, &initiation, &alice);
	tap_ok(take(&bob, &response), "a response");
	set_key(&alice, key);
	give(&alice, &response, &bob);
	tap_is_int(drops_of(&alice, DROP_RESPONSE_UNEXPECTED), 1,
		"the response to a key that is gone is not waited for");
	tap_ok(is_silent(&alice), "nor answered");
	two_close();
}

static void test_own_key(void)
{
	struct peer *peer;

	two_open();
	tap_is_int(interface_peer_add(alice.interface, alice.public_key, &peer), -EINVAL,
		"our own key is no peer's");
	tap_is_int(interface_peer_add(alice.interface, bob.public_key, &peer), -EEXIST,
		"nor is one that is there");
	send_one(&alice, &bob);
	packet_put_all(&alice.pool, &alice.out.datagrams);
	set_key(&alice, bob.private_key);
	tap_ok(interface_peer_next(alice.interface, NULL) == NULL,
		"a peer whose key becomes ours goes");
	tap_is_int(drops_of(&alice, DROP_OUT_GAVE_UP), 1, "and what waits for it");
	two_close();
}

static void test_no_key(void)
{
	static const uint8_t none[NOISE_KEY_SIZE];

	two_open_in_session();
	skip(6 * SECONDS_NS);
	set_key(&alice, none);
	tap_ok(interface_identity(alice.interface) == NULL, "no key is set");
	send_one(&alice, &bob);
	tap_ok(is_silent(&alice), "nothing is sent without one");
	set_key(&bob, bob.private_key);
	send_one(&bob, &alice);
	tap_ok(take_type(&bob, MESSAGE_INITIATION, &initiation), "a call");
	give(&alice, &initiation, &bob);
	tap_is_int(drops_of(&alice, DROP_NO_PRIVATE_KEY), 1, "is dropped without one");
	set_key(&alice, alice.private_key);
	skip(6 * SECONDS_NS);
	send_one(&alice, &bob);
	carry();
	tap_is_int(forget_inner(&bob), 2, "with it again, all that waited is sent");
	two_close();
}

static void test_removal(void)
{
	two_open_in_session();
	send_one(&bob, &alice);
	tap_ok(take(&bob, &data), "data");
	interface_peer_remove(alice.interface, peer_of(&alice, &bob));
	give(&alice, &data, &bob);
	tap_is_int(drops_of(&alice, DROP_INDEX_UNKNOWN), 1, "a peer that is gone has no session");
	send_one(&alice, &bob);
	tap_is_int(drops_of(&alice, DROP_OUT_NO_PEER), 1, "nor an address");
	tap_ok(interface_deadline_ns(alice.interface) == UINT64_MAX, "nothing is due for it");
	skip(SECONDS_NS);
	know(&alice, &bob);
	send_one(&alice, &bob);
	carry();
	tap_is_int(forget_inner(&bob), 1, "it can come again");
	two_close();
}

static void test_removal_while_staged(void)
{
	two_open();
	for (int i = 0; i < 100; i++)
		send_one(&alice, &bob);
	packet_put_all(&alice.pool, &alice.out.datagrams);
	interface_peer_remove(alice.interface, peer_of(&alice, &bob));
	tap_is_int(drops_of(&alice, DROP_OUT_GAVE_UP), 100, "what waits for a peer goes with it");
	tap_is_int(alice.pool.free.count, POOL_SIZE, "all of it");
	two_close();
}

static void test_stop(void)
{
	two_open_in_session();
	interface_peer_set_persistent_keepalive(
		alice.interface, peer_of(&alice, &bob), 25, now.monotonic_ns);
	interface_stop(alice.interface);
	tap_ok(is_silent(&alice), "nothing is said at the end");
	tap_ok(!peer_of(&alice, &bob)->keypairs.current, "sessions are gone");
	send_one(&alice, &bob);
	send_one(&bob, &alice);
	tap_ok(take(&bob, &data), "data");
	give(&alice, &data, &bob);
	tap_is_int(drops_of(&alice, DROP_DOWN), 2, "nothing passes, either way");
	skip(SECONDS_NS);
	interface_start(alice.interface, now.monotonic_ns);
	send_one(&alice, &bob);
	carry();
	tap_is_int(forget_inner(&bob), 1, "and all does after a start");
	two_close();
}

static void test_stop_while_staged(void)
{
	two_open();
	send_one(&alice, &bob);
	packet_put_all(&alice.pool, &alice.out.datagrams);
	interface_stop(alice.interface);
	tap_is_int(
		drops_of(&alice, DROP_OUT_GAVE_UP), 1, "what waits goes when the device goes down");
	tap_is_int(alice.pool.free.count, POOL_SIZE, "back to the pool");
	two_close();
}

/* A prefix is one peer's: giving it to another takes it from the first, at once, both ways. */
static void test_allowedips_move(void)
{
	struct node carol;
	const struct prefix prefix = inner_prefix(2);
	struct packet_list list = {0};
	uint8_t inner[40];

	two_open_in_session();
	node_open(&carol, 3);
	know(&carol, &alice);
	int err = interface_peer_allow(alice.interface, know(&alice, &carol), &prefix);
	tap_is_int(err, 0, "Bob's address is given to Carol");
	send_one(&alice, &bob);
	carry();
	tap_is_int(forget_inner(&bob), 0, "packets for it do not go to Bob");
	tap_is_int(forget_inner(&carol), 1, "but to Carol");
	send_one(&bob, &alice);
	carry();
	tap_is_int(
		drops_of(&alice, DROP_SOURCE_NOT_ALLOWED), 1, "packets from it by Bob are dropped");
	inner_write(2, 1, sizeof inner, 5, inner);
	packet_list_push(&list, packet_with(&carol, inner, sizeof inner));
	interface_send(carol.interface, now, &list, &carol.out);
	carry();
	tap_ok(got_inner(&alice, 2, sizeof inner, 5), "and by Carol are not");
	interface_peer_disallow_all(alice.interface, peer_of(&alice, &carol));
	send_one(&alice, &bob);
	tap_is_int(drops_of(&alice, DROP_OUT_NO_PEER), 1, "taken from all, it is nobody's");
	node_close(&carol);
	two_close();
}

static void test_disallow(void)
{
	const struct prefix two = inner_prefix(2), three = inner_prefix(3);

	two_open_in_session();
	struct peer *peer = peer_of(&alice, &bob);
	tap_ok(!interface_peer_disallow(alice.interface, peer, &three),
		"not what it does not have");
	tap_ok(interface_peer_disallow(alice.interface, peer, &two), "what it has");
	send_one(&bob, &alice);
	carry();
	tap_is_int(drops_of(&alice, DROP_SOURCE_NOT_ALLOWED), 1, "is not accepted any more");
	tap_ok(peer->keypairs.current != NULL, "though the session stays");
	two_close();
}

/* The longest prefix decides, also about the source: what is narrower is somebody else's. */
static void test_narrower(void)
{
	struct node carol;
	struct prefix all = {.address.family = ADDRESS_IPV4};

	two_open_in_session();
	node_open(&carol, 3);
	know(&carol, &alice);
	int err = interface_peer_allow(alice.interface, know(&alice, &carol), &all);
	tap_is_int(err, 0, "Carol gets all addresses");
	send_marked(&alice, 99, 100, 1);
	send_marked(&alice, 2, 100, 2);
	carry();
	tap_is_int(forget_inner(&carol), 1, "but those");
	tap_ok(got_inner(&bob, 1, 100, 2), "that are Bob's");
	node_close(&carol);
	two_close();
}

static void test_order_of_peers(void)
{
	struct node carol, dave;
	const struct peer *peer = NULL;

	two_open();
	node_open(&carol, 3);
	node_open(&dave, 4);
	const struct peer *c = know(&alice, &carol), *d = know(&alice, &dave);
	peer = interface_peer_next(alice.interface, peer);
	tap_ok(peer == peer_of(&alice, &bob), "peers come in the order of adding");
	peer = interface_peer_next(alice.interface, peer);
	tap_ok(peer == c, "the second");
	interface_peer_remove(alice.interface, peer_of(&alice, &bob));
	peer = interface_peer_next(alice.interface, interface_peer_next(alice.interface, NULL));
	tap_ok(peer == d, "also when the first has gone");
	tap_ok(interface_peer_next(alice.interface, peer) == NULL, "and the last is the last");
	node_close(&dave);
	node_close(&carol);
	two_close();
}

static void test_forget_sources(void)
{
	two_open_in_session();
	struct peer *peer = peer_of(&alice, &bob);
	peer->endpoint.source = address_of(192, 1);
	peer->endpoint.source_ifindex = 5;
	interface_forget_sources(alice.interface);
	tap_ok(endpoint_equal_remote(&peer->endpoint, &bob.at), "the peer stays where it is");
	tap_ok(peer->endpoint.source.family == ADDRESS_NONE && peer->endpoint.source_ifindex == 0,
		"but our own address is the kernel's to choose");
	two_close();
}

int main(void)
{
	test_new_key();
	test_handshake_under_way();
	test_own_key();
	test_no_key();
	test_removal();
	test_removal_while_staged();
	test_stop();
	test_stop_while_staged();
	test_allowedips_move();
	test_disallow();
	test_narrower();
	test_order_of_peers();
	test_forget_sources();
	interface_free(NULL);
	return tap_done();
}
