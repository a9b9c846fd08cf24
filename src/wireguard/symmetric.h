/* SPDX-License-Identifier: ISC */
/*
 * The symmetric state of a Noise handshake (Noise, 5.2; paper, 5.4): what each token of a message
 * does to hash, chaining key and key. Inside of noise.c only. WIPED_SYMMETRIC wipes itself.
 */
#pragma once

#include "base/attributes.h"
#include "crypto/blake2s.h"
#include "crypto/x25519.h"
#include "wireguard/messages.h"

/* Where a handshake message is. */
struct symmetric {
	uint8_t hash[NOISE_HASH_SIZE];
	uint8_t chaining_key[NOISE_HASH_SIZE];
	uint8_t key[NOISE_KEY_SIZE]; /* for what is encrypted next */
};

void symmetric_wipe(struct symmetric *symmetric);

/* Declares a state that is wiped where its block ends. */
#define WIPED_SYMMETRIC __attribute__((cleanup(symmetric_wipe))) struct symmetric

/* The first hash of a handshake whose responder has this public key. */
void symmetric_initial_hash(
	const uint8_t responder[static NOISE_KEY_SIZE], uint8_t ret_hash[static NOISE_HASH_SIZE]);

/* The state of a handshake that begins with that hash. */
struct symmetric symmetric_start(const uint8_t initial_hash[static NOISE_HASH_SIZE]);

/* The state that was saved between two messages. */
struct symmetric symmetric_resume(const uint8_t hash[static NOISE_HASH_SIZE],
	const uint8_t chaining_key[static NOISE_HASH_SIZE]);

/* e: a public ephemeral, either side's. */
void symmetric_mix_ephemeral(
	struct symmetric *symmetric, const uint8_t public_key[static NOISE_KEY_SIZE]);

/* ee, es, se: a fresh DH. ERR_WEAK_KEY, ERR_CRYPTO: the state is as before. */
int symmetric_mix_dh(struct symmetric *symmetric, struct x25519_private *private,
	const uint8_t public_key[static NOISE_KEY_SIZE]) must_check;

/* ss: a DH that was computed before. ERR_WEAK_KEY: it is zero, so there is none. */
int symmetric_mix_shared(
	struct symmetric *symmetric, const uint8_t shared[static NOISE_KEY_SIZE]) must_check;

/* psk: a pre-shared key, zero where there is none. */
void symmetric_mix_psk(
	struct symmetric *symmetric, const uint8_t preshared_key[static NOISE_KEY_SIZE]);

/* Encrypts; ret_sealed has room for the plain text and the tag. ERR_CRYPTO. */
int symmetric_encrypt(
	struct symmetric *symmetric, struct bytes plain, uint8_t *ret_sealed) must_check;

/* Decrypts. ERR_AUTHENTICATION, ERR_CRYPTO. */
int symmetric_decrypt(
	struct symmetric *symmetric, struct bytes sealed, uint8_t *ret_plain) must_check;

/* Both transport keys: the first is for what the initiator sends (paper, 5.4.5). */
void symmetric_split(const uint8_t chaining_key[static NOISE_HASH_SIZE],
	uint8_t ret_first[static NOISE_KEY_SIZE], uint8_t ret_second[static NOISE_KEY_SIZE]);
