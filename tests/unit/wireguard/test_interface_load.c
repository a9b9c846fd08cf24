/* SPDX-License-Identifier: ISC */
/* Handshakes while Bob is under load (paper, 5.3): who still gets through, and what is said. */
#include "wireguard/interface_world.h"

#include "wireguard/load.h"

static const struct endpoint elsewhere = {
	.remote = {.family = ADDRESS_IPV4, .bytes = {198, 51, 100, 9}},
	.port = 9,
};

static struct datagram initiation, reply;

/* Somebody who knows Bob's public key, and no more, sends so many initiations from elsewhere. */
static void flood(unsigned count)
{
	static struct datagram junk;
	struct cookie_maker maker = {0};

	junk = (struct datagram){.size = MESSAGE_INITIATION_SIZE, .bytes = {MESSAGE_INITIATION}};
	cookie_maker_set_key(&maker, bob.public_key);
	cookie_macs_write(&maker, now.monotonic_ns, junk.bytes, junk.size);
	for (unsigned i = 0; i < count; i++) {
		give_from(&bob, &junk, &elsewhere);
		if (bob.out.datagrams.count > POOL_SIZE / 2)
			packet_put_all(&bob.pool, &bob.out.datagrams);
	}
}

/* Bob under load, nothing in his outbox, and Alice's first initiation. */
static void open_under_load(enum cookie_policy policy)
{
	world_cookies = policy;
	two_open();
	world_cookies = COOKIES_NEVER;
	send_one(&alice, &bob);
	if (!take(&alice, &initiation))
		abort();
	flood(2 * LOAD_BURST);
	packet_put_all(&bob.pool, &bob.out.datagrams);
}

/* Bob is silent to the flood; Alice has an address of her own, and gets through. */
static void test_silent(void)
{
	open_under_load(COOKIES_NEVER);
	uint64_t limited = drops_of(&bob, DROP_RATE_LIMITED);
	tap_ok(limited > LOAD_BURST / 2, "a flood from one address is limited");
	flood(1);
	tap_is_int(drops_of(&bob, DROP_RATE_LIMITED), limited + 1, "each of its datagrams");
	tap_ok(is_silent(&bob), "nothing is said to it");
	give(&bob, &initiation, &alice);
	tap_ok(take_type(&bob, MESSAGE_RESPONSE, &reply), "another address is served");
	skip(2 * SECONDS_NS);
	uint64_t weak = drops_of(&bob, DROP_EPHEMERAL_WEAK);
	flood(1);
	tap_is_int(drops_of(&bob, DROP_EPHEMERAL_WEAK), weak + 1,
		"seconds later, each is judged by itself again");
	two_close();
}

/* As stock WireGuard: who shows that what is sent to him arrives is served. */
static void test_cookies(void)
{
	open_under_load(COOKIES_ALWAYS);
	give(&bob, &initiation, &alice);
	tap_ok(take_type(&bob, MESSAGE_COOKIE_REPLY, &reply), "an initiation gets a cookie reply");
	tap_ok(endpoint_equal_remote(&reply.to, &alice.at), "sent to where it came from");
	give(&alice, &reply, &bob);
	tap_is_int(drops_in_all(&alice), 0, "which is accepted");
	skip(6 * SECONDS_NS);
	tick(&alice);
	tap_ok(take_type(&alice, MESSAGE_INITIATION, &initiation), "another initiation");
	flood(2 * LOAD_BURST);
	packet_put_all(&bob.pool, &bob.out.datagrams);
	give_from(&bob, &initiation, &elsewhere);
	tap_ok(take_type(&bob, MESSAGE_COOKIE_REPLY, &reply), "is not served from elsewhere");
	give(&bob, &initiation, &alice);
	tap_ok(take_type(&bob, MESSAGE_RESPONSE, &reply), "but from where the cookie went");
	two_close();
}

