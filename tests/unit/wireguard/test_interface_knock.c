/* SPDX-License-Identifier: ISC */
/* Who gets in where knocks are asked for, and what a flood without them can do. */
#include "wireguard/interface_world.h"

#include "wireguard/load.h"

static const struct endpoint elsewhere = {
	.remote = {.family = ADDRESS_IPV4, .bytes = {198, 51, 100, 9}},
	.port = 9,
};
static const struct knock_key full = {7, KNOCK_FULL, {7}}, lean = {6, KNOCK_BUDGETED, {6}},
			      unknown = {5, KNOCK_FULL, {5}};

static struct datagram initiation, reply;

/* Bob asks for knocks, and knows two epochs; Alice has this one. */
static void two_open_knocking(enum knock_mode mode, const struct knock_key *alices)
{
	const struct knock_key keys[] = {full, lean};

	two_open();
	interface_set_knock(alice.interface, alices);
	if (interface_set_knock_gate(bob.interface, mode, keys, ARRAY_LENGTH(keys)) < 0)
		abort();
}

static void call(void)
{
	send_one(&alice, &bob);
	if (!take_type(&alice, MESSAGE_INITIATION, &initiation))
		abort();
	give(&bob, &initiation, &alice);
}

/* Somebody who knows Bob's public key, and no more, from as many addresses as there are. */
static void flood(unsigned count)
{
	static struct datagram junk;
	struct cookie_maker maker = {0};
	struct endpoint from = elsewhere;

	junk = (struct datagram){.size = MESSAGE_INITIATION_SIZE, .bytes = {MESSAGE_INITIATION}};
	cookie_maker_set_key(&maker, bob.public_key);
	for (unsigned i = 0; i < count; i++) {
		store_le32(junk.bytes + 8, i + 1);
		cookie_macs_write(&maker, now.monotonic_ns, junk.bytes, junk.size);
		store_be32(from.remote.bytes, 0xcb007100 + i);
		give_from(&bob, &junk, &from);
	}
}

static const struct {
	const char *name;
	enum knock_mode mode;
	const struct knock_key *key;
	bool is_answered, is_answered_in_flood;
} calls[] = {
	{"off, no knock", KNOCK_OFF, NULL, true, true},
	{"off, a knock", KNOCK_OFF, &full, true, true},
	{"preferred, no knock", KNOCK_PREFERRED, NULL, true, false},
	{"preferred, an unknown knock", KNOCK_PREFERRED, &unknown, true, false},
	{"preferred, a budgeted knock", KNOCK_PREFERRED, &lean, true, false},
	{"preferred, a full knock", KNOCK_PREFERRED, &full, true, true},
	{"required, no knock", KNOCK_REQUIRED, NULL, false, false},
	{"required, an unknown knock", KNOCK_REQUIRED, &unknown, false, false},
	{"required, a budgeted knock", KNOCK_REQUIRED, &lean, true, true},
	{"required, a full knock", KNOCK_REQUIRED, &full, true, true},
};

static void test_modes(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(calls); i++) {
		two_open_knocking(calls[i].mode, calls[i].key);
		call();
		tap_ok((bob.out.datagrams.count == 1) == calls[i].is_answered, calls[i].name);
		carry();
		tap_is_int(forget_inner(&bob), calls[i].is_answered, calls[i].name);
		two_close();
		two_open_knocking(calls[i].mode, calls[i].key);
		flood(2 * LOAD_BURST);
		tap_ok(is_silent(&bob), "a flood hears nothing");
		call();
		tap_ok((bob.out.datagrams.count == 1) == calls[i].is_answered_in_flood,
			calls[i].name);
		two_close();
	}
}

/* Cookies are never sent where knocks are asked for, whatever the policy. */
static void test_no_cookies(void)
{
	world_cookies = COOKIES_ALWAYS;
	two_open_knocking(KNOCK_PREFERRED, NULL);
	world_cookies = COOKIES_NEVER;
	flood(3 * LOAD_BURST);
	tap_ok(drops_of(&bob, DROP_KNOCK_BUDGET) > LOAD_BURST, "the budget is used up");
	call();
	tap_ok(is_silent(&bob), "nobody hears why");
	skip(10 * SECONDS_NS);
	tick(&alice);
	tap_ok(take_type(&alice, MESSAGE_INITIATION, &initiation), "when it is over");
	give(&bob, &initiation, &alice);
	tap_ok(take_type(&bob, MESSAGE_RESPONSE, &reply), "calls are served again");
	two_close();
}

/* What was recorded has a knock, and dies as a copy. */
static void test_replayed(void)
{
	two_open_knocking(KNOCK_REQUIRED, &full);
	call();
	tap_ok(take_type(&bob, MESSAGE_RESPONSE, &reply), "a call is answered");
	give_from(&bob, &initiation, &elsewhere);
	tap_is_int(drops_of(&bob, DROP_INITIATION_REPLAYED), 1, "its copy is known");
	initiation.bytes[4] ^= 1;
	struct cookie_maker maker = {0};
	cookie_maker_set_key(&maker, bob.public_key);
	cookie_macs_write(&maker, now.monotonic_ns, initiation.bytes, initiation.size);
	give_from(&bob, &initiation, &elsewhere);
	tap_is_int(drops_of(&bob, DROP_KNOCK_MISSING), 1, "altered, it has no knock any more");
	two_close();
}

/* Every second initiation has the cookie, where there is one; the others knock. */
static void test_cookie_of_theirs(void)
{
	world_cookies = COOKIES_ALWAYS;
	two_open();
	world_cookies = COOKIES_NEVER;
	interface_set_knock(alice.interface, &full);
	send_one(&alice, &bob);
	if (!take_type(&alice, MESSAGE_INITIATION, &initiation))
		abort();
	flood(2 * LOAD_BURST);
	packet_put_all(&bob.pool, &bob.out.datagrams);
	give(&bob, &initiation, &alice);
	tap_ok(take_type(&bob, MESSAGE_COOKIE_REPLY, &reply),
		"a stock responder asks for a cookie");
	give(&alice, &reply, &bob);
	struct knock_gate gate = {0};
	if (knock_gate_set(&gate, KNOCK_REQUIRED, &full, 1) < 0)
		abort();
	for (int i = 0; i < 4; i++) {
		skip(6 * SECONDS_NS);
		tick(&alice);
		if (!take_type(&alice, MESSAGE_INITIATION, &initiation))
			abort();
		tap_is_int(knock_check(&gate, initiation.bytes), i % 2 ? KNOCK_FULL : KNOCK_NONE,
			i % 2 ? "then the knock" : "the cookie");
	}
	two_close();
}

static void test_peer_key(void)
{
	two_open_knocking(KNOCK_REQUIRED, &unknown);
	interface_peer_set_knock(peer_of(&alice, &bob), &full);
	call();
	tap_ok(take_type(&bob, MESSAGE_RESPONSE, &reply), "the peer's own key comes first");
	two_close();
}

/* The answer to a call of ours needs none. */
static void test_response(void)
{
	two_open_knocking(KNOCK_REQUIRED, NULL);
	send_one(&bob, &alice);
	carry();
	tap_is_int(forget_inner(&alice), 1, "we call, and the answer is taken");
	two_close();
}

int main(void)
{
	test_modes();
	test_no_cookies();
	test_replayed();
	test_cookie_of_theirs();
	test_peer_key();
	test_response();
	return tap_done();
}
