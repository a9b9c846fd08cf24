/* SPDX-License-Identifier: ISC */
/*
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha, 2.3) is ChaCha20-Poly1305 under a key that HChaCha20
 * makes of the key and the first 16 bytes of the nonce, with the last 8 as its nonce. Not for other
 * folders.
 */
#pragma once

#include "base/attributes.h"
#include "crypto/aead.h"
#include "crypto/sealing.h"

/* The key and nonce to use; the caller wipes the key. ERR_CRYPTO. */
int xchacha20_derive(const uint8_t key[static AEAD_KEY_SIZE],
	const uint8_t nonce[static XAEAD_NONCE_SIZE], uint8_t ret_key[static AEAD_KEY_SIZE],
	uint8_t ret_nonce[static SEALING_NONCE_SIZE]) must_check;
