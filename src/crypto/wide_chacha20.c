/* SPDX-License-Identifier: ISC */
#include "base/bytes.h"
#include "crypto/wide.h"

#include <immintrin.h>

enum {
	LANES = 16,
	DOUBLE_ROUNDS = 10,
};

/* Neighbouring lanes whose blocks follow one another in the key stream of one packet. */
struct run {
	const struct wide_packet *packet;
	size_t index; /* of the packet */
	uint32_t block;
	uint32_t lane;
	uint32_t lanes;
};

/* Up to sixteen blocks: what one turn of the rounds makes. */
struct turn {
	struct run runs[LANES];
	size_t count;
};

/* Where the next turn begins. */
struct cursor {
	size_t index;
	uint32_t block;
};

/* The block behind the packet's last of this part; the first is 0 or 1. */
static uint32_t end_of(const struct wide_packet *packet, enum wide_part part)
{
	if (part == WIDE_KEY)
		return 1;
	return 1 + (uint32_t)((packet->size + WIDE_BLOCK_SIZE - 1) / WIDE_BLOCK_SIZE);
}

static uint32_t begin_of(enum wide_part part)
{
	return part == WIDE_TEXT ? 1 : 0;
}

/* Fills the lanes with the blocks that are next; false: there are none. */
static bool next_turn(
	const struct wide *wide, enum wide_part part, struct cursor *cursor, struct turn *ret_turn)
{
	uint32_t lane = 0;

	ret_turn->count = 0;
	while (lane < LANES && cursor->index < wide->count) {
		const struct wide_packet *packet = &wide->packets[cursor->index];
		uint32_t left = end_of(packet, part) - cursor->block;
		uint32_t lanes = left < LANES - lane ? left : LANES - lane;
		if (lanes > 0)
			ret_turn->runs[ret_turn->count++] =
				(struct run){packet, cursor->index, cursor->block, lane, lanes};
		lane += lanes;
		cursor->block += lanes;
		if (lanes == left) {
			cursor->index++;
			cursor->block = begin_of(part);
		}
	}
	return lane > 0;
}

static __mmask16 mask_of(const struct run *run)
{
	return (__mmask16)(((1u << run->lanes) - 1) << run->lane);
}

/* One word of the initial state in all lanes. */
static inline __m512i key_word(const struct turn *turn, size_t word)
{
	__m512i row = _mm512_setzero_si512();

	for (size_t i = 0; i < turn->count; i++)
		row = _mm512_mask_set1_epi32(row, mask_of(&turn->runs[i]),
			(int)load_le32(turn->runs[i].packet->key + 4 * word));
	return row;
}

/* RFC 8439, 2.3: constants, key, counter, nonce; the nonce as in the paper, 5.4.6. */
static void begin_state(struct wide *wide, const struct turn *turn)
{
	static const char constants[] = "expand 32-byte k";
	const __m512i lanes =
		_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	__m512i block = _mm512_setzero_si512(), low = block, high = block;

	for (size_t i = 0; i < 4; i++)
		_mm512_store_si512(wide->state[i],
			_mm512_set1_epi32((int)load_le32((const uint8_t *)constants + 4 * i)));
	for (size_t i = 0; i < 8; i++)
		_mm512_store_si512(wide->state[4 + i], key_word(turn, i));
	for (size_t i = 0; i < turn->count; i++) {
		const struct run *run = &turn->runs[i];
		block = _mm512_mask_set1_epi32(block, mask_of(run), (int)(run->block - run->lane));
		low = _mm512_mask_set1_epi32(low, mask_of(run), (int)run->packet->counter);
		high = _mm512_mask_set1_epi32(
			high, mask_of(run), (int)(run->packet->counter >> 32));
	}
	_mm512_store_si512(wide->state[12], _mm512_add_epi32(block, lanes));
	_mm512_store_si512(wide->state[13], _mm512_setzero_si512());
	_mm512_store_si512(wide->state[14], low);
	_mm512_store_si512(wide->state[15], high);
}

/* RFC 8439, 2.1. */
static inline __attribute__((always_inline)) void quarter_round(
	__m512i *a, __m512i *b, __m512i *c, __m512i *d)
{
	*a = _mm512_add_epi32(*a, *b);
	*d = _mm512_rol_epi32(_mm512_xor_si512(*d, *a), 16);
	*c = _mm512_add_epi32(*c, *d);
	*b = _mm512_rol_epi32(_mm512_xor_si512(*b, *c), 12);
	*a = _mm512_add_epi32(*a, *b);
	*d = _mm512_rol_epi32(_mm512_xor_si512(*d, *a), 8);
	*c = _mm512_add_epi32(*c, *d);
	*b = _mm512_rol_epi32(_mm512_xor_si512(*b, *c), 7);
}

