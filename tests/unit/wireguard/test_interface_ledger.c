/* SPDX-License-Identifier: ISC */
/* Answers wait until what they ask for is stored, and die where it cannot be. */
#include "wireguard/interface_world.h"

#include <errno.h>

static struct datagram initiation, recorded, response;
static struct unstored unstored;

/* Alice calls; Bob has got it. */
static void call(void)
{
	send_one(&alice, &bob);
	if (!take_type(&alice, MESSAGE_INITIATION, &initiation))
		abort();
	give(&bob, &initiation, &alice);
}

/* Alice's next call, two minutes later. */
static void call_again(void)
{
	skip(REKEY_AFTER_TIME_NS);
	packet_put_all(&bob.pool, &bob.out.datagrams);
	packet_put_all(&alice.pool, &alice.out.datagrams);
	interface_stop(alice.interface);
	interface_start(alice.interface, now.monotonic_ns);
	call();
}

static void open_storing(void)
{
	world_stores_timestamps = true;
	two_open();
	world_stores_timestamps = false;
}

static void test_held(void)
{
	open_storing();
	tap_ok(!interface_unstored(bob.interface, &unstored), "nothing to store at first");
	call();
	tap_ok(bob.out.datagrams.count == 0 && bob.out.held.count == 1, "an answer is held");
	tap_ok(interface_unstored(bob.interface, &unstored), "something is to be stored");
	tap_ok(unstored.first && !unstored.first->next_unstored &&
			bytes_equal(unstored.first->by_key.public_key, alice.public_key,
				NOISE_KEY_SIZE),
		"of the caller");
	tap_ok(unstored.reach_ns > now.monotonic_ns, "and how far that is good");
	interface_stored(bob.interface, 0, &bob.out);
	tap_ok(take_type(&bob, MESSAGE_RESPONSE, &response), "then it is sent");
	tap_ok(!interface_unstored(bob.interface, &unstored), "and nothing is to be stored");
	give(&alice, &response, &bob);
	carry();
	tap_is_int(forget_inner(&bob), 1, "and is good");
	two_close();
}

static void test_failed(void)
{
	open_storing();
	call();
	interface_stored(bob.interface, -ENOSPC, &bob.out);
	tap_ok(is_silent(&bob) && bob.out.held.count == 0, "what cannot be stored is not answered");
	tap_is_int(drops_of(&bob, DROP_OUT_UNSTORED), 1, "and counted");
	skip(6 * SECONDS_NS);
	give(&bob, &initiation, &alice);
	tap_is_int(drops_of(&bob, DROP_INITIATION_REPLAYED), 1, "it is known all the same");
	tick(&alice);
	if (!take_type(&alice, MESSAGE_INITIATION, &initiation))
		abort();
	give(&bob, &initiation, &alice);
	tap_ok(bob.out.held.count == 1, "the next call asks again");
	interface_stored(bob.interface, 0, &bob.out);
	tap_ok(take_type(&bob, MESSAGE_RESPONSE, &response), "and is answered");
	two_close();
}

/* How many of `count` calls had a peer's record stored. */
static unsigned count_stored(unsigned count)
{
	unsigned stored = 0;

	for (unsigned i = 0; i < count; i++) {
		call_again();
		stored += interface_unstored(bob.interface, &unstored) && unstored.first;
		interface_stored(bob.interface, 0, &bob.out);
		if (!take_type(&bob, MESSAGE_RESPONSE, &response))
			abort();
	}
	return stored;
}

static void test_few_writes(void)
{
	open_storing();
	call();
	interface_stored(bob.interface, 0, &bob.out);
	tap_is_int(count_stored(50), 1, "of 50 calls of an even clock one is stored");
	two_close();
}

/* A restart, simulated by what a program would bring back. */
static void test_restart(void)
{
	struct horizon stored;
	uint8_t bound[NOISE_TIMESTAMP_SIZE], private_key[NOISE_KEY_SIZE];

	open_storing();
	call();
	interface_stored(bob.interface, 0, &bob.out);
	(void)count_stored(5);
	recorded = initiation;
	memcpy(private_key, bob.private_key, sizeof private_key);
	stored = peer_of(&bob, &alice)->ledger_entry->stored;
	packet_put_all(&bob.pool, &bob.out.datagrams);
	node_close(&bob);
	node_open(&bob, 2); /* with another key: it is set below */
	skip(SECONDS_NS);
	horizon_bound(&stored, now.monotonic_ns, bound);
	if (interface_set_private_key(bob.interface, private_key) < 0 ||
		ledger_remember(interface_ledger(bob.interface), alice.public_key, bound,
			stored.lead_ns) < 0)
		abort();
	interface_recall_timestamps(bob.interface);
	know(&bob, &alice);
	give(&bob, &recorded, &alice);
	tap_is_int(drops_of(&bob, DROP_TIMESTAMP_REPLAYED), 1, "what was recorded is known");
	tap_ok(is_silent(&bob), "and not answered");
	skip(SECONDS_NS);
	call_again();
	tap_ok(take_type(&bob, MESSAGE_RESPONSE, &response), "a fresh call is answered");
	two_close();
}

static void test_removed_and_added(void)
{
	two_open();
	call();
	tap_ok(take_type(&bob, MESSAGE_RESPONSE, &response), "a call is answered");
	interface_peer_remove(bob.interface, peer_of(&bob, &alice));
	know(&bob, &alice);
	skip(SECONDS_NS);
	give(&bob, &initiation, &alice);
	tap_is_int(drops_of(&bob, DROP_INITIATION_REPLAYED), 1,
		"recorded, it is not after the peer was removed and added");
	tap_ok(is_silent(&bob), "in any way");
	two_close();
}

int main(void)
{
	test_held();
	test_failed();
	test_few_writes();
	test_restart();
	test_removed_and_added();
	return tap_done();
}
