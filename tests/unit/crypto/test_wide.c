/* SPDX-License-Identifier: ISC */
/*
 * Poly1305 of many packets at once, with keys and texts that ChaCha20 would hardly ever make: those
 * where carries go furthest, and sums that end about the prime. libcrypto's says what is right.
 */
#include "base/bytes.h"
#include "crypto/wide.h"
#include "tap.h"

#include <openssl/evp.h>

#include <stdlib.h>

enum {
	TEXT_MAX = 400, /* some rows that all lanes have, and ends */
	ROUNDS = 4000,
	AROUND = 40, /* sums this far from the prime, either way */
};

static struct wide wide;
static uint8_t texts[WIDE_PACKETS][TEXT_MAX];
static uint8_t poly_keys[WIDE_PACKETS][32];
static EVP_MAC_CTX *poly1305;
static uint32_t random_state = 1;

static uint32_t random_below(uint32_t end)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % end;
}

/* 16 bytes: all ones, all zeros, a few bits, the largest key that clearing leaves, or anything. */
static void fill_extreme(uint8_t at[static 16])
{
	uint32_t kind = random_below(6);

	memset(at, kind == 0 || kind == 1 ? 0xff : 0, 16);
	if (kind == 1)
		at[random_below(16)] = (uint8_t)random_below(256);
	if (kind == 3)
		at[random_below(16)] = (uint8_t)(1 << random_below(8));
	if (kind == 4)
		memset(at + random_below(16), 0xff, 1);
	for (size_t i = 0; kind == 5 && i < 16; i++)
		at[i] = (uint8_t)random_below(256);
}

static void make_round(void)
{
	uint32_t size = random_below(TEXT_MAX);

	wide.count = 1 + random_below(WIDE_PACKETS);
	for (size_t i = 0; i < wide.count; i++) {
		fill_extreme(poly_keys[i]);
		fill_extreme(poly_keys[i] + 16);
		for (size_t at = 0; at < TEXT_MAX; at += 16)
			fill_extreme(texts[i] + at);
		if (random_below(4) == 0)
			size = random_below(TEXT_MAX);
		wide.packets[i] = (struct wide_packet){.text = texts[i], .size = size};
	}
}

static void set_keys(void)
{
	for (size_t i = 0; i < wide.count; i++) {
		for (size_t word = 0; word < WIDE_POLY_WORDS; word++)
			wide.poly_keys[word][i] = load_le64(poly_keys[i] + 8 * word);
	}
}

/* RFC 8439, 2.8: the text, zeros to 16 bytes, no associated data's length and the text's. */
static void reference(size_t i, uint8_t ret_tag[static AEAD_TAG_SIZE])
{
	uint8_t input[TEXT_MAX + 32] = {0};
	size_t padded = (wide.packets[i].size + 15) / 16 * 16, size;

	memcpy(input, texts[i], wide.packets[i].size);
	store_le64(input + padded + 8, wide.packets[i].size);
	if (EVP_MAC_init(poly1305, poly_keys[i], 32, NULL) != 1 ||
		EVP_MAC_update(poly1305, input, padded + 16) != 1 ||
		EVP_MAC_final(poly1305, ret_tag, &size, AEAD_TAG_SIZE) != 1)
		abort();
}

/* Tags of a round that are not libcrypto's. */
static size_t wrong_tags(void)
{
	size_t wrong = 0, count = wide.count;

	set_keys();
	wide_poly1305(&wide);
	for (size_t i = 0; i < count; i++) {
		uint8_t want[AEAD_TAG_SIZE];
		reference(i, want);
		wrong += load_le64(want) != wide.tags[0][i];
		wrong += load_le64(want + 8) != wide.tags[1][i];
	}
	return wrong;
}

static void test_extremes(void)
{
	size_t wrong = 0;

	for (size_t round = 0; round < ROUNDS; round++) {
		make_round();
		wrong += wrong_tags();
	}
	tap_is_int((intmax_t)wrong, 0, "extreme keys and texts");
}

/*
 * With r = 1 the sum is that of the blocks. Two blocks of text and the lengths have their bits
 * above, 3 * 2^128, and the lengths are 32 * 2^64; so this second block makes it 2^130 - 5 + off.
 */
static void fill_sum(uint8_t text[static 32], int off)
{
	unsigned __int128 block = (unsigned __int128)0 - 5 + off - ((unsigned __int128)32 << 64);

	memset(text, 0, 16);
	store_le64(text + 16, (uint64_t)block);
	store_le64(text + 24, (uint64_t)(block >> 64));
}

static void test_prime(void)
{
	size_t wrong = 0;

	for (int off = -AROUND; off <= AROUND; off++) {
		wide.count = WIDE_PACKETS;
		for (size_t i = 0; i < WIDE_PACKETS; i++) {
			memset(poly_keys[i], 0, 32);
			poly_keys[i][0] = 1;
			memset(poly_keys[i] + 16, i % 2 ? 0xff : 0, 16);
			fill_sum(texts[i], off);
			wide.packets[i] = (struct wide_packet){.text = texts[i], .size = 32};
		}
		wrong += wrong_tags();
	}
	tap_is_int((intmax_t)wrong, 0, "sums about the prime");
}

int main(void)
{
	EVP_MAC *fetched = EVP_MAC_fetch(NULL, "POLY1305", NULL);

	poly1305 = EVP_MAC_CTX_new(fetched);
	if (!poly1305)
		abort();
	if (wide_is_usable()) {
		test_extremes();
		test_prime();
	} else {
		tap_skip("Poly1305 of many packets", "this processor has no AVX-512");
	}
	EVP_MAC_CTX_free(poly1305);
	EVP_MAC_free(fetched);
	return tap_done();
}
