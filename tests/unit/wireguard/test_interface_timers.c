/* SPDX-License-Identifier: ISC */
/* What two interfaces say by themselves as time passes (paper, 6). */
#include "wireguard/interface_world.h"

#define S SECONDS_NS

static unsigned emitted(const struct node *node)
{
	unsigned sum = 0;
	for (size_t type = 0; type <= MESSAGE_DATA; type++)
		sum += node->emitted[type];
	return sum;
}

static struct keypair *current_of(const struct node *node, const struct node *other)
{
	return peer_of(node, other)->keypairs.current;
}

/* Who has received, and has nothing to say, says so after 10 s; once. */
static void test_passive_keepalive(void)
{
	two_open_in_session();
	pass(10 * S - 1);
	tap_is_int(emitted(&alice) + emitted(&bob), 0, "9.999 s after data all is quiet");
	pass(1);
	tap_is_int(bob.emitted[MESSAGE_DATA], 1, "after 10 s the receiver sends a keepalive");
	tap_is_int(emitted(&alice), 0, "the sender does not");
	pass(100 * S);
	tap_is_int(emitted(&alice) + emitted(&bob), 1, "then both are quiet");
	two_close();
}

/* Data under way says as much as a keepalive. */
static void test_no_passive_keepalive(void)
{
	two_open_in_session();
	for (int i = 0; i < 20; i++) {
		send_one(&alice, &bob);
		send_one(&bob, &alice);
		pass(3 * S);
	}
	tap_is_int(emitted(&alice) + emitted(&bob), 40, "no keepalives while both send");
	forget_inner(&alice);
	forget_inner(&bob);
	two_close();
}

/* One keepalive answers for all that came in before it. */
static void test_one_keepalive(void)
{
	two_open_in_session();
	for (int i = 0; i < 9; i++) {
		pass(S);
		send_one(&alice, &bob);
	}
	pass(S);
	tap_is_int(bob.emitted[MESSAGE_DATA], 1, "data for 9 s, one keepalive at 10 s");
	pass(100 * S);
	tap_is_int(bob.emitted[MESSAGE_DATA], 1, "and no other");
	forget_inner(&bob);
	two_close();
}

/* Data without an answer for 15 s: the session may be dead. */
static void test_new_handshake(void)
{
	two_open_in_session();
	pass(20 * S);
	forget_emitted();
	wire_is_cut = true;
	send_one(&alice, &bob);
	pass(15 * S - 1);
	tap_is_int(alice.emitted[MESSAGE_INITIATION], 0, "14.999 s of silence are borne");
	pass(S / 3 + 1);
	tap_is_int(alice.emitted[MESSAGE_INITIATION], 1, "after 15 s a handshake begins");
	wire_is_cut = false;
	pass(6 * S);
	tap_is_int(alice.emitted[MESSAGE_INITIATION], 2, "and again after 5 s");
	tap_is_int(bob.emitted[MESSAGE_RESPONSE], 1, "until it is answered");
	two_close();
}

/* Whether the address that we send from is left to the kernel. */
static bool source_is_open(void)
{
	return peer_of(&alice, &bob)->endpoint.source.family == ADDRESS_NONE;
}

/* Silence may be the fault of the address that we send from. */
static void test_source_is_given_up(void)
{
	two_open();
	wire_is_cut = true;
	peer_of(&alice, &bob)->endpoint.source = address_of(192, 77);
	send_one(&alice, &bob);
	pass(4 * S);
	tap_ok(!source_is_open(), "an initiation is sent from where we were called");
	pass(2 * S);
	tap_ok(source_is_open(), "the next from where the kernel wants");
	two_close();
	two_open_in_session();
	wire_is_cut = true;
	peer_of(&alice, &bob)->endpoint.source = address_of(192, 77);
	send_one(&alice, &bob);
	pass(14 * S);
	tap_ok(!source_is_open(), "data is sent from where we were called");
	pass(2 * S);
	tap_ok(source_is_open(), "until nobody has answered for 15 s");
	two_close();
}

/* A restart of one end is found out by the other. */
static void test_restart(void)
{
	two_open_in_session();
	interface_stop(bob.interface);
	interface_start(bob.interface, now.monotonic_ns);
	send_one(&alice, &bob);
	pass(22 * S);
	tap_is_int(drops_of(&bob, DROP_INDEX_UNKNOWN), 1, "the old session is not there");
	send_one(&alice, &bob);
	carry();
	tap_is_int(forget_inner(&bob), 1, "a new one is");
	two_close();
}

/* The initiator renews when it sends, 120 s after the handshake. */
static void test_rekey_after_time(void)
{
	two_open_in_session();
	struct keypair *first = current_of(&alice, &bob);
	skip(REKEY_AFTER_TIME_NS - 1);
	send_one(&bob, &alice);
	send_one(&alice, &bob);
	carry();
	tap_ok(current_of(&alice, &bob) == first, "119.999 s: no renewal");
	skip(1);
	send_one(&bob, &alice);
	carry();
	tap_is_int(emitted(&bob), 2, "after 120 s the responder does not renew");
	tap_is_int(bob.emitted[MESSAGE_INITIATION], 0, "as it did not begin");
	send_one(&alice, &bob);
	carry();
	tap_is_int(alice.emitted[MESSAGE_INITIATION], 1, "the initiator does");
	tap_ok(current_of(&alice, &bob) != first, "and goes on with the new session");
	tap_is_int(forget_inner(&bob), 2, "no packet is lost by that");
	tap_is_int(forget_inner(&alice), 2, "either way");
	two_close();
}

