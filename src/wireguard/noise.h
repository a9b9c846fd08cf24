/* SPDX-License-Identifier: ISC */
/*
 * Noise_IKpsk2 (paper, 5.4.2 to 5.4.5): the two handshake messages and the keys that come of them.
 * No table, no timer, no packet: fields in, fields out. One thread at a time.
 */
#pragma once

#include "base/attributes.h"
#include "base/random.h"
#include "crypto/x25519.h"
#include "wireguard/drop.h"
#include "wireguard/messages.h"

#include <stdbool.h>

/* Who we are: an interface's static key pair. Zero: no key yet. */
struct noise_identity {
	struct x25519_private *private;
	uint8_t private_key[NOISE_KEY_SIZE];
	uint8_t public_key[NOISE_KEY_SIZE];
	uint8_t initial_hash[NOISE_HASH_SIZE]; /* of a handshake whose responder we are */
};

enum noise_state {
	NOISE_IDLE,
	NOISE_INITIATION_CREATED,
	NOISE_INITIATION_CONSUMED,
	NOISE_RESPONSE_CREATED,
	NOISE_RESPONSE_CONSUMED,
};

/* What a peer's handshake remembers between messages. */
struct noise_handshake {
	enum noise_state state;
	uint32_t remote_index;
	uint8_t remote_static[NOISE_KEY_SIZE];
	uint8_t static_static[NOISE_KEY_SIZE]; /* DH of both static keys; zero: not possible */
	uint8_t preshared_key[NOISE_KEY_SIZE]; /* zero: none */
	uint8_t initial_hash[NOISE_HASH_SIZE]; /* of a handshake whose responder is the peer */
	struct x25519_private *ephemeral;      /* ours, while we wait for a response */
	uint8_t remote_ephemeral[NOISE_KEY_SIZE];
	uint8_t hash[NOISE_HASH_SIZE];
	uint8_t chaining_key[NOISE_HASH_SIZE];
	uint8_t latest_timestamp[NOISE_TIMESTAMP_SIZE]; /* the greatest that the peer has sent */
	uint64_t latest_initiation_ns;			/* when it was consumed, monotonic */
};

/* What the first half of an initiation says: who claims to call. */
struct noise_caller {
	uint8_t static_key[NOISE_KEY_SIZE];
	uint8_t hash[NOISE_HASH_SIZE];
	uint8_t chaining_key[NOISE_HASH_SIZE];
};

/* Transport keys, by our own direction. Wipe after use. */
struct noise_keys {
	uint8_t sending[NOISE_KEY_SIZE];
	uint8_t receiving[NOISE_KEY_SIZE];
	bool is_initiator; /* we began this handshake */
};

/* Sets the key pair, clamped; all zero or NULL unsets it. ERR_CRYPTO; then it is as before. */
int noise_identity_set(struct noise_identity *identity, const uint8_t *private_key) must_check;

/* Wipes and frees. */
void noise_identity_done(struct noise_identity *identity);

static inline bool noise_identity_is_set(const struct noise_identity *identity)
{
	return identity->private != NULL;
}

/* A fresh handshake with a peer. The identity may be unset; call noise_handshake_rekey() later. */
void noise_handshake_init(struct noise_handshake *handshake, const struct noise_identity *identity,
	const uint8_t remote_static[static NOISE_KEY_SIZE]);

/*
 * Computes anew what depends on the identity, and forgets a handshake that is under way. Where the
 * remote key is of low order, static_static is zero and every handshake fails.
 */
void noise_handshake_rekey(
	struct noise_handshake *handshake, const struct noise_identity *identity);

/* Forgets a handshake that is under way; keys, psk and latest timestamp stay. */
void noise_handshake_clear(struct noise_handshake *handshake);

/* Wipes all. */
void noise_handshake_done(struct noise_handshake *handshake);

/*
 * Begins a handshake; sender_index is 0, the caller's to fill in. A response may be consumed from
 * now on. ERR_NO_PRIVATE_KEY, ERR_WEAK_KEY, ERR_CRYPTO: nothing has begun or changed.
 */
int noise_initiation_create(struct noise_handshake *handshake,
	const struct noise_identity *identity, struct entropy entropy,
	const uint8_t timestamp[static NOISE_TIMESTAMP_SIZE],
	struct message_initiation *ret_message) must_check;

/*
 * First half of an initiation: up to the sender's static key. Changes nothing. DROP_NO_PRIVATE_KEY,
 * DROP_EPHEMERAL_WEAK, DROP_STATIC_FORGED. The caller's keys are secret: wipe after use.
 */
enum drop noise_initiation_open(const struct noise_identity *identity,
	const struct message_initiation *message, struct noise_caller *ret_caller) must_check;

/*
 * Second half, with the handshake of the peer that the caller claims to be. On success its
 * timestamp is remembered, a response may be created, and an initiation of ours is forgotten; on a
 * drop nothing changed. DROP_STATIC_FORGED where static_static is zero: with a key of low order
 * there is nothing that could authenticate. DROP_TIMESTAMP_*, DROP_INITIATION_FLOOD.
 */
enum drop noise_initiation_consume(struct noise_handshake *handshake,
	const struct message_initiation *message, const struct noise_caller *caller,
	uint64_t now_ns) must_check;

/*
 * The response to the initiation just consumed (asserted). Indices are 0, the caller's to fill in.
 * ERR_WEAK_KEY, ERR_CRYPTO: nothing changed.
 */
int noise_response_create(struct noise_handshake *handshake, struct entropy entropy,
	struct message_response *ret_message) must_check;

/*
 * The response to the initiation that we created; that it was sent to our index is for the caller
 * to see to. DROP_RESPONSE_*, DROP_EPHEMERAL_WEAK; on a drop nothing changed, so that the true
 * response may still come.
 */
enum drop noise_response_consume(struct noise_handshake *handshake,
	const struct noise_identity *identity, const struct message_response *message) must_check;

/*
 * The keys of a handshake that is complete on our side (asserted). It is forgotten afterwards, its
 * remote_index too.
 */
void noise_keys_derive(struct noise_handshake *handshake, struct noise_keys *ret_keys);
