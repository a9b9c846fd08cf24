/* SPDX-License-Identifier: ISC */
/*
 * Each message works on a copy of the running state (struct symmetric) and commits it at the end,
 * so that whatever fails has changed nothing. Copies are wiped by their cleanup.
 */
#include "wireguard/noise.h"

#include "base/error.h"
#include "wireguard/symmetric.h"

#include <assert.h>

static void ephemeral_free(struct x25519_private **ephemeral)
{
	x25519_private_free(*ephemeral);
}

/* Declares a private key that is freed where its block ends. */
#define FREED_EPHEMERAL __attribute__((cleanup(ephemeral_free))) struct x25519_private

/* DH-GENERATE(). ERR_CRYPTO. */
static int ephemeral_generate(struct entropy entropy, struct x25519_private **ret_private,
	uint8_t ret_public[static NOISE_KEY_SIZE])
{
	uint8_t seed[NOISE_KEY_SIZE];

	entropy_fill(entropy, seed, sizeof seed);
	int err = x25519_private_new(seed, ret_private, ret_public);
	bytes_wipe(seed, sizeof seed);
	return err;
}

/* What a failure means to a packet whose wrong tag means `forged`. */
static enum drop drop_for(int err, enum drop forged)
{
	if (err == ERR_AUTHENTICATION)
		return forged;
	return err == ERR_WEAK_KEY ? DROP_EPHEMERAL_WEAK : DROP_CRYPTO_FAILED;
}

/* ---- who we are, who they are ---- */

int noise_identity_set(struct noise_identity *identity, const uint8_t *private_key)
{
	struct x25519_private *private;
	uint8_t public_key[NOISE_KEY_SIZE];

	if (!private_key || bytes_are_zero(private_key, NOISE_KEY_SIZE)) {
		noise_identity_done(identity);
		return 0;
	}
	int err = x25519_private_new(private_key, &private, public_key);
	if (err)
		return err;
	x25519_private_free(identity->private);
	identity->private = private;
	memmove(identity->private_key, private_key, NOISE_KEY_SIZE);
	x25519_clamp(identity->private_key);
	memcpy(identity->public_key, public_key, sizeof public_key);
	symmetric_initial_hash(public_key, identity->initial_hash);
	return 0;
}

void noise_identity_done(struct noise_identity *identity)
{
	x25519_private_free(identity->private);
	bytes_wipe(identity, sizeof *identity);
}

void noise_handshake_init(struct noise_handshake *handshake, const struct noise_identity *identity,
	const uint8_t remote_static[static NOISE_KEY_SIZE])
{
	*handshake = (struct noise_handshake){.state = NOISE_IDLE};
	memcpy(handshake->remote_static, remote_static, NOISE_KEY_SIZE);
	symmetric_initial_hash(remote_static, handshake->initial_hash);
	noise_handshake_rekey(handshake, identity);
}

void noise_handshake_rekey(struct noise_handshake *handshake, const struct noise_identity *identity)
{
	noise_handshake_clear(handshake);
	if (noise_identity_is_set(identity) &&
		!x25519_shared(
			identity->private, handshake->remote_static, handshake->static_static))
		return;
	bytes_wipe(handshake->static_static, sizeof handshake->static_static);
}

void noise_handshake_clear(struct noise_handshake *handshake)
{
	x25519_private_free(handshake->ephemeral);
	handshake->ephemeral = NULL;
	bytes_wipe(handshake->remote_ephemeral, sizeof handshake->remote_ephemeral);
	bytes_wipe(handshake->hash, sizeof handshake->hash);
	bytes_wipe(handshake->chaining_key, sizeof handshake->chaining_key);
	handshake->remote_index = 0;
	handshake->state = NOISE_IDLE;
}

void noise_handshake_done(struct noise_handshake *handshake)
{
	x25519_private_free(handshake->ephemeral);
	bytes_wipe(handshake, sizeof *handshake);
}