/* An initiator that only receives renews in the last minute: 165 s after the handshake. */
static void test_renew_by_receiving(void)
{
	two_open_in_session();
	skip(165 * S - 1);
	send_one(&bob, &alice);
	carry();
	tap_is_int(alice.emitted[MESSAGE_INITIATION], 0, "164.999 s: no renewal by receiving");
	skip(1);
	wire_is_cut = true;
	send_one(&bob, &alice);
	wire_is_cut = false;
	static struct datagram datagram;
	tap_ok(take(&bob, &datagram), "data");
	give(&alice, &datagram, &bob);
	tap_ok(take_type(&alice, MESSAGE_INITIATION, &datagram), "165 s: a handshake begins");
	send_one(&bob, &alice);
	skip(6 * S);
	tap_ok(take(&bob, &datagram), "more data");
	give(&alice, &datagram, &bob);
	tap_ok(!take(&alice, &datagram), "not again by the next packet");
	forget_inner(&alice);
	two_close();
}

/* The same for messages: renewed after 2^60, not used any more before 2^64. */
static void test_rekey_after_messages(void)
{
	two_open_in_session();
	struct keypair *first = current_of(&alice, &bob);
	skip(6 * S);
	first->sending_counter = REKEY_AFTER_MESSAGES - 1;
	send_one(&alice, &bob);
	tap_is_int(alice.out.datagrams.count, 1, "message 2^60 - 1 does not ask for renewal");
	send_one(&alice, &bob);
	carry();
	tap_is_int(alice.emitted[MESSAGE_INITIATION], 1, "message 2^60 does");
	tap_ok(current_of(&alice, &bob) != first, "the session is renewed");
	tap_is_int(forget_inner(&bob), 2, "no packet is lost by that");
	skip(6 * S);
	current_of(&bob, &alice)->sending_counter = REKEY_AFTER_MESSAGES;
	send_one(&bob, &alice);
	carry();
	tap_is_int(bob.emitted[MESSAGE_INITIATION], 1, "the responder renews, too, by messages");
	forget_inner(&alice);
	two_close();
}

static void test_reject_after_messages(void)
{
	struct packet_list list = {0};

	two_open_in_session();
	skip(6 * S);
	current_of(&alice, &bob)->sending_counter = REJECT_AFTER_MESSAGES - 2;
	for (uint32_t i = 0; i < 5; i++)
		push_inner(&alice, &list, 2, 100, i);
	interface_send(alice.interface, now, &list, &alice.out);
	tap_is_int(alice.out.datagrams.count, 3, "two packets, and a handshake for the others");
	carry();
	int good = 0;
	for (uint32_t i = 0; i < 5; i++)
		good += got_inner(&bob, 1, 100, i);
	tap_is_int(good, 5, "all five arrive in order");
	two_close();
}

/* Nothing is sent, and nothing accepted, under a session of 180 s. */
static void test_reject_after_time(void)
{
	static struct datagram datagram;

	two_open_in_session();
	skip(REJECT_AFTER_TIME_NS - 1);
	send_one(&bob, &alice);
	tap_ok(take_type(&bob, MESSAGE_DATA, &datagram), "179.999 s: data is sent");
	give(&alice, &datagram, &bob);
	tap_is_int(forget_inner(&alice), 1, "and accepted");
	packet_put_all(&alice.pool, &alice.out.datagrams);
	send_one(&bob, &alice);
	tap_ok(take_type(&bob, MESSAGE_DATA, &datagram), "more data");
	skip(1);
	give(&alice, &datagram, &bob);
	tap_is_int(drops_of(&alice, DROP_SESSION_EXPIRED), 1, "180 s: it is not accepted");
	send_one(&bob, &alice);
	tap_ok(take_type(&bob, MESSAGE_INITIATION, &datagram), "and a handshake begins instead");
	two_close();
}

/* 1 initiation and 19 more, 5 s and a bit apart (kernel: MAX_TIMER_HANDSHAKES); then none. */
static void test_give_up(void)
{
	two_open();
	wire_is_cut = true;
	send_one(&alice, &bob);
	pass(90 * S);
	tap_ok(alice.emitted[MESSAGE_INITIATION] >= 17, "for 90 s it is tried");
	tap_is_int(drops_of(&alice, DROP_OUT_GAVE_UP), 0, "and the packet waits");
	pass(20 * S);
	tap_is_int(alice.emitted[MESSAGE_INITIATION], 20, "20 initiations in all");
	tap_is_int(drops_of(&alice, DROP_OUT_GAVE_UP), 1, "then the packet is given up");
	pass(3600 * S);
	tap_is_int(alice.emitted[MESSAGE_INITIATION], 20, "and nothing more is said");
	wire_is_cut = false;
	send_one(&alice, &bob);
	carry();
	tap_is_int(forget_inner(&bob), 1, "until there is something to send");
	two_close();
}

