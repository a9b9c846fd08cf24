/* SPDX-License-Identifier: ISC */
/*
 * A number below 2^130 is three limbs of 44, 44 and 42 bits, as IFMA multiplies numbers of 52. A
 * lane of 64 bits has one packet; a `struct half` has eight. Where all eight have 64 bytes more,
 * four steps of 16 are taken at once, ((((h + a) r + b) r + c) r + d) r being
 * (h + a) r^4 + b r^3 + c r^2 + d r, so that carries are settled once for four products.
 */
#include "base/bytes.h"
#include "crypto/wide.h"

#include <immintrin.h>

enum {
	LANES = 8,
	HALVES = WIDE_PACKETS / LANES,
	ROW_SIZE = 64,	/* of the text: what is read from each packet at once */
	STEP_SIZE = 16, /* what Poly1305 takes at once */
	STEPS = ROW_SIZE / STEP_SIZE,
	LIMB = 44,
	LAST_LIMB = 42,
};

#define INLINE static inline __attribute__((always_inline))

/* A number to multiply by. */
struct power {
	__m512i r0, r1, r2;
	__m512i s1, s2; /* r1 and r2 times 20: 2^132 is 20, modulo 2^130 - 5 */
};

/* Three limbs; a little above their size while nothing has gone wrong. */
struct limbs {
	__m512i h0, h1, h2;
};

/* Products on their way to a limb each: the low 52 bits in `low`, those above in `high`. */
struct products {
	__m512i low0, low1, low2;
	__m512i high0, high1, high2;
};

/* Eight packets. */
struct half {
	struct limbs h;
	struct power powers[STEPS];	   /* r, r^2, r^3, r^4 */
	const struct wide_packet *packets; /* all of them there */
	size_t first;			   /* of all packets */
};

/* A row of each of eight packets: words of 64 bits, word by word. */
struct rows {
	__m512i words[8];
};

INLINE __m512i ones(int bits)
{
	return _mm512_set1_epi64((1LL << bits) - 1);
}

/* Three limbs out of 128 bits. */
INLINE struct limbs split(__m512i low, __m512i high)
{
	__m512i middle =
		_mm512_or_si512(_mm512_srli_epi64(low, LIMB), _mm512_slli_epi64(high, 64 - LIMB));

	return (struct limbs){_mm512_and_si512(low, ones(LIMB)),
		_mm512_and_si512(middle, ones(LIMB)), _mm512_srli_epi64(high, 2 * LIMB - 64)};
}

/* The limbs of a step's 16 bytes and the bit above them. */
INLINE struct limbs step_of(__m512i low, __m512i high)
{
	struct limbs step = split(low, high);

	step.h2 = _mm512_or_si512(step.h2, _mm512_set1_epi64(1LL << (128 - 2 * LIMB)));
	return step;
}

INLINE struct limbs sum_of(struct limbs a, struct limbs b)
{
	return (struct limbs){_mm512_add_epi64(a.h0, b.h0), _mm512_add_epi64(a.h1, b.h1),
		_mm512_add_epi64(a.h2, b.h2)};
}

/* sum + a * b, in 52 bits and what is above. */
INLINE void multiply(__m512i *low, __m512i *high, __m512i a, __m512i b)
{
	*low = _mm512_madd52lo_epu64(*low, a, b);
	*high = _mm512_madd52hi_epu64(*high, a, b);
}

INLINE void add_product(struct products *sum, struct limbs a, const struct power *b)
{
	multiply(&sum->low0, &sum->high0, a.h2, b->s1);
	multiply(&sum->low1, &sum->high1, a.h2, b->s2);
	multiply(&sum->low2, &sum->high2, a.h2, b->r0);
	multiply(&sum->low0, &sum->high0, a.h0, b->r0);
	multiply(&sum->low1, &sum->high1, a.h0, b->r1);
	multiply(&sum->low2, &sum->high2, a.h0, b->r2);
	multiply(&sum->low0, &sum->high0, a.h1, b->s2);
	multiply(&sum->low1, &sum->high1, a.h1, b->r0);
	multiply(&sum->low2, &sum->high2, a.h1, b->r1);
}

