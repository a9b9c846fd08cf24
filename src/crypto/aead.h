/* SPDX-License-Identifier: ISC */
/*
 * ChaCha20-Poly1305 (RFC 8439) with a 64-bit counter as nonce, and XChaCha20-Poly1305 with a
 * 24-byte one: AEAD and XAEAD of the paper, 5.4. What computes them is the fastest that the
 * processor can do and the build has: docs/decisions/aead.md. Where input and output are not the
 * same bytes they do not overlap. The first call of a thread makes what it needs, which takes some
 * milliseconds, and aborts where there is no memory for it.
 */
#pragma once

#include "base/attributes.h"
#include "crypto/blake2s.h"

#include <stdint.h>

enum {
	AEAD_KEY_SIZE = 32,
	AEAD_TAG_SIZE = 16,
	XAEAD_NONCE_SIZE = 24,
};

/* A key that is ready for use, both ways; opaque, wiped when freed. Several threads may use it. */
struct aead;

/* Release by aead_free(). ERR_CRYPTO, -ENOMEM. */
int aead_new(const uint8_t key[static AEAD_KEY_SIZE], struct aead **ret_aead) must_check;

/* Accepts NULL. */
void aead_free(struct aead *aead);

/*
 * Encrypts `size` bytes in place and writes the tag behind them. No associated data, as WireGuard's
 * transport has none. Allocates nothing. ERR_CRYPTO.
 */
int aead_seal(struct aead *aead, uint64_t counter, uint8_t *text, size_t size) must_check;

/*
 * Decrypts in place `size` bytes, the tag included (at least AEAD_TAG_SIZE).
 * ERR_AUTHENTICATION (and the text is untouched: the tag is checked first), ERR_CRYPTO.
 * Allocates nothing.
 */
int aead_open(struct aead *aead, uint64_t counter, uint8_t *text, size_t size) must_check;

/* One packet of a batch: the arguments of aead_seal() or aead_open(), and what came of them. */
struct aead_job {
	struct aead *aead; /* may be that of other jobs of the batch, too */
	uint64_t counter;
	uint8_t *text;
	size_t size; /* to open: the tag included */
	int result;  /* 0, or the error that the single call would have returned */
};

/*
 * Each job as aead_seal() or aead_open() alone: in place, any mix of keys and sizes, an error of
 * one touches no other. Cheaper than one after the other, for work on several goes on at once. The
 * texts do not overlap. Allocates nothing.
 */
void aead_seal_batch(struct aead_job *jobs, size_t count);
void aead_open_batch(struct aead_job *jobs, size_t count);

/* One seal under a key that is used once (handshakes): out has room for size + AEAD_TAG_SIZE. */
int aead_seal_once(const uint8_t key[static AEAD_KEY_SIZE], struct bytes plain,
	struct bytes associated, uint8_t *ret_sealed) must_check;

/* Its counterpart; nonce 0 as well. sealed.size is that of the plain text plus the tag; less than a
 * tag, or a wrong one: ERR_AUTHENTICATION, and ret_plain is untouched. */
int aead_open_once(const uint8_t key[static AEAD_KEY_SIZE], struct bytes sealed,
	struct bytes associated, uint8_t *ret_plain) must_check;

/* XAEAD, for cookie replies: as the two above, with a nonce. */
int xaead_seal(const uint8_t key[static AEAD_KEY_SIZE],
	const uint8_t nonce[static XAEAD_NONCE_SIZE], struct bytes plain, struct bytes associated,
	uint8_t *ret_sealed) must_check;

int xaead_open(const uint8_t key[static AEAD_KEY_SIZE],
	const uint8_t nonce[static XAEAD_NONCE_SIZE], struct bytes sealed, struct bytes associated,
	uint8_t *ret_plain) must_check;