/* Commits a message: its state, and our ephemeral (consumed, may be NULL) in place of the last. */
static void handshake_advance(struct noise_handshake *handshake, enum noise_state state,
	const struct symmetric *s, struct x25519_private *ephemeral)
{
	x25519_private_free(handshake->ephemeral);
	handshake->ephemeral = ephemeral;
	memcpy(handshake->hash, s->hash, sizeof s->hash);
	memcpy(handshake->chaining_key, s->chaining_key, sizeof s->chaining_key);
	handshake->state = state;
}

/* ---- initiation: e, es, s, ss, {t} ---- */

/* All of the message but its index; the state afterwards is in `s`. */
static int initiation_write(struct symmetric *s, const struct noise_handshake *handshake,
	const struct noise_identity *identity, struct x25519_private *ephemeral,
	const uint8_t timestamp[static NOISE_TIMESTAMP_SIZE], struct message_initiation *message)
{
	symmetric_mix_ephemeral(s, message->ephemeral);
	int err = symmetric_mix_dh(s, ephemeral, handshake->remote_static);
	if (err)
		return err;
	err = symmetric_encrypt(
		s, (struct bytes){identity->public_key, NOISE_KEY_SIZE}, message->encrypted_static);
	if (err)
		return err;
	err = symmetric_mix_shared(s, handshake->static_static);
	if (err)
		return err;
	return symmetric_encrypt(
		s, (struct bytes){timestamp, NOISE_TIMESTAMP_SIZE}, message->encrypted_timestamp);
}

int noise_initiation_create(struct noise_handshake *handshake,
	const struct noise_identity *identity, struct entropy entropy,
	const uint8_t timestamp[static NOISE_TIMESTAMP_SIZE],
	struct message_initiation *ret_message)
{
	FREED_EPHEMERAL *ephemeral = NULL;
	struct message_initiation message = {0};

	if (!noise_identity_is_set(identity))
		return ERR_NO_PRIVATE_KEY;
	int err = ephemeral_generate(entropy, &ephemeral, message.ephemeral);
	if (err)
		return err;
	WIPED_SYMMETRIC s = symmetric_start(handshake->initial_hash);
	err = initiation_write(&s, handshake, identity, ephemeral, timestamp, &message);
	if (err)
		return err;
	handshake_advance(handshake, NOISE_INITIATION_CREATED, &s, ephemeral);
	ephemeral = NULL;
	*ret_message = message;
	return 0;
}

enum drop noise_initiation_open(const struct noise_identity *identity,
	const struct message_initiation *message, struct noise_caller *ret_caller)
{
	uint8_t static_key[NOISE_KEY_SIZE];

	if (!noise_identity_is_set(identity))
		return DROP_NO_PRIVATE_KEY;
	WIPED_SYMMETRIC s = symmetric_start(identity->initial_hash);
	symmetric_mix_ephemeral(&s, message->ephemeral);
	int err = symmetric_mix_dh(&s, identity->private, message->ephemeral);
	if (err)
		return drop_for(err, DROP_STATIC_FORGED);
	err = symmetric_decrypt(&s,
		(struct bytes){message->encrypted_static, sizeof message->encrypted_static},
		static_key);
	if (err)
		return drop_for(err, DROP_STATIC_FORGED);
	memcpy(ret_caller->static_key, static_key, sizeof static_key);
	memcpy(ret_caller->hash, s.hash, sizeof s.hash);
	memcpy(ret_caller->chaining_key, s.chaining_key, sizeof s.chaining_key);
	return DROP_NONE;
}

/* Whether an initiation comes too soon after the last one (kernel: flood_attack). */
static bool is_flood(const struct noise_handshake *handshake, uint64_t now_ns)
{
	uint64_t last_ns = handshake->latest_initiation_ns;

	return last_ns != 0 && now_ns < last_ns + SECONDS_NS / INITIATIONS_PER_SECOND;
}