/* Who has a session from his address gets a cookie; nobody else hears of us. */
static void test_familiar(void)
{
	static struct datagram data;

	world_cookies = COOKIES_FAMILIAR;
	two_open_in_session();
	world_cookies = COOKIES_NEVER;
	flood(2 * LOAD_BURST);
	tap_ok(is_silent(&bob), "a flood from an unknown address hears nothing");
	skip(REKEY_AFTER_TIME_NS);
	send_one(&alice, &bob);
	tap_ok(take_type(&alice, MESSAGE_DATA, &data), "data");
	tap_ok(take_type(&alice, MESSAGE_INITIATION, &initiation),
		"and a call to renew the session");
	flood(2 * LOAD_BURST);
	give_from(&bob, &initiation, &elsewhere);
	tap_ok(is_silent(&bob), "the call from elsewhere hears nothing");
	give(&bob, &initiation, &alice);
	tap_ok(take_type(&bob, MESSAGE_COOKIE_REPLY, &reply), "the caller gets a cookie reply");
	interface_peer_remove(bob.interface, peer_of(&bob, &alice));
	give(&bob, &initiation, &alice);
	tap_ok(is_silent(&bob), "but not once he is no peer any more");
	two_close();
}

/* A response never does, whatever the policy. */
static void test_no_cookie_for_responses(void)
{
	world_cookies = COOKIES_ALWAYS;
	two_open();
	world_cookies = COOKIES_NEVER;
	send_one(&bob, &alice);
	tap_ok(take(&bob, &initiation), "our call");
	give(&alice, &initiation, &bob);
	tap_ok(take_type(&alice, MESSAGE_RESPONSE, &reply), "is answered");
	flood(2 * LOAD_BURST);
	packet_put_all(&bob.pool, &bob.out.datagrams);
	struct cookie_maker maker = {0};
	cookie_maker_set_key(&maker, bob.public_key);
	reply.bytes[MESSAGE_RESPONSE_SIZE - MESSAGE_MACS_SIZE - 1] ^= 1;
	for (int i = 0; i < 50; i++) {
		cookie_macs_write(&maker, now.monotonic_ns, reply.bytes, reply.size);
		give_from(&bob, &reply, &elsewhere);
	}
	tap_ok(is_silent(&bob), "forged responses with a right mac1 hear nothing");
	tap_ok(drops_of(&bob, DROP_RATE_LIMITED) > 0, "under load they are limited");
	two_close();
}

/* Copies of what was accepted cost no public-key work, and are no load. */
static void test_copies(void)
{
	two_open();
	send_one(&alice, &bob);
	if (!take(&alice, &initiation))
		abort();
	give(&bob, &initiation, &alice);
	tap_ok(take_type(&bob, MESSAGE_RESPONSE, &reply), "a call is answered");
	for (int i = 0; i < 2 * LOAD_BURST; i++)
		give_from(&bob, &initiation, &elsewhere);
	tap_is_int(drops_of(&bob, DROP_INITIATION_REPLAYED), 2 * LOAD_BURST, "no copy of it is");
	initiation.bytes[4] ^= 1;
	struct cookie_maker maker = {0};
	cookie_maker_set_key(&maker, bob.public_key);
	cookie_macs_write(&maker, now.monotonic_ns, initiation.bytes, initiation.size);
	give_from(&bob, &initiation, &elsewhere);
	tap_is_int(drops_of(&bob, DROP_INITIATION_REPLAYED), 2 * LOAD_BURST + 1,
		"nor one with another sender index");
	flood(1);
	tap_is_int(drops_of(&bob, DROP_RATE_LIMITED), 0, "they are no load");
	tap_ok(is_silent(&bob), "and hear nothing");
	two_close();
}

/* A cookie is no password: without load nobody asks for it, and data needs none ever. */
static void test_sessions_under_load(void)
{
	two_open_in_session();
	flood(2 * LOAD_BURST);
	packet_put_all(&bob.pool, &bob.out.datagrams);
	send_one(&alice, &bob);
	carry();
	tap_is_int(forget_inner(&bob), 1, "data passes under load");
	two_close();
}

/* The answer to our own call is judged as calls are. */
static void test_response_under_load(void)
{
	two_open();
	send_one(&bob, &alice);
	tap_ok(take(&bob, &initiation), "our call");
	give(&alice, &initiation, &bob);
	tap_ok(take_type(&alice, MESSAGE_RESPONSE, &reply), "is answered");
	flood(2 * LOAD_BURST);
	packet_put_all(&bob.pool, &bob.out.datagrams);
	give(&bob, &reply, &alice);
	carry();
	tap_is_int(forget_inner(&alice), 1, "and the answer accepted under load");
	two_close();
}

int main(void)
{
	test_silent();
	test_cookies();
	test_familiar();
	test_no_cookie_for_responses();
	test_copies();
	test_sessions_under_load();
	test_response_under_load();
	return tap_done();
}
