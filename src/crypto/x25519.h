/* SPDX-License-Identifier: ISC */
/*
 * Curve25519 Diffie-Hellman (RFC 7748) over libcrypto. DH() and DH-GENERATE() of the paper, 5.4.
 * libcrypto allocates and frees inside these functions; they belong to handshakes, not to packets.
 */
#pragma once

#include "base/attributes.h"

#include <stdint.h>

enum {
	X25519_KEY_SIZE = 32,
};

/* A private key that is ready for use; opaque, wiped when freed. One thread at a time. */
struct x25519_private;

/*
 * Imports a private key (clamped on use) and gives its public key.
 * Release by x25519_private_free(). ERR_CRYPTO.
 */
int x25519_private_new(const uint8_t private_key[static X25519_KEY_SIZE],
	struct x25519_private **ret_private, uint8_t ret_public[static X25519_KEY_SIZE]) must_check;

/* Accepts NULL. */
void x25519_private_free(struct x25519_private *private);

/* The shared secret. ERR_WEAK_KEY where it would be all zero; ret_shared is then untouched. */
int x25519_shared(struct x25519_private *private, const uint8_t public_key[static X25519_KEY_SIZE],
	uint8_t ret_shared[static X25519_KEY_SIZE]) must_check;

/* Sets the bits that every X25519 private key has (RFC 7748, section 5). */
void x25519_clamp(uint8_t private_key[static X25519_KEY_SIZE]);
