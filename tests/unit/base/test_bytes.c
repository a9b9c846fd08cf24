/* SPDX-License-Identifier: ISC */
#include "base/bytes.h"
#include "tap.h"

/* All at an odd address, for they must not ask for alignment. */
static void test_loads(void)
{
	static const uint8_t bytes[9] = {0, 0x81, 2, 3, 4, 5, 6, 7, 0x88};

	tap_is_int(load_be16(bytes + 1), 0x8102, "load_be16");
	tap_ok(load_le32(bytes + 1) == 0x04030281, "load_le32");
	tap_ok(load_le64(bytes + 1) == 0x8807060504030281, "load_le64");
	tap_ok(load_be64(bytes + 1) == 0x8102030405060788, "load_be64");
}

static void test_stores(void)
{
	uint8_t bytes[9] = {0};

	store_be16(bytes + 1, 0x8102);
	tap_is_bytes(bytes, "\0\x81\x02\0\0\0\0\0\0", 9, "store_be16");
	store_le32(bytes + 1, 0x84030201);
	tap_is_bytes(bytes, "\0\x01\x02\x03\x84\0\0\0\0", 9, "store_le32");
	store_be32(bytes + 1, 0x84030201);
	tap_is_bytes(bytes, "\0\x84\x03\x02\x01\0\0\0\0", 9, "store_be32");
	store_le64(bytes + 1, 0x8807060504030201);
	tap_is_bytes(bytes, "\0\x01\x02\x03\x04\x05\x06\x07\x88", 9, "store_le64");
	store_be64(bytes + 1, 0x8807060504030201);
	tap_is_bytes(bytes, "\0\x88\x07\x06\x05\x04\x03\x02\x01", 9, "store_be64");
}

/* Each single bit that differs is seen. */
static void test_comparisons(void)
{
	uint8_t a[32] = {0}, zero[32] = {0};
	bool all_differ = true, none_zero = true;

	tap_ok(bytes_equal(a, zero, sizeof a), "equal");
	tap_ok(bytes_are_zero(a, sizeof a), "zero");
	tap_ok(bytes_equal(a, zero, 0) && bytes_are_zero(a, 0), "no bytes are equal, and zero");
	for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
		a[bit / 8] = (uint8_t)(1 << bit % 8);
		all_differ &= !bytes_equal(a, zero, sizeof a);
		none_zero &= !bytes_are_zero(a, sizeof a);
		a[bit / 8] = 0;
	}
	tap_ok(all_differ, "not equal, by each bit");
	tap_ok(none_zero, "not zero, by each bit");
	a[31] = 1;
	tap_ok(bytes_equal(a, zero, 31), "what lies behind is not compared");
}

static void test_wipe(void)
{
	uint8_t secret[5] = {1, 2, 3, 4, 5};

	bytes_wipe(secret, 4);
	tap_is_bytes(secret, "\0\0\0\0\5", 5, "wiped, and not more than that");
}

int main(void)
{
	test_loads();
	test_stores();
	test_comparisons();
	test_wipe();
	return tap_done();
}