static inline __attribute__((always_inline)) void double_round(__m512i x[static 16])
{
	quarter_round(&x[0], &x[4], &x[8], &x[12]);
	quarter_round(&x[1], &x[5], &x[9], &x[13]);
	quarter_round(&x[2], &x[6], &x[10], &x[14]);
	quarter_round(&x[3], &x[7], &x[11], &x[15]);
	quarter_round(&x[0], &x[5], &x[10], &x[15]);
	quarter_round(&x[1], &x[6], &x[11], &x[12]);
	quarter_round(&x[2], &x[7], &x[8], &x[13]);
	quarter_round(&x[3], &x[4], &x[9], &x[14]);
}

/* Four words of each block, which lie in four rows, come together: x[i] then has those of block i,
 * 4 + i, 8 + i and 12 + i. */
static inline __attribute__((always_inline)) void gather_words(__m512i x[static 4])
{
	__m512i a = _mm512_unpacklo_epi32(x[0], x[1]);
	__m512i b = _mm512_unpackhi_epi32(x[0], x[1]);
	__m512i c = _mm512_unpacklo_epi32(x[2], x[3]);
	__m512i d = _mm512_unpackhi_epi32(x[2], x[3]);

	x[0] = _mm512_unpacklo_epi64(a, c);
	x[1] = _mm512_unpackhi_epi64(a, c);
	x[2] = _mm512_unpacklo_epi64(b, d);
	x[3] = _mm512_unpackhi_epi64(b, d);
}

/* Writes the blocks i, 4 + i, 8 + i and 12 + i, whose quarters are given. */
static inline __attribute__((always_inline)) void store_blocks(
	struct wide *wide, size_t i, const __m512i x[static 16])
{
	__m512i a = _mm512_shuffle_i32x4(x[i], x[4 + i], 0x44);
	__m512i b = _mm512_shuffle_i32x4(x[8 + i], x[12 + i], 0x44);
	__m512i c = _mm512_shuffle_i32x4(x[i], x[4 + i], 0xee);
	__m512i d = _mm512_shuffle_i32x4(x[8 + i], x[12 + i], 0xee);

	_mm512_store_si512(wide->stream[i], _mm512_shuffle_i32x4(a, b, 0x88));
	_mm512_store_si512(wide->stream[4 + i], _mm512_shuffle_i32x4(a, b, 0xdd));
	_mm512_store_si512(wide->stream[8 + i], _mm512_shuffle_i32x4(c, d, 0x88));
	_mm512_store_si512(wide->stream[12 + i], _mm512_shuffle_i32x4(c, d, 0xdd));
}

/* The state becomes sixteen blocks of key stream: RFC 8439, 2.3.1. */
static void make_blocks(struct wide *wide)
{
	__m512i x[16];

	for (size_t i = 0; i < 16; i++)
		x[i] = _mm512_load_si512(wide->state[i]);
	for (int i = 0; i < DOUBLE_ROUNDS; i++)
		double_round(x);
	for (size_t i = 0; i < 16; i++)
		x[i] = _mm512_add_epi32(x[i], _mm512_load_si512(wide->state[i]));
	for (size_t i = 0; i < 16; i += 4)
		gather_words(x + i);
	for (size_t i = 0; i < 4; i++)
		store_blocks(wide, i, x);
}

/* Mixes up to a block of the text with key stream. */
static void mix(uint8_t *text, size_t size, const uint8_t *stream)
{
	__mmask64 mask = size < WIDE_BLOCK_SIZE ? ((__mmask64)1 << size) - 1 : (__mmask64)-1;
	__m512i bytes = _mm512_maskz_loadu_epi8(mask, text);

	bytes = _mm512_xor_si512(bytes, _mm512_load_si512(stream));
	if (size < WIDE_BLOCK_SIZE)
		_mm512_mask_storeu_epi8(text, mask, bytes);
	else
		_mm512_storeu_si512(text, bytes);
}

/* Uses the blocks of a run. */
static void spend(struct wide *wide, const struct run *run)
{
	const struct wide_packet *packet = run->packet;
	uint32_t i = 0;

	if (run->block == 0) {
		for (size_t word = 0; word < WIDE_POLY_WORDS; word++)
			wide->poly_keys[word][run->index] =
				load_le64(wide->stream[run->lane] + 8 * word);
		i = 1;
	}
	for (; i < run->lanes; i++) {
		size_t at = (size_t)(run->block + i - 1) * WIDE_BLOCK_SIZE;
		mix(packet->text + at, packet->size - at, wide->stream[run->lane + i]);
	}
}

void wide_chacha20(struct wide *wide, enum wide_part part)
{
	struct cursor cursor = {0, begin_of(part)};
	struct turn turn;

	while (next_turn(wide, part, &cursor, &turn)) {
		begin_state(wide, &turn);
		make_blocks(wide);
		for (size_t i = 0; i < turn.count; i++)
			spend(wide, &turn.runs[i]);
	}
}
