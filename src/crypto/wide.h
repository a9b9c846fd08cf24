/* SPDX-License-Identifier: ISC */
/*
 * ChaCha20-Poly1305 (RFC 8439, 2.8) of up to sixteen packets at once, for processors with AVX-512
 * and IFMA: see docs/decisions/aead.md. ChaCha20 makes sixteen blocks of key stream at a time,
 * whatever packets they belong to; Poly1305 has a lane for each packet. Nothing here depends on a
 * secret but the contents of registers: no branch, no address. Not for other folders.
 */
#pragma once

#include "base/attributes.h"
#include "crypto/aead.h"

#include <stdalign.h>
#include <stdbool.h>

enum {
	WIDE_PACKETS = 16,     /* at once */
	WIDE_BLOCK_SIZE = 64,  /* of ChaCha20 */
	WIDE_VECTOR_SIZE = 64, /* of the processor */
	WIDE_POLY_WORDS = 4,   /* of a key of Poly1305: r, s */
};

/* One of them. */
struct wide_packet {
	const uint8_t *key; /* AEAD_KEY_SIZE bytes */
	uint64_t counter;
	uint8_t *text;
	size_t size; /* without the tag */
};

/* What is under way; all that is in it is secret, and wiped when done. */
struct wide {
	alignas(WIDE_VECTOR_SIZE) uint32_t state[16][16]; /* of ChaCha20: word, block */
	alignas(WIDE_VECTOR_SIZE) uint8_t stream[16][WIDE_BLOCK_SIZE];
	alignas(WIDE_VECTOR_SIZE) uint64_t poly_keys[WIDE_POLY_WORDS][WIDE_PACKETS];
	alignas(WIDE_VECTOR_SIZE) uint64_t tags[2][WIDE_PACKETS];
	struct wide_packet packets[WIDE_PACKETS];
	size_t count;
};

/* Which blocks of key stream: the first makes Poly1305's key, the others go into the text. */
enum wide_part {
	WIDE_KEY,
	WIDE_TEXT,
	WIDE_BOTH,
};

/* Whether this processor, and its kernel, can do it. */
bool wide_is_usable(void);

/* As aead_seal_batch() and aead_open_batch(). */
void wide_seal(struct aead_job *jobs, size_t count);
void wide_open(struct aead_job *jobs, size_t count);

/* The two halves, used by the two above. Fills poly_keys and mixes the texts with key stream. */
void wide_chacha20(struct wide *wide, enum wide_part part);

/* Computes tags from poly_keys and the texts. */
void wide_poly1305(struct wide *wide);
