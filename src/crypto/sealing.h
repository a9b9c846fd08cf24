/* SPDX-License-Identifier: ISC */
/*
 * ChaCha20-Poly1305 (RFC 8439, 2.8) put together from libcrypto's ChaCha20 and Poly1305: what AEAD
 * and XAEAD have in common. Not for other folders. libcrypto's own AEAD costs half as much again,
 * for it asks its ChaCha20 three times a packet: see docs/decisions/.
 */
#pragma once

#include "base/attributes.h"
#include "crypto/aead.h"

enum {
	SEALING_NONCE_SIZE = 12,
};

/* What is sealed or opened in one go. */
struct sealing {
	const uint8_t *key;	 /* AEAD_KEY_SIZE bytes; NULL: as the call before */
	const uint8_t *nonce;	 /* SEALING_NONCE_SIZE bytes */
	struct bytes input;	 /* without the tag */
	struct bytes associated; /* authenticated, not encrypted; may be empty */
	uint8_t *output;	 /* as many bytes as the input; is the input, or apart from it */
};

/* Allocates nothing once the thread has its contexts, one of which has the key from then on: call
 * library_wipe_key() behind the last. ERR_CRYPTO. */
int sealing_seal(const struct sealing *job, uint8_t ret_tag[static AEAD_TAG_SIZE]) must_check;

/* Likewise. ERR_AUTHENTICATION, and the output is untouched; ERR_CRYPTO. */
int sealing_open(const struct sealing *job, const uint8_t tag[static AEAD_TAG_SIZE]) must_check;
