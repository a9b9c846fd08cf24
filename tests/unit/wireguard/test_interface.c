/* SPDX-License-Identifier: ISC */
/* Handshake and data between interfaces in memory. Other nouns: test_interface_*.c. */
#include "wireguard/interface_world.h"

static struct datagram initiation, response, data, keepalive;

/* Message by message: who says what when. */
static void test_handshake(void)
{
	two_open();
	send_one(&alice, &bob);
	tap_ok(take_type(&alice, MESSAGE_INITIATION, &initiation), "a packet begins a handshake");
	tap_ok(endpoint_equal_remote(&initiation.to, &bob.at), "it goes to the peer's endpoint");
	tap_ok(is_silent(&alice), "and the packet waits");
	give(&bob, &initiation, &alice);
	tap_ok(take_type(&bob, MESSAGE_RESPONSE, &response), "an initiation is answered");
	tap_ok(endpoint_equal_remote(&response.to, &alice.at), "to where it came from");
	tap_ok(peer_of(&bob, &alice)->keypairs.next != NULL, "the responder's session waits");
	give(&alice, &response, &bob);
	tap_ok(take_type(&alice, MESSAGE_DATA, &data), "the response lets the packet go");
	tap_ok(is_silent(&alice), "without a keepalive before it");
	tap_is_int(data.size, 112 + MESSAGE_DATA_OVERHEAD, "padded to a multiple of 16");
	give(&bob, &data, &alice);
	tap_ok(got_inner(&bob, 1, 100, 0), "the packet arrives as it was");
	tap_ok(peer_of(&bob, &alice)->keypairs.current != NULL, "the session is confirmed");
	tap_ok(is_silent(&bob), "and nothing more is said");
	tap_is_int(drops_in_all(&alice) + drops_in_all(&bob), 0, "nothing was dropped");
	two_close();
}

/* What both ends show about it. */
static void test_accounts(void)
{
	two_open_in_session();
	const struct peer *a = peer_of(&alice, &bob), *b = peer_of(&bob, &alice);
	uint64_t sent = MESSAGE_INITIATION_SIZE + 112 + MESSAGE_DATA_OVERHEAD;

	tap_is_int(a->tx_bytes, sent, "bytes sent by the initiator");
	tap_is_int(b->rx_bytes, sent, "bytes received by the responder");
	tap_is_int(b->tx_bytes, MESSAGE_RESPONSE_SIZE, "bytes sent by the responder");
	tap_is_int(a->rx_bytes, MESSAGE_RESPONSE_SIZE, "bytes received by the initiator");
	tap_is_int(a->timers.last_handshake_complete_ns, now.realtime_ns, "the initiator's time");
	tap_is_int(b->timers.last_handshake_complete_ns, now.realtime_ns, "the responder's time");
	two_close();
}

/* Without a packet that waits, the initiator confirms by a keepalive. */
static void test_keepalive_confirms(void)
{
	two_open();
	interface_peer_set_persistent_keepalive(
		alice.interface, peer_of(&alice, &bob), 25, now.monotonic_ns);
	tick(&alice);
	tap_ok(take_type(&alice, MESSAGE_INITIATION, &initiation),
		"a keepalive begins a handshake");
	give(&bob, &initiation, &alice);
	tap_ok(take(&bob, &response), "answered");
	give(&alice, &response, &bob);
	tap_ok(take(&alice, &keepalive) && is_keepalive(&keepalive), "confirmed by a keepalive");
	give(&bob, &keepalive, &alice);
	tap_ok(is_silent(&bob), "which brings nothing in");
	send_one(&bob, &alice);
	tap_ok(take_type(&bob, MESSAGE_DATA, &data), "and lets the responder send");
	two_close();
}

/* The responder's own packets wait until the initiator has confirmed. */
static void test_responder_waits(void)
{
	two_open();
	send_one(&alice, &bob);
	tap_ok(take(&alice, &initiation), "an initiation");
	give(&bob, &initiation, &alice);
	tap_ok(take(&bob, &response), "a response");
	send_marked(&bob, 1, 60, 7);
	tap_ok(is_silent(&bob), "the responder says nothing before it is confirmed");
	give(&alice, &response, &bob);
	tap_ok(take(&alice, &data), "the initiator confirms");
	give(&bob, &data, &alice);
	tap_ok(got_inner(&bob, 1, 100, 0), "its packet came in");
	carry();
	tap_ok(got_inner(&alice, 2, 60, 7), "and what waited for it goes");
	two_close();
}

static void test_both_ways(void)
{
	two_open_in_session();
	for (uint32_t i = 0; i < 50; i++) {
		send_marked(&alice, 2, 20 + i, i);
		send_marked(&bob, 1, 1420 - i, i);
	}
	carry();
	int good = 0;
	for (uint32_t i = 0; i < 50; i++) {
		good += got_inner(&bob, 1, 20 + i, i);
		good += got_inner(&alice, 2, 1420 - i, i);
	}
	tap_is_int(good, 100, "all packets of both arrive, in order, as they were");
	tap_ok(is_silent(&alice) && is_silent(&bob), "and nothing else");
	tap_is_int(drops_in_all(&alice) + drops_in_all(&bob), 0, "nothing was dropped");
	two_close();
}

