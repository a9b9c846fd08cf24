/* SPDX-License-Identifier: ISC */
#include "base/cursor.h"
#include "tap.h"

static const uint8_t input[15] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static void test_reads(void)
{
	struct cursor cursor = cursor_over(input, sizeof input);

	tap_is_int(cursor_u8(&cursor), 1, "a byte");
	tap_is_int(cursor_be16(&cursor), 0x0203, "two bytes, network order");
	tap_is_int(cursor_le32(&cursor), 0x07060504, "four bytes, little endian");
	tap_ok(cursor_le64(&cursor) == 0x0f0e0d0c0b0a0908, "eight bytes, little endian");
	tap_is_int((intmax_t)cursor_left(&cursor), 0, "nothing is left");
	tap_ok(cursor_is_done(&cursor), "all is read");
}

static void test_spans(void)
{
	struct cursor cursor = cursor_over(input, sizeof input);
	uint8_t copy[4] = {0};

	tap_ok(cursor_take(&cursor, 3) == input, "a span is borrowed");
	cursor_copy(&cursor, copy, sizeof copy);
	tap_is_bytes(copy, input + 3, sizeof copy, "a span is copied");
	tap_is_int((intmax_t)cursor_left(&cursor), 8, "eight are left");
	tap_ok(!cursor_is_done(&cursor), "not all is read");
	tap_ok(cursor_take(&cursor, 0) == input + 7, "an empty span");
	tap_ok(cursor_take(&cursor, 8) == input + 7, "a span up to the end");
	tap_ok(cursor_is_done(&cursor), "all is read by spans");
}

/* Each way to read one byte more than there is. */
static void test_ends(void)
{
	struct cursor none = cursor_over(input, 0), one = cursor_over(input, 1);
	struct cursor three = cursor_over(input, 3), seven = cursor_over(input, 7);
	struct cursor take = cursor_over(input, 7), huge = cursor_over(input, 7);
	struct cursor copy = cursor_over(input, 3);
	uint8_t copied[4] = {9, 9, 9, 9};

	tap_ok(cursor_is_done(&none), "nothing is done at once");
	tap_ok(cursor_u8(&none) == 0 && none.failed, "a byte of none");
	tap_ok(cursor_be16(&one) == 0 && one.failed, "two bytes of one");
	tap_ok(cursor_le32(&three) == 0 && three.failed, "four bytes of three");
	tap_ok(cursor_le64(&seven) == 0 && seven.failed, "eight bytes of seven");
	tap_ok(!cursor_take(&take, 8) && take.failed, "a span of eight of seven");
	tap_ok(!cursor_take(&huge, SIZE_MAX) && huge.failed, "the greatest span");
	cursor_copy(&copy, copied, sizeof copied);
	tap_ok(copy.failed && copied[0] == 9, "a copy of four of three touches nothing");
}

static void test_failure_sticks(void)
{
	struct cursor cursor = cursor_over(input, 3);

	(void)cursor_le32(&cursor); /* fails */
	tap_is_int(cursor_u8(&cursor), 0, "no byte after a failure");
	tap_ok(!cursor_take(&cursor, 0), "no empty span after a failure");
	tap_is_int((intmax_t)cursor_left(&cursor), 0, "nothing is left after a failure");
	tap_ok(!cursor_is_done(&cursor), "a failure is never done");
}

int main(void)
{
	test_reads();
	test_spans();
	test_ends();
	test_failure_sticks();
	return tap_done();
}
