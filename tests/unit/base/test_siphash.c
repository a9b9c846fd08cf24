/* SPDX-License-Identifier: ISC */
#include "../../vectors/primitives.h"
#include "base/bytes.h"
#include "base/siphash.h"
#include "hex.h"
#include "tap.h"

static const struct siphash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

/* From the paper, appendix A: 15 bytes, byte i is i. */
static void test_paper(void)
{
	uint8_t input[15];

	fill_run(input, sizeof input);
	tap_ok(siphash(&key, input, sizeof input) == 0xa129ca6149be45e5, "the paper's example");
}

static void test_vectors(void)
{
	uint8_t input[64], want[8];
	char name[40];

	fill_run(input, sizeof input);
	for (size_t i = 0; i < ARRAY_LENGTH(vectors_siphash); i++) {
		uint8_t got[8];
		from_hex(vectors_siphash[i].output, want);
		store_le64(got, siphash(&key, input, vectors_siphash[i].input));
		(void)snprintf(name, sizeof name, "%zu bytes", vectors_siphash[i].input);
		tap_is_bytes(got, want, sizeof want, name);
	}
}

static void test_differences(void)
{
	const struct siphash_key other = {key.k0, key.k1 ^ 1};
	const uint8_t input[24] = {1, 2, 3};

	tap_ok(siphash(&key, input, 16) != siphash(&other, input, 16), "another key");
	tap_ok(siphash(&key, input, 16) != siphash(&key, input, 17), "one zero byte more");
	tap_ok(siphash(&key, input + 1, 16) != siphash(&key, input, 16), "unaligned input");
}

int main(void)
{
	test_paper();
	test_vectors();
	test_differences();
	return tap_done();
}
