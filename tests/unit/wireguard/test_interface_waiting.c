/* SPDX-License-Identifier: ISC */
/*
 * A gateway waits to be called: it calls nobody, and sends nothing to where a device was heard last
 * once that is 20 s ago; and who lives loses nothing by it. Alice is the device, Bob the gateway.
 */
#include "wireguard/interface_world.h"

#define LONGEST_NS (20 * SECONDS_NS) /* what is promised */

static void two_open_waiting(bool waits)
{
	two_open_in_session();
	interface_peer_set_waits(peer_of(&bob, &alice), waits);
}

static uint64_t emitted_by_bob(void)
{
	uint64_t sum = bob.out.datagrams.count;

	for (size_t type = 0; type < ARRAY_LENGTH(bob.emitted); type++)
		sum += bob.emitted[type];
	return sum;
}

/* Alice is gone; Bob's host goes on sending to her for ten minutes. Frames after the 20th second.
 */
static uint64_t frames_to_who_has_gone(void)
{
	uint64_t gone_ns = now.monotonic_ns, late = 0;

	wire_is_cut = true;
	while (now.monotonic_ns - gone_ns < 600 * SECONDS_NS) {
		uint64_t before = emitted_by_bob();
		send_one(&bob, &alice);
		pass(SECONDS_NS / 4);
		if (now.monotonic_ns - gone_ns >= LONGEST_NS)
			late += emitted_by_bob() - before;
	}
	return late;
}

static void test_gone(void)
{
	two_open_waiting(true);
	tap_is_int((intmax_t)frames_to_who_has_gone(), 0, "nothing goes to who has gone");
	tap_ok(bob.emitted[MESSAGE_DATA] > 10, "what was sent before, was sent");
	tap_ok(drops_of(&bob, DROP_OUT_NOT_HEARD) > 1000, "and what dies is counted");
	tap_is_int((intmax_t)peer_of(&bob, &alice)->staged.count, 0, "nothing waits for ever");
	two_close();
	two_open_waiting(false);
	tap_ok(frames_to_who_has_gone() > 20, "stock WireGuard goes on, and calls");
	tap_ok(bob.emitted[MESSAGE_INITIATION] > 10, "by initiations");
	two_close();
}

/* She answers what she gets by a keepalive in ten seconds, and renews the session. */
static void test_there(void)
{
	unsigned sent = 0, came = 0;

	two_open_waiting(true);
	for (; sent < 600; sent++) {
		send_one(&bob, &alice);
		pass(SECONDS_NS);
		came += (unsigned)forget_inner(&alice);
	}
	tap_is_int(came, sent, "who is there gets all of it, through renewals");
	tap_is_int(bob.emitted[MESSAGE_INITIATION], 0, "and was never called");
	two_close();
}

static void test_idle(void)
{
	two_open_waiting(true);
	interface_peer_set_persistent_keepalive(
		alice.interface, peer_of(&alice, &bob), 15, now.monotonic_ns);
	unsigned came = 0;
	for (unsigned i = 0; i < 40; i++) {
		pass(37 * SECONDS_NS);
		send_one(&bob, &alice);
		carry();
		came += (unsigned)forget_inner(&alice);
	}
	tap_is_int(came, 40, "who keeps its NAT open every 15 s is reached at once");
	two_close();
}

/*
 * What comes every 20 s: the gateway's own keepalive, ten seconds after the answer, puts the
 * device's off, and the next is held back; but not a steady one's.
 */
static void test_steady(bool is_steady)
{
	uint64_t longest_ns = 0;

	two_open_waiting(true);
	interface_peer_set_persistent_keepalive(
		alice.interface, peer_of(&alice, &bob), 15, now.monotonic_ns);
	interface_peer_set_steady(peer_of(&alice, &bob), is_steady);
	for (unsigned i = 0; i < 30; i++) {
		uint64_t sent_ns = now.monotonic_ns;
		send_one(&bob, &alice);
		for (carry(); forget_inner(&alice) == 0; pass(SECONDS_NS / 10))
			;
		if (now.monotonic_ns - sent_ns > longest_ns)
			longest_ns = now.monotonic_ns - sent_ns;
		send_one(&alice, &bob); /* the answer */
		carry();
		forget_inner(&bob);
		pass(20 * SECONDS_NS);
	}
	tap_ok(is_steady ? longest_ns == 0 : longest_ns > 0,
		is_steady ? "a steady keepalive: all comes at once" : "another: it is held back");
	two_close();
}

static void test_held(void)
{
	two_open_waiting(true);
	pass(19 * SECONDS_NS);
	forget_emitted();
	send_one(&bob, &alice);
	tap_ok(is_silent(&bob), "not heard for 19 s: it is held back");
	send_one(&alice, &bob);
	carry();
	tap_is_int((intmax_t)forget_inner(&alice), 1, "and goes when she is heard");
	forget_inner(&bob);
	pass(60 * SECONDS_NS);
	for (unsigned i = 0; i < MAX_STAGED_PACKETS + 5; i++)
		send_one(&bob, &alice);
	tap_is_int((intmax_t)peer_of(&bob, &alice)->staged.count, 0, "a minute: it dies at once");
	two_close();
}

/* Who has gone comes back, with a new session. */
static void test_back(void)
{
	two_open_waiting(true);
	(void)frames_to_who_has_gone();
	wire_is_cut = false;
	packet_put_all(&bob.pool, &bob.out.datagrams);
	send_one(&alice, &bob);
	pass(SECONDS_NS);
	tap_is_int((intmax_t)forget_inner(&bob), 1, "who comes back is heard");
	forget_inner(&alice);
	send_one(&bob, &alice);
	carry();
	tap_is_int((intmax_t)forget_inner(&alice), 1, "and reached");
	two_close();
}

/* Many who have gone leave room for who has not. */
static void test_room(void)
{
	two_open_waiting(true);
	pass(19 * SECONDS_NS);
	size_t before = bob.pool.free.count;
	for (unsigned i = 0; i < 2 * POOL_SIZE; i++)
		send_one(&bob, &alice);
	tap_ok(before - bob.pool.free.count <= MAX_STAGED_PACKETS, "at most 128 are held back");
	two_close();
}

int main(void)
{
	test_gone();
	test_there();
	test_idle();
	test_steady(true);
	test_steady(false);
	test_held();
	test_back();
	test_room();
	return tap_done();
}