enum drop noise_initiation_consume(struct noise_handshake *handshake,
	const struct message_initiation *message, const struct noise_caller *caller,
	uint64_t now_ns)
{
	uint8_t timestamp[NOISE_TIMESTAMP_SIZE];
	WIPED_SYMMETRIC s = symmetric_resume(caller->hash, caller->chaining_key);

	if (symmetric_mix_shared(&s, handshake->static_static))
		return DROP_STATIC_FORGED;
	int err = symmetric_decrypt(&s,
		(struct bytes){message->encrypted_timestamp, sizeof message->encrypted_timestamp},
		timestamp);
	if (err)
		return drop_for(err, DROP_TIMESTAMP_FORGED);
	if (memcmp(timestamp, handshake->latest_timestamp, sizeof timestamp) <= 0)
		return DROP_TIMESTAMP_REPLAYED;
	if (is_flood(handshake, now_ns))
		return DROP_INITIATION_FLOOD;

	handshake_advance(handshake, NOISE_INITIATION_CONSUMED, &s, NULL);
	memcpy(handshake->remote_ephemeral, message->ephemeral, NOISE_KEY_SIZE);
	memcpy(handshake->latest_timestamp, timestamp, sizeof timestamp);
	handshake->latest_initiation_ns = now_ns;
	handshake->remote_index = message->sender_index;
	return DROP_NONE;
}

/* ---- response: e, ee, se, psk, {} ---- */

int noise_response_create(struct noise_handshake *handshake, struct entropy entropy,
	struct message_response *ret_message)
{
	FREED_EPHEMERAL *ephemeral = NULL;
	struct message_response message = {0};

	assert(handshake->state == NOISE_INITIATION_CONSUMED);
	int err = ephemeral_generate(entropy, &ephemeral, message.ephemeral);
	if (err)
		return err;
	WIPED_SYMMETRIC s = symmetric_resume(handshake->hash, handshake->chaining_key);
	symmetric_mix_ephemeral(&s, message.ephemeral);
	err = symmetric_mix_dh(&s, ephemeral, handshake->remote_ephemeral);
	if (err)
		return err;
	err = symmetric_mix_dh(&s, ephemeral, handshake->remote_static);
	if (err)
		return err;
	symmetric_mix_psk(&s, handshake->preshared_key);
	err = symmetric_encrypt(&s, (struct bytes){NULL, 0}, message.encrypted_nothing);
	if (err)
		return err;
	handshake_advance(handshake, NOISE_RESPONSE_CREATED, &s, NULL);
	*ret_message = message;
	return 0;
}

/* All of the message; the state afterwards is in `s`. */
static int response_read(struct symmetric *s, const struct noise_handshake *handshake,
	const struct noise_identity *identity, const struct message_response *message)
{
	uint8_t nothing[1];

	symmetric_mix_ephemeral(s, message->ephemeral);
	int err = symmetric_mix_dh(s, handshake->ephemeral, message->ephemeral);
	if (err)
		return err;
	err = symmetric_mix_dh(s, identity->private, message->ephemeral);
	if (err)
		return err;
	symmetric_mix_psk(s, handshake->preshared_key);
	return symmetric_decrypt(s,
		(struct bytes){message->encrypted_nothing, sizeof message->encrypted_nothing},
		nothing);
}

enum drop noise_response_consume(struct noise_handshake *handshake,
	const struct noise_identity *identity, const struct message_response *message)
{
	if (!noise_identity_is_set(identity))
		return DROP_NO_PRIVATE_KEY;
	if (handshake->state != NOISE_INITIATION_CREATED)
		return DROP_RESPONSE_UNEXPECTED;
	WIPED_SYMMETRIC s = symmetric_resume(handshake->hash, handshake->chaining_key);
	int err = response_read(&s, handshake, identity, message);
	if (err)
		return drop_for(err, DROP_RESPONSE_FORGED);
	handshake_advance(handshake, NOISE_RESPONSE_CONSUMED, &s, NULL);
	handshake->remote_index = message->sender_index;
	return DROP_NONE;
}

/* ---- transport keys ---- */

void noise_keys_derive(struct noise_handshake *handshake, struct noise_keys *ret_keys)
{
	bool is_initiator = handshake->state == NOISE_RESPONSE_CONSUMED;

	assert(is_initiator || handshake->state == NOISE_RESPONSE_CREATED);
	uint8_t *first = is_initiator ? ret_keys->sending : ret_keys->receiving;
	uint8_t *second = is_initiator ? ret_keys->receiving : ret_keys->sending;
	symmetric_split(handshake->chaining_key, first, second);
	ret_keys->is_initiator = is_initiator;
	noise_handshake_clear(handshake);
}