/* What a limb's sum of products hands on to the next one, whose weight is 2^bits as much. */
INLINE __m512i carry_of(__m512i low, __m512i high, int bits)
{
	return _mm512_add_epi64(_mm512_srli_epi64(low, (unsigned)bits),
		_mm512_slli_epi64(high, (unsigned)(52 - bits)));
}

/* Limbs again. Of four products: sums below 2^56, carries below 2^54; h0 and h2 come out at their
 * size, h1 less than 2^12 above it. */
INLINE struct limbs settle(struct products sum)
{
	sum.low1 = _mm512_add_epi64(sum.low1, carry_of(sum.low0, sum.high0, LIMB));
	sum.low2 = _mm512_add_epi64(sum.low2, carry_of(sum.low1, sum.high1, LIMB));
	__m512i over = carry_of(sum.low2, sum.high2, LAST_LIMB);
	over = _mm512_add_epi64(over, _mm512_slli_epi64(over, 2)); /* 2^130 is 5 */
	__m512i h0 = _mm512_add_epi64(_mm512_and_si512(sum.low0, ones(LIMB)), over);
	__m512i h1 = _mm512_and_si512(sum.low1, ones(LIMB));

	return (struct limbs){_mm512_and_si512(h0, ones(LIMB)),
		_mm512_add_epi64(h1, _mm512_srli_epi64(h0, LIMB)),
		_mm512_and_si512(sum.low2, ones(LAST_LIMB))};
}

INLINE struct limbs product_of(struct limbs a, const struct power *b)
{
	const __m512i zero = _mm512_setzero_si512();
	struct products sum = {zero, zero, zero, zero, zero, zero};

	add_product(&sum, a, b);
	return settle(sum);
}

/* Four steps at once. */
INLINE struct limbs absorb_row(struct limbs h, const struct power *powers, const struct rows *rows)
{
	const __m512i zero = _mm512_setzero_si512(), *words = rows->words;
	struct products sum = {zero, zero, zero, zero, zero, zero};

	add_product(&sum, step_of(words[2], words[3]), &powers[2]);
	add_product(&sum, step_of(words[4], words[5]), &powers[1]);
	add_product(&sum, step_of(words[6], words[7]), &powers[0]);
	add_product(&sum, sum_of(h, step_of(words[0], words[1])), &powers[3]);
	return settle(sum);
}

static struct power power_of(struct limbs r)
{
	const __m512i twenty = _mm512_set1_epi64(20), zero = _mm512_setzero_si512();

	return (struct power){r.h0, r.h1, r.h2, _mm512_madd52lo_epu64(zero, r.h1, twenty),
		_mm512_madd52lo_epu64(zero, r.h2, twenty)};
}

/* r, with the bits cleared that RFC 8439, 2.5 clears; h = 0. */
static void half_init(struct half *half, const struct wide *wide, size_t first)
{
	__m512i low = _mm512_load_si512(&wide->poly_keys[0][first]);
	__m512i high = _mm512_load_si512(&wide->poly_keys[1][first]);

	low = _mm512_and_si512(low, _mm512_set1_epi64(0x0ffffffc0fffffff));
	high = _mm512_and_si512(high, _mm512_set1_epi64(0x0ffffffc0ffffffc));
	half->powers[0] = power_of(split(low, high));
	half->h.h0 = half->h.h1 = half->h.h2 = _mm512_setzero_si512();
	half->packets = wide->packets + first;
	half->first = first;
}

static void raise_powers(struct half *half)
{
	const struct power *r = &half->powers[0];

	for (size_t i = 1; i < STEPS; i++) {
		const struct power *last = &half->powers[i - 1];
		half->powers[i] =
			power_of(product_of((struct limbs){last->r0, last->r1, last->r2}, r));
	}
}

