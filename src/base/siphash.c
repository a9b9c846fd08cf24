/* SPDX-License-Identifier: ISC */
#include "base/siphash.h"

#include "base/bytes.h"

/* The four words of the state; named as in the paper, section 2. */
struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void sip_round(struct state *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

/* Two rounds a word: the 2 of SipHash-2-4. */
static inline void compress(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

/* The last word: up to seven bytes that are left, and the length modulo 256 at the top. */
static uint64_t last_word(const uint8_t *rest, size_t size)
{
	uint64_t word = (uint64_t)size << 56;

	for (size_t i = 0; i < size % 8; i++)
		word |= (uint64_t)rest[i] << (8 * i);
	return word;
}

uint64_t siphash(const struct siphash_key *key, const void *bytes, size_t size)
{
	/* "somepseudorandomlygeneratedbytes": the paper, section 2.1 */
	struct state s = {
		.v0 = key->k0 ^ 0x736f6d6570736575,
		.v1 = key->k1 ^ 0x646f72616e646f6d,
		.v2 = key->k0 ^ 0x6c7967656e657261,
		.v3 = key->k1 ^ 0x7465646279746573,
	};
	const uint8_t *at = bytes;

	for (size_t words = size / 8; words > 0; words--, at += 8)
		compress(&s, load_le64(at));
	compress(&s, last_word(at, size));
	s.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
