/* SPDX-License-Identifier: ISC */
/* Ways to have Bob drop a packet, one for each reason. For test_drops.c alone. */
#pragma once

#include "wireguard/interface_world.h"

#include "wireguard/cookie.h"
#include "wireguard/load.h"

static struct datagram first, second;
static struct drop_counters before; /* see last_step() */

/* From here on drops count. */
static inline void last_step(void)
{
	packet_put_all(&bob.pool, &bob.out.datagrams);
	packet_put_all(&bob.pool, &bob.out.inner);
	before = *interface_drops(bob.interface);
}

/* ---- datagrams ---- */

/* Alice's initiation. */
static inline void take_initiation(struct datagram *ret_datagram)
{
	two_open();
	send_one(&alice, &bob);
	if (!take_type(&alice, MESSAGE_INITIATION, ret_datagram))
		abort();
}

/* Two of them, 6 s apart. */
static inline void take_two_initiations(void)
{
	take_initiation(&first);
	skip(6 * SECONDS_NS);
	tick(&alice);
	if (!take_type(&alice, MESSAGE_INITIATION, &second))
		abort();
}

/* Alice's data, in a session. */
static inline void take_data(struct datagram *ret_datagram)
{
	two_open_in_session();
	send_one(&alice, &bob);
	if (!take_type(&alice, MESSAGE_DATA, ret_datagram))
		abort();
}

/* Alice's response to Bob's initiation. */
static inline void take_response(struct datagram *ret_datagram)
{
	two_open();
	send_one(&bob, &alice);
	if (!take_type(&bob, MESSAGE_INITIATION, &first))
		abort();
	give(&alice, &first, &bob);
	if (!take_type(&alice, MESSAGE_RESPONSE, ret_datagram))
		abort();
}

/* Makes mac1 right again: all it needs is Bob's public key. */
static inline void sign(struct datagram *datagram)
{
	struct cookie_maker maker = {0};

	cookie_maker_set_key(&maker, bob.public_key);
	cookie_macs_write(&maker, now.monotonic_ns, datagram->bytes, datagram->size);
}

/* A datagram of a type, all zero otherwise. */
static inline void make(struct datagram *datagram, enum message_type type, size_t size)
{
	*datagram = (struct datagram){.size = size, .bytes = {(uint8_t)type}};
}

/* Data under Alice's session with any content. */
static inline void seal_by_hand(const void *inner, size_t size)
{
	struct keypair *keypair = peer_of(&alice, &bob)->keypairs.current;
	const struct message_data_header header = {keypair->remote_index, keypair->sending_counter};

	memcpy(first.bytes + MESSAGE_DATA_HEADER_SIZE, inner, size);
	if (aead_seal(keypair->sending, keypair->sending_counter++,
		    first.bytes + MESSAGE_DATA_HEADER_SIZE, size) < 0)
		abort();
	message_data_header_encode(&header, first.bytes);
	first.size = size + MESSAGE_DATA_OVERHEAD;
}

/* So many handshakes that Bob is under load. */
static inline void flood(void)
{
	static struct datagram junk;

	make(&junk, MESSAGE_INITIATION, MESSAGE_INITIATION_SIZE);
	sign(&junk);
	for (int i = 0; i < 2 * LOAD_BURST; i++) {
		give(&bob, &junk, &alice);
		packet_put_all(&bob.pool, &bob.out.datagrams);
	}
}

/* ---- provocations, in the order of the list ---- */

static inline void down(void)
{
	take_data(&first);
	interface_stop(bob.interface);
	last_step();
	give(&bob, &first, &alice);
}

static inline void malformed(void)
{
	two_open();
	make(&first, MESSAGE_INITIATION, MESSAGE_INITIATION_SIZE - 1);
	last_step();
	give(&bob, &first, &alice);
}

static inline void no_private_key(void)
{
	take_initiation(&first);
	if (interface_set_private_key(bob.interface, NULL) < 0)
		abort();
	last_step();
	give(&bob, &first, &alice);
}