/* Four vectors, each of two words of four pairs of packets, become four of one word each. */
INLINE void turn_pairs(const __m512i x[static 4], __m512i *ret)
{
	__m512i a = _mm512_shuffle_i64x2(x[0], x[1], 0x44);
	__m512i b = _mm512_shuffle_i64x2(x[2], x[3], 0x44);
	__m512i c = _mm512_shuffle_i64x2(x[0], x[1], 0xee);
	__m512i d = _mm512_shuffle_i64x2(x[2], x[3], 0xee);

	ret[0] = _mm512_shuffle_i64x2(a, b, 0x88);
	ret[2] = _mm512_shuffle_i64x2(a, b, 0xdd);
	ret[4] = _mm512_shuffle_i64x2(c, d, 0x88);
	ret[6] = _mm512_shuffle_i64x2(c, d, 0xdd);
}

/* Eight packets by eight words become eight words by eight packets. */
INLINE void turn_rows(struct rows *rows)
{
	const __m512i *x = rows->words;
	__m512i even[4], odd[4];

	for (size_t i = 0; i < 4; i++) {
		even[i] = _mm512_unpacklo_epi64(x[2 * i], x[2 * i + 1]);
		odd[i] = _mm512_unpackhi_epi64(x[2 * i], x[2 * i + 1]);
	}
	turn_pairs(even, rows->words);
	turn_pairs(odd, rows->words + 1);
}

/* The row at `at` of each packet, all of which go on at least so far. */
INLINE void read_whole(const struct wide_packet *packets, size_t at, struct rows *ret_rows)
{
	for (size_t i = 0; i < LANES; i++)
		ret_rows->words[i] = _mm512_loadu_si512(packets[i].text + at);
	turn_rows(ret_rows);
}

/* Steps of a packet: its text, filled up with zeros, and a last one with the lengths. */
static size_t steps_of(const struct wide_packet *packet)
{
	return (packet->size + STEP_SIZE - 1) / STEP_SIZE + 1;
}

/* A row of one packet, the lengths behind the text included (there is no associated data). */
static __m512i read_end(const struct wide_packet *packet, size_t at)
{
	size_t left = packet->size > at ? packet->size - at : 0;
	__mmask64 text = left < ROW_SIZE ? ((__mmask64)1 << left) - 1 : (__mmask64)-1;
	size_t length_word = (steps_of(packet) - 1) * 2 + 1 - at / 8; /* wraps where it is past */
	__mmask8 length = (__mmask8)(length_word < 8 ? 1u << length_word : 0);
	__m512i row = _mm512_maskz_loadu_epi8(text, packet->text + (left > 0 ? at : 0));

	return _mm512_mask_set1_epi64(row, length, (long long)packet->size);
}

/* Which of the packets have that step. */
static __mmask8 having(const struct half *half, size_t step)
{
	unsigned mask = 0;

	for (size_t i = 0; i < LANES; i++)
		mask |= (unsigned)(step < steps_of(&half->packets[i])) << i;
	return (__mmask8)mask;
}

/* One step of some of the packets. */
static void absorb_some(struct half *half, __mmask8 some, __m512i low, __m512i high)
{
	struct limbs next = product_of(sum_of(half->h, step_of(low, high)), &half->powers[0]);

	half->h.h0 = _mm512_mask_mov_epi64(half->h.h0, some, next.h0);
	half->h.h1 = _mm512_mask_mov_epi64(half->h.h1, some, next.h1);
	half->h.h2 = _mm512_mask_mov_epi64(half->h.h2, some, next.h2);
}

/* From the row at `at` on, which not all packets have, to their ends. */
static void absorb_ends(struct half *half, size_t at)
{
	for (;; at += ROW_SIZE) {
		struct rows rows;
		for (size_t i = 0; i < LANES; i++)
			rows.words[i] = read_end(&half->packets[i], at);
		turn_rows(&rows);
		for (size_t i = 0; i < STEPS; i++) {
			__mmask8 some = having(half, at / STEP_SIZE + i);
			if (some == 0)
				return;
			absorb_some(half, some, rows.words[2 * i], rows.words[2 * i + 1]);
		}
	}
}

/* Of the whole rows that all packets of the half have. */
static size_t common_size(const struct half *half)
{
	size_t least = half->packets[0].size;

	for (size_t i = 1; i < LANES; i++)
		least = half->packets[i].size < least ? half->packets[i].size : least;
	return least / ROW_SIZE * ROW_SIZE;
}

