/* SPDX-License-Identifier: ISC */
/*
 * The compression function of BLAKE2s (RFC 7693, 3.2), which libcrypto does not show: the door
 * needs it in the kernel, and the engine to hash the block with the key once and for all. No loop
 * and no table, as the kernel's verifier likes it. Included by the BPF program too.
 */
#pragma once

#include "door/layout.h"

enum {
	COMPRESS_BLOCK_SIZE = 64,
	COMPRESS_BLOCK_WORDS = 16,
	COMPRESS_KEY_SIZE = 32,
	COMPRESS_MAC_SIZE = 16,
};

#define COMPRESS_ROTATE(word, by) ((word) >> (by) | (word) << (32 - (by)))

/* G (3.1), on four words of the state, with two of the message. */
#define COMPRESS_MIX(a, b, c, d, x, y)                                                             \
	do {                                                                                       \
		a += b + (x);                                                                      \
		d = COMPRESS_ROTATE(d ^ a, 16);                                                    \
		c += d;                                                                            \
		b = COMPRESS_ROTATE(b ^ c, 12);                                                    \
		a += b + (y);                                                                      \
		d = COMPRESS_ROTATE(d ^ a, 8);                                                     \
		c += d;                                                                            \
		b = COMPRESS_ROTATE(b ^ c, 7);                                                     \
	} while (0)

/* One round: columns, then diagonals; the arguments are a row of SIGMA (2.7). */
#define COMPRESS_ROUND(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, sa, sb, sc, sd, se, sf)             \
	do {                                                                                       \
		COMPRESS_MIX(v0, v4, v8, vc, m[s0], m[s1]);                                        \
		COMPRESS_MIX(v1, v5, v9, vd, m[s2], m[s3]);                                        \
		COMPRESS_MIX(v2, v6, va, ve, m[s4], m[s5]);                                        \
		COMPRESS_MIX(v3, v7, vb, vf, m[s6], m[s7]);                                        \
		COMPRESS_MIX(v0, v5, va, vf, m[s8], m[s9]);                                        \
		COMPRESS_MIX(v1, v6, vb, vc, m[sa], m[sb]);                                        \
		COMPRESS_MIX(v2, v7, v8, vd, m[sc], m[sd]);                                        \
		COMPRESS_MIX(v3, v4, v9, ve, m[se], m[sf]);                                        \
	} while (0)

/* Initial values (2.6). */
#define COMPRESS_IV0 0x6a09e667U
#define COMPRESS_IV1 0xbb67ae85U
#define COMPRESS_IV2 0x3c6ef372U
#define COMPRESS_IV3 0xa54ff53aU
#define COMPRESS_IV4 0x510e527fU
#define COMPRESS_IV5 0x9b05688cU
#define COMPRESS_IV6 0x1f83d9abU
#define COMPRESS_IV7 0x5be0cd19U

/*
 * Takes one block into the state h: m is its words in the machine's order, `hashed` the bytes that
 * were hashed with it, the key's block included; `last` is ~0 for the last one, else 0.
 */
/* NOLINTNEXTLINE(readability-function-size): ten rounds, spread out for the verifier */
static inline __attribute__((always_inline)) void compress_block(uint32_t h[DOOR_STATE_WORDS],
	const uint32_t m[COMPRESS_BLOCK_WORDS], uint32_t hashed, uint32_t last)
{
	uint32_t v0 = h[0], v1 = h[1], v2 = h[2], v3 = h[3];
	uint32_t v4 = h[4], v5 = h[5], v6 = h[6], v7 = h[7];
	uint32_t v8 = COMPRESS_IV0, v9 = COMPRESS_IV1, va = COMPRESS_IV2, vb = COMPRESS_IV3;
	uint32_t vc = COMPRESS_IV4 ^ hashed, vd = COMPRESS_IV5;
	uint32_t ve = COMPRESS_IV6 ^ last, vf = COMPRESS_IV7;

	COMPRESS_ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	COMPRESS_ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);
	COMPRESS_ROUND(11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4);
	COMPRESS_ROUND(7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8);
	COMPRESS_ROUND(9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13);
	COMPRESS_ROUND(2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9);
	COMPRESS_ROUND(12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11);
	COMPRESS_ROUND(13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10);
	COMPRESS_ROUND(6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5);
	COMPRESS_ROUND(10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0);
	h[0] ^= v0 ^ v8;
	h[1] ^= v1 ^ v9;
	h[2] ^= v2 ^ va;
	h[3] ^= v3 ^ vb;
	h[4] ^= v4 ^ vc;
	h[5] ^= v5 ^ vd;
	h[6] ^= v6 ^ ve;
	h[7] ^= v7 ^ vf;
}