/* Both call at the same time; whoever answers gives up its own call (kernel, noise.c). */
static void test_crossed_calls(void)
{
	static struct datagram other;

	two_open();
	send_one(&alice, &bob);
	send_one(&bob, &alice);
	tap_ok(take(&alice, &initiation) && take(&bob, &other), "two initiations");
	give(&bob, &initiation, &alice);
	give(&alice, &other, &bob);
	pass(20 * SECONDS_NS);
	tap_ok(forget_inner(&alice) == 1 && forget_inner(&bob) == 1,
		"both packets arrive in the end");
	two_close();
}

/* Peers take turns in one batch, out and in. */
static void test_batch(void)
{
	struct node carol;
	struct packet_list list = {0};

	two_open_in_session();
	node_open(&carol, 3);
	know(&alice, &carol);
	know(&carol, &alice);
	send_one(&alice, &carol);
	carry();
	forget_inner(&carol);
	for (uint32_t i = 0; i < 40; i++)
		push_inner(&alice, &list, i % 3 == 0 ? 3 : 2, 200, i);
	interface_send(alice.interface, now, &list, &alice.out);
	tap_is_int(alice.out.datagrams.count, 40, "all packets of a batch go out");
	carry();
	int good = 0;
	for (uint32_t i = 0; i < 40; i++)
		good += got_inner(i % 3 == 0 ? &carol : &bob, 1, 200, i);
	tap_is_int(good, 40, "those of each peer in order");
	tap_ok(node_close(&carol), "the third's packets are back");
	two_close();
}

/* More packets for one peer in one call than may wait: those with a session do not wait. */
static void test_long_batch(void)
{
	struct packet_list list = {0};

	two_open_in_session();
	for (uint32_t i = 0; i < 3 * MAX_STAGED_PACKETS; i++)
		push_inner(&alice, &list, 2, 40, i);
	interface_send(alice.interface, now, &list, &alice.out);
	tap_is_int(alice.out.datagrams.count, 3 * MAX_STAGED_PACKETS, "none is lost");
	two_close();
}

static void test_preshared_key(void)
{
	static const uint8_t key[NOISE_KEY_SIZE] = {1, 2, 3}, none[NOISE_KEY_SIZE];

	two_open();
	interface_peer_set_preshared_key(peer_of(&alice, &bob), key);
	send_one(&alice, &bob);
	pass(SECONDS_NS);
	tap_is_int(forget_inner(&bob), 0, "one end has a pre-shared key: no session");
	tap_is_int(drops_of(&alice, DROP_RESPONSE_FORGED), 1, "the response does not authenticate");
	interface_peer_set_preshared_key(peer_of(&bob, &alice), key);
	pass(10 * SECONDS_NS);
	tap_is_int(forget_inner(&bob), 1, "both have it: the next attempt succeeds");
	interface_peer_set_preshared_key(peer_of(&alice, &bob), none);
	send_one(&alice, &bob);
	carry();
	tap_is_int(forget_inner(&bob), 1, "its going does not end the session");
	two_close();
}

/* IPv6 inside and outside: the same, and the source that was called is kept. */
static void test_ipv6(void)
{
	const struct address inner = {.family = ADDRESS_IPV6, .bytes = {0xfd, 1}};
	const struct prefix prefix = {.address = inner, .length = 128};
	struct packet_list list = {0};
	uint8_t packet[44] = {0x60, [5] = 4, [43] = 9};

	two_open();
	memcpy(packet + 8, inner.bytes, 16);
	memcpy(packet + 24, inner.bytes, 16);
	bob.at.remote = (struct address){.family = ADDRESS_IPV6, .bytes = {0x20, 1}};
	bob.at.source = inner;
	bob.at.source_ifindex = 7;
	interface_peer_set_endpoint(peer_of(&alice, &bob), &bob.at);
	int err = interface_peer_allow(alice.interface, peer_of(&alice, &bob), &prefix);
	tap_is_int(err, 0, "an IPv6 prefix is allowed");
	err = interface_peer_allow(bob.interface, peer_of(&bob, &alice), &prefix);
	tap_is_int(err, 0, "and at the other end");
	packet_list_push(&list, packet_with(&alice, packet, sizeof packet));
	interface_send(alice.interface, now, &list, &alice.out);
	carry();
	tap_ok(take_inner(&bob, &data) && data.size == sizeof packet, "an IPv6 packet arrives");
	tap_is_bytes(data.bytes, packet, sizeof packet, "as it was");
	send_one(&alice, &bob);
	tap_ok(take(&alice, &data), "a datagram");
	tap_ok(data.to.source_ifindex == 7 && address_equal(&data.to.source, &inner),
		"it leaves by the address that was called");
	two_close();
}

int main(void)
{
	test_handshake();
	test_accounts();
	test_keepalive_confirms();
	test_responder_waits();
	test_both_ways();
	test_crossed_calls();
	test_batch();
	test_long_batch();
	test_preshared_key();
	test_ipv6();
	return tap_done();
}