static inline void mac1_invalid(void)
{
	take_initiation(&first);
	first.bytes[MESSAGE_INITIATION_SIZE - MESSAGE_MACS_SIZE] ^= 1;
	last_step();
	give(&bob, &first, &alice);
}

static inline void under_load(void)
{
	world_cookies = COOKIES_ALWAYS;
	take_two_initiations();
	world_cookies = COOKIES_NEVER;
	flood();
	last_step();
	give(&bob, &second, &alice);
}

static inline void rate_limited(void)
{
	take_two_initiations();
	flood();
	last_step();
	give(&bob, &second, &alice);
}

static inline void ephemeral_weak(void)
{
	take_initiation(&first);
	memset(first.bytes + 8, 0, NOISE_KEY_SIZE);
	sign(&first);
	last_step();
	give(&bob, &first, &alice);
}

static inline void static_forged(void)
{
	take_initiation(&first);
	first.bytes[8 + NOISE_KEY_SIZE] ^= 1;
	sign(&first);
	last_step();
	give(&bob, &first, &alice);
}

static inline void peer_unknown(void)
{
	take_initiation(&first);
	interface_peer_remove(bob.interface, peer_of(&bob, &alice));
	last_step();
	give(&bob, &first, &alice);
}

static inline void timestamp_forged(void)
{
	take_initiation(&first);
	first.bytes[MESSAGE_INITIATION_SIZE - MESSAGE_MACS_SIZE - 1] ^= 1;
	sign(&first);
	last_step();
	give(&bob, &first, &alice);
}

static inline void knock_missing(void)
{
	take_initiation(&first);
	if (interface_set_knock_gate(bob.interface, KNOCK_REQUIRED, NULL, 0) < 0)
		abort();
	last_step();
	give(&bob, &first, &alice);
}

static inline void knock_budget(void)
{
	take_initiation(&first);
	if (interface_set_knock_gate(bob.interface, KNOCK_PREFERRED, NULL, 0) < 0)
		abort();
	for (int i = 0; i < LOAD_BURST / 2; i++) {
		make(&second, MESSAGE_INITIATION, MESSAGE_INITIATION_SIZE);
		sign(&second);
		give(&bob, &second, &alice);
	}
	last_step();
	give(&bob, &first, &alice);
}

static inline void initiation_replayed(void)
{
	take_initiation(&first);
	give(&bob, &first, &alice);
	skip(SECONDS_NS);
	last_step();
	give(&bob, &first, &alice);
}

static inline void timestamp_replayed(void)
{
	take_two_initiations();
	give(&bob, &second, &alice);
	skip(SECONDS_NS);
	last_step();
	give(&bob, &first, &alice);
}

static inline void initiation_flood(void)
{
	take_two_initiations();
	give(&bob, &first, &alice);
	last_step();
	give(&bob, &second, &alice);
}

static inline void response_unexpected(void)
{
	two_open();
	make(&first, MESSAGE_RESPONSE, MESSAGE_RESPONSE_SIZE);
	sign(&first);
	last_step();
	give(&bob, &first, &alice);
}

static inline void response_forged(void)
{
	take_response(&second);
	second.bytes[MESSAGE_RESPONSE_SIZE - MESSAGE_MACS_SIZE - 1] ^= 1;
	sign(&second);
	last_step();
	give(&bob, &second, &alice);
}

static inline void cookie_unexpected(void)
{
	two_open();
	make(&first, MESSAGE_COOKIE_REPLY, MESSAGE_COOKIE_REPLY_SIZE);
	last_step();
	give(&bob, &first, &alice);
}

static inline void cookie_forged(void)
{
	take_response(&second);
	make(&second, MESSAGE_COOKIE_REPLY, MESSAGE_COOKIE_REPLY_SIZE);
	memcpy(second.bytes + 4, first.bytes + 4, 4); /* the index that Bob called with */
	last_step();
	give(&bob, &second, &alice);
}