/* The whole rows before `end`. */
static void absorb_common(struct half *half, size_t end)
{
	struct limbs h = half->h;

	if (end == 0)
		return;
	raise_powers(half);
	for (size_t at = 0; at < end; at += ROW_SIZE) {
		struct rows rows;
		read_whole(half->packets, at, &rows);
		h = absorb_row(h, half->powers, &rows);
	}
	half->h = h;
}

/* Moves what is above a limb's size to the next. */
static inline void carry_over(__m512i *from, int bits, __m512i *to, int times)
{
	__m512i carry = _mm512_srli_epi64(*from, (unsigned)bits);

	*from = _mm512_and_si512(*from, ones(bits));
	*to = _mm512_add_epi64(*to, carry);
	if (times == 5)
		*to = _mm512_add_epi64(*to, _mm512_slli_epi64(carry, 2));
}

/* h modulo 2^130 - 5, wholly: limbs of their size, and p taken off where h is not below it. */
static void reduce(struct half *half)
{
	__m512i g0, g1, g2;

	carry_over(&half->h.h1, LIMB, &half->h.h2, 1);
	carry_over(&half->h.h2, LAST_LIMB, &half->h.h0, 5);
	carry_over(&half->h.h0, LIMB, &half->h.h1, 1);
	carry_over(&half->h.h1, LIMB, &half->h.h2, 1);
	carry_over(&half->h.h2, LAST_LIMB, &half->h.h0, 5);
	carry_over(&half->h.h0, LIMB, &half->h.h1, 1);

	/* h + 5 reaches 2^130 where h is at least p, and is h - p then, but for that bit. */
	g0 = _mm512_add_epi64(half->h.h0, _mm512_set1_epi64(5));
	g1 = half->h.h1;
	g2 = half->h.h2;
	carry_over(&g0, LIMB, &g1, 1);
	carry_over(&g1, LIMB, &g2, 1);
	__mmask8 above = _mm512_test_epi64_mask(g2, _mm512_set1_epi64(1LL << LAST_LIMB));
	g2 = _mm512_and_si512(g2, ones(LAST_LIMB));
	half->h.h0 = _mm512_mask_mov_epi64(half->h.h0, above, g0);
	half->h.h1 = _mm512_mask_mov_epi64(half->h.h1, above, g1);
	half->h.h2 = _mm512_mask_mov_epi64(half->h.h2, above, g2);
}

/* h + s, modulo 2^128. */
static void finish(struct half *half, struct wide *wide)
{
	__m512i low, high, sum;

	reduce(half);
	low = _mm512_or_si512(half->h.h0, _mm512_slli_epi64(half->h.h1, LIMB));
	high = _mm512_or_si512(_mm512_srli_epi64(half->h.h1, 64 - LIMB),
		_mm512_slli_epi64(half->h.h2, 2 * LIMB - 64));
	sum = _mm512_add_epi64(low, _mm512_load_si512(&wide->poly_keys[2][half->first]));
	__mmask8 carry = _mm512_cmplt_epu64_mask(sum, low);
	high = _mm512_add_epi64(high, _mm512_load_si512(&wide->poly_keys[3][half->first]));
	high = _mm512_mask_add_epi64(high, carry, high, _mm512_set1_epi64(1));
	_mm512_store_si512(&wide->tags[0][half->first], sum);
	_mm512_store_si512(&wide->tags[1][half->first], high);
}

void wide_poly1305(struct wide *wide)
{
	struct half half;

	/* Lanes that are left over do the last packet again, whatever comes of it. */
	for (size_t i = wide->count; i % LANES != 0; i++)
		wide->packets[i] = wide->packets[wide->count - 1];
	for (size_t first = 0; first < wide->count; first += LANES) {
		half_init(&half, wide, first);
		size_t common = common_size(&half);
		absorb_common(&half, common);
		absorb_ends(&half, common);
		finish(&half, wide);
	}
	bytes_wipe(&half, sizeof half);
}
