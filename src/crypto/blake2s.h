/* SPDX-License-Identifier: ISC */
/*
 * BLAKE2s (RFC 7693) as hash, as MAC and in HKDF: HASH, MAC, HMAC and KDFn of the paper, 5.4.
 * libcrypto's code; the contexts are made once per thread on first use and kept. blake2s_mac()
 * allocates nothing after that, so it may judge a stranger's packet; in the others libcrypto 3.0
 * takes and gives back one small state per hash. Any thread. A failure of the library here aborts:
 * there is no way on. An output may lie where an input lies.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	BLAKE2S_HASH_SIZE = 32,
	BLAKE2S_MAC_SIZE = 16,
	BLAKE2S_KEY_MAX = 32,
};

/* A borrowed run of bytes. */
struct bytes {
	const uint8_t *at;
	size_t size;
};

/* HASH(first || second); an empty second is {NULL, 0}. */
void blake2s_hash(
	struct bytes first, struct bytes second, uint8_t ret_hash[static BLAKE2S_HASH_SIZE]);

/* MAC(key, input): keyed BLAKE2s with 16 bytes of output; key_size is 1 to 32. */
void blake2s_mac(const uint8_t *key, size_t key_size, struct bytes input,
	uint8_t ret_mac[static BLAKE2S_MAC_SIZE]);

/* HMAC over BLAKE2s, 32 bytes; any key size up to 64; the input is first || second. */
void blake2s_hmac(struct bytes key, struct bytes first, struct bytes second,
	uint8_t ret_hmac[static BLAKE2S_HASH_SIZE]);

/* KDFn(key, input): n is 1 to 3; output i goes to ret_outputs[i], each BLAKE2S_HASH_SIZE bytes. */
void blake2s_kdf(const uint8_t key[static BLAKE2S_HASH_SIZE], struct bytes input, size_t n,
	uint8_t *const ret_outputs[]);