/* 540 s after the last session all keys are gone, and with them what they could open. */
static void test_zero_keys(void)
{
	two_open_in_session();
	pass(10 * S);
	const struct peer *a = peer_of(&alice, &bob), *b = peer_of(&bob, &alice);
	pass(530 * S - 1);
	tap_ok(a->keypairs.current && b->keypairs.current, "539.999 s: they are there");
	pass(1);
	tap_ok(!a->keypairs.current && !b->keypairs.current, "540 s: they are gone");
	tap_ok(!a->keypairs.previous && !a->keypairs.next, "all of them");
	tap_is_int(a->handshake.state, NOISE_IDLE, "and the handshake's");
	tap_is_int(emitted(&alice) + emitted(&bob), 1, "without a word");
	two_close();
}

/* Keys of a handshake that came to nothing go as well. */
static void test_zero_partial(void)
{
	two_open();
	wire_is_cut = true;
	send_one(&alice, &bob);
	pass(120 * S);
	tap_is_int(peer_of(&alice, &bob)->handshake.state, NOISE_INITIATION_CREATED,
		"a handshake that was given up leaves its keys");
	pass(540 * S);
	tap_is_int(peer_of(&alice, &bob)->handshake.state, NOISE_IDLE, "for 540 s");
	two_close();
}

static void set_persistent(uint16_t seconds)
{
	interface_peer_set_persistent_keepalive(
		alice.interface, peer_of(&alice, &bob), seconds, now.monotonic_ns);
}

static void test_persistent_keepalive(void)
{
	two_open_in_session();
	pass(20 * S);
	forget_emitted();
	set_persistent(7);
	pass(0);
	tap_is_int(alice.emitted[MESSAGE_DATA], 1, "switched on: one at once");
	pass(70 * S);
	tap_is_int(alice.emitted[MESSAGE_DATA], 11, "then one each interval");
	tap_is_int(emitted(&bob), 0, "which nobody answers");
	for (int i = 0; i < 10; i++) {
		pass(5 * S);
		send_one(&bob, &alice);
	}
	carry();
	tap_is_int(alice.emitted[MESSAGE_DATA], 16, "while data comes in, passive ones each 10 s");
	forget_inner(&alice);
	set_persistent(7);
	pass(0);
	tap_is_int(alice.emitted[MESSAGE_DATA], 16, "none when it is set to what it is");
	set_persistent(0);
	pass(60 * S);
	tap_is_int(alice.emitted[MESSAGE_DATA], 17, "switched off: one more passive one");
	set_persistent(7);
	pass(0);
	tap_is_int(alice.emitted[MESSAGE_INITIATION], 1, "switched on again: at once, if need be");
	two_close();
}

/* It goes with the interface: off while that is down. */
static void test_persistent_restart(void)
{
	two_open_in_session();
	set_persistent(7);
	pass(S);
	interface_stop(alice.interface);
	forget_emitted();
	pass(100 * S);
	tap_is_int(emitted(&alice), 0, "down: no keepalives");
	set_persistent(0);
	set_persistent(9);
	pass(100 * S);
	tap_is_int(emitted(&alice), 0, "not when switched on, either");
	interface_start(alice.interface, now.monotonic_ns);
	pass(0);
	tap_is_int(alice.emitted[MESSAGE_INITIATION], 1, "up: at once");
	pass(9 * S);
	tap_is_int(alice.emitted[MESSAGE_DATA], 2, "and then by interval");
	two_close();
}

/* A session is kept up for days by keepalives alone, and by few handshakes. */
static void test_days(void)
{
	two_open();
	set_persistent(25);
	pass(24 * 3600 * S);
	unsigned handshakes = alice.emitted[MESSAGE_INITIATION];

	tap_ok(handshakes >= 24 * 3600 / 150 && handshakes <= 24 * 3600 / 120,
		"a day of keepalives: a handshake each 120 to 150 s");
	tap_is_int(bob.emitted[MESSAGE_RESPONSE], handshakes, "each is answered");
	tap_is_int(bob.emitted[MESSAGE_INITIATION], 0, "by one who does not call");
	send_one(&bob, &alice);
	carry();
	tap_is_int(forget_inner(&alice), 1, "but can send at any time");
	two_close();
}

int main(void)
{
	test_passive_keepalive();
	test_no_passive_keepalive();
	test_one_keepalive();
	test_new_handshake();
	test_source_is_given_up();
	test_restart();
	test_rekey_after_time();
	test_renew_by_receiving();
	test_rekey_after_messages();
	test_reject_after_messages();
	test_reject_after_time();
	test_give_up();
	test_zero_keys();
	test_zero_partial();
	test_persistent_keepalive();
	test_persistent_restart();
	test_days();
	return tap_done();
}
