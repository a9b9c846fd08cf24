/* SPDX-License-Identifier: ISC */
#include "net/checksum.h"

#include "inner_packet.h"
#include "tap.h"

enum {
	BYTES = 66000,
	ROUNDS = 20000,
};

/* What checksum_add() gives, as plain_checksum() would say it. */
static uint16_t quick(const uint8_t *bytes, size_t size)
{
	uint8_t stored[2];

	checksum_store(stored, (uint16_t)~checksum_fold(checksum_add(0, bytes, size)));
	return load_be16(stored);
}

/* RFC 1071, section 3: the sum of these bytes is ddf2. */
static void test_vector(void)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	tap_is_int(quick(bytes, sizeof bytes), (uint16_t)~0xddf2, "the RFC's example");
	tap_is_int(quick(bytes, 0), 0xffff, "of nothing");
	tap_is_int(quick(bytes + 1, 1), (uint16_t)~0x0100, "of one byte");
}

static void test_sizes(uint8_t *bytes, uint64_t *dice)
{
	size_t wrong = 0;

	for (size_t size = 0; size < 400; size++) {
		for (size_t at = 0; at < 8; at++)
			wrong += quick(bytes + at, size) != plain_checksum(0, bytes + at, size);
	}
	tap_is_int(wrong, 0, "all small sizes, at any alignment");
	wrong = 0;
	for (int i = 0; i < ROUNDS; i++) {
		size_t at = dice_below(dice, 64), size = dice_below(dice, 3000);
		wrong += quick(bytes + at, size) != plain_checksum(0, bytes + at, size);
	}
	tap_is_int(wrong, 0, "random ones");
	tap_is_int(quick(bytes, BYTES), plain_checksum(0, bytes, BYTES), "a long one");
	memset(bytes, 0xff, BYTES);
	tap_is_int(quick(bytes, BYTES), plain_checksum(0, bytes, BYTES), "the greatest");
	memset(bytes, 0, BYTES);
	tap_is_int(quick(bytes, BYTES), 0xffff, "zeroes");
}

static void test_pieces(const uint8_t *bytes)
{
	uint64_t whole = checksum_add(0, bytes, 1001);
	uint64_t pieces = checksum_add(checksum_add(0, bytes, 514), bytes + 514, 487);
	uint64_t more = checksum_add_be16(whole, 0x1234);

	tap_is_int(checksum_fold(pieces), checksum_fold(whole), "in pieces");
	tap_is_int(checksum_fold(checksum_subtract_be16(more, 0x1234)), checksum_fold(whole),
		"a number added and taken out again");
}

int main(void)
{
	static uint8_t bytes[BYTES];
	uint64_t dice = 1;

	for (size_t i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)dice_roll(&dice);
	test_vector();
	test_pieces(bytes);
	test_sizes(bytes, &dice);
	return tap_done();
}