static inline void index_unknown(void)
{
	two_open();
	make(&first, MESSAGE_DATA, MESSAGE_DATA_MIN_SIZE);
	last_step();
	give(&bob, &first, &alice);
}

static inline void session_expired(void)
{
	take_data(&first);
	skip(REJECT_AFTER_TIME_NS);
	last_step();
	give(&bob, &first, &alice);
}

static inline void data_forged(void)
{
	take_data(&first);
	first.bytes[first.size - 1] ^= 1;
	last_step();
	give(&bob, &first, &alice);
}

static inline void counter_replayed(void)
{
	take_data(&first);
	give(&bob, &first, &alice);
	last_step();
	give(&bob, &first, &alice);
}

static inline void inner_malformed(void)
{
	two_open_in_session();
	seal_by_hand("no IP packet", 12);
	last_step();
	give(&bob, &first, &alice);
}

static inline void source_not_allowed(void)
{
	uint8_t inner[40];

	two_open_in_session();
	inner_write(99, 2, sizeof inner, 0, inner);
	seal_by_hand(inner, sizeof inner);
	last_step();
	give(&bob, &first, &alice);
}

/* The library itself does not fail; a peer's public key with which no secret can be agreed does. */
static inline void crypto_failed(void)
{
	struct node nobody = {.number = 99, .at = endpoint_at(99)};

	two_open();
	know(&bob, &nobody);
	last_step();
	send_one(&bob, &nobody);
}

static inline void no_buffer(void)
{
	struct packet_list held = {0};
	struct packet *packet;

	two_open();
	interface_peer_set_persistent_keepalive(
		bob.interface, peer_of(&bob, &alice), 25, now.monotonic_ns);
	last_step();
	while ((packet = packet_get(&bob.pool)))
		packet_list_push(&held, packet);
	tick(&bob);
	packet_put_all(&bob.pool, &held);
}

/* What a program does whose other worker takes nothing more. */
static inline void shard_full(void)
{
	two_open();
	last_step();
	interface_lose(bob.interface, packet_get(&bob.pool));
}

static inline void out_malformed(void)
{
	struct packet_list list = {0};

	two_open_in_session();
	packet_list_push(&list, packet_with(&bob, "no IP packet", 12));
	last_step();
	interface_send(bob.interface, now, &list, &bob.out);
}

static inline void out_no_peer(void)
{
	two_open_in_session();
	last_step();
	send_marked(&bob, 99, 100, 0);
}

static inline void out_no_endpoint(void)
{
	const struct endpoint none = {0};

	two_open_in_session();
	interface_peer_set_endpoint(peer_of(&bob, &alice), &none);
	last_step();
	send_one(&bob, &alice);
}

static inline void out_not_heard(void)
{
	two_open_in_session();
	interface_peer_set_waits(peer_of(&bob, &alice), true);
	skip(36 * SECONDS_NS);
	last_step();
	send_one(&bob, &alice);
}

static inline void out_staged_full(void)
{
	two_open();
	for (int i = 0; i < MAX_STAGED_PACKETS; i++)
		send_one(&bob, &alice);
	last_step();
	send_one(&bob, &alice);
}

static inline void out_gave_up(void)
{
	two_open();
	send_one(&bob, &alice);
	last_step();
	interface_peer_remove(bob.interface, peer_of(&bob, &alice));
}

static inline void out_too_long(void)
{
	two_open_in_session();
	last_step();
	send_marked(&bob, 1, UINT16_MAX, 0);
}

static inline void out_timestamps(void)
{
	two_open();
	interface_timestamps(bob.interface)->limit_ns = 0;
	last_step();
	send_one(&bob, &alice);
}

static inline void out_unstored(void)
{
	world_stores_timestamps = true;
	take_initiation(&first);
	world_stores_timestamps = false;
	give(&bob, &first, &alice);
	last_step();
	interface_stored(bob.interface, -1, &bob.out);
}
