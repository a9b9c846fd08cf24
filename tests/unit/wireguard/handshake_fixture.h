/* SPDX-License-Identifier: ISC */
/* Two ends that shake hands, and an entropy that says what it is told. For tests, once each. */
#pragma once

#include "base/attributes.h"
#include "wireguard/noise.h"

#include <stdlib.h>

/* Bytes that an entropy gives out, in order; asking for more aborts. */
struct script {
	const uint8_t *at;
	size_t left;
};

static inline void script_fill(void *context, void *ret_bytes, size_t size)
{
	struct script *script = context;

	if (size > script->left)
		abort();
	memcpy(ret_bytes, script->at, size);
	script->at += size;
	script->left -= size;
}

static inline struct entropy script_entropy(struct script *script)
{
	return (struct entropy){.fill = script_fill, .context = script};
}

/* xorshift64*: any seed but 0. */
static inline uint64_t seeded_u64(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

static inline void seeded_fill(void *context, void *ret_bytes, size_t size)
{
	uint8_t *bytes = ret_bytes;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(seeded_u64(context) >> 56);
}

/* Endless; the seed must not be 0. */
static inline struct entropy seeded_entropy(uint64_t *seed)
{
	return (struct entropy){.fill = seeded_fill, .context = seed};
}

/* One end: who it is, and its handshake with the other. */
struct end {
	struct noise_identity identity;
	struct noise_handshake handshake;
};

/* Both ends; with a pre-shared key unless it is NULL. */
struct ends {
	struct end initiator;
	struct end responder;
};

static inline void ends_init(struct ends *ends, const uint8_t initiator_private[static 32],
	const uint8_t responder_private[static 32], const uint8_t *preshared_key)
{
	struct end *i = &ends->initiator, *r = &ends->responder;

	*ends = (struct ends){0};
	if (noise_identity_set(&i->identity, initiator_private) ||
		noise_identity_set(&r->identity, responder_private))
		abort();
	noise_handshake_init(&i->handshake, &i->identity, r->identity.public_key);
	noise_handshake_init(&r->handshake, &r->identity, i->identity.public_key);
	if (!preshared_key)
		return;
	memcpy(i->handshake.preshared_key, preshared_key, NOISE_KEY_SIZE);
	memcpy(r->handshake.preshared_key, preshared_key, NOISE_KEY_SIZE);
}

/* Two ends with keys of a seed. */
static inline void ends_init_seeded(struct ends *ends, uint64_t *seed)
{
	uint8_t keys[3][NOISE_KEY_SIZE];

	seeded_fill(seed, keys, sizeof keys);
	ends_init(ends, keys[0], keys[1], keys[2]);
}

static inline void ends_done(struct ends *ends)
{
	noise_handshake_done(&ends->initiator.handshake);
	noise_handshake_done(&ends->responder.handshake);
	noise_identity_done(&ends->initiator.identity);
	noise_identity_done(&ends->responder.identity);
}

/* A timestamp for each number, greater ones for greater numbers. */
static inline void timestamp_of(uint32_t number, uint8_t ret_timestamp[static NOISE_TIMESTAMP_SIZE])
{
	memset(ret_timestamp, 0, NOISE_TIMESTAMP_SIZE);
	store_be32(ret_timestamp + 4, number);
}

/* Both halves of an initiation, as an interface takes them. */
static inline enum drop initiation_take(
	struct end *end, const struct message_initiation *message, uint64_t now_ns)
{
	struct noise_caller caller;

	enum drop drop = noise_initiation_open(&end->identity, message, &caller);
	if (drop != DROP_NONE)
		return drop;
	if (!bytes_equal(caller.static_key, end->handshake.remote_static, NOISE_KEY_SIZE))
		return DROP_PEER_UNKNOWN;
	return noise_initiation_consume(&end->handshake, message, &caller, now_ns);
}

/* An initiation by the initiator with the timestamp of a number. */
static inline struct message_initiation initiation_make(
	struct ends *ends, uint64_t *seed, uint32_t number)
{
	struct message_initiation message;
	uint8_t timestamp[NOISE_TIMESTAMP_SIZE];

	timestamp_of(number, timestamp);
	if (noise_initiation_create(&ends->initiator.handshake, &ends->initiator.identity,
		    seeded_entropy(seed), timestamp, &message))
		abort();
	message.sender_index = 0x01020304;
	return message;
}

/* A response by the responder, which has consumed an initiation. */
static inline struct message_response response_make(struct ends *ends, uint64_t *seed)
{
	struct message_response message;

	if (noise_response_create(&ends->responder.handshake, seeded_entropy(seed), &message))
		abort();
	message.sender_index = 0x05060708;
	message.receiver_index = ends->responder.handshake.remote_index;
	return message;
}
