/* SPDX-License-Identifier: ISC */
#include "base/number.h"

#include "base/error.h"

enum {
	DIGITS_MAX = 20, /* of UINT64_MAX */
};

int number_parse(const char *text, size_t size, uint64_t greatest, uint64_t *ret_number)
{
	uint64_t number = 0;
	int range = 0;

	if (size == 0 || size > DIGITS_MAX)
		return ERR_SYNTAX;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return ERR_SYNTAX;
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number))
			range = ERR_RANGE;
	}
	if (range < 0 || number > greatest)
		return ERR_RANGE;
	*ret_number = number;
	return 0;
}

/* `yes` where low <= value <= high, else 0; no branch, for the value may be of a key. */
static int if_within(int value, int low, int high, int yes)
{
	int outside = (value - low) >> 31 | (high - value) >> 31;

	return yes & ~outside;
}

/* A digit's value plus one; 0 where it is none. Takes the same time for all. */
static int digit(char c)
{
	int letter = c | 0x20;

	return if_within(c, '0', '9', c - '0' + 1) |
	       if_within(letter, 'a', 'f', letter - 'a' + 10 + 1);
}

int hex_parse(const char *text, size_t size, uint8_t *ret_bytes, size_t ret_size)
{
	int wrong = 0;

	if (size % 2 != 0 || size / 2 != ret_size)
		return ERR_SYNTAX;
	for (size_t i = 0; i < size; i++)
		wrong |= digit(text[i]) - 1;
	if (wrong < 0)
		return ERR_SYNTAX;
	for (size_t i = 0; i < ret_size; i++) {
		int high = digit(text[2 * i]) - 1;
		int low = digit(text[2 * i + 1]) - 1;
		ret_bytes[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

/* The digit of a value from 0 to 15, without a table that a cache would tell about. */
static char digit_of(int value)
{
	return (char)('0' + value + if_within(value, 10, 15, 'a' - '0' - 10));
}

void hex_format(const uint8_t *bytes, size_t size, char *ret_text)
{
	for (size_t i = 0; i < size; i++) {
		ret_text[2 * i] = digit_of(bytes[i] >> 4);
		ret_text[2 * i + 1] = digit_of(bytes[i] & 15);
	}
	ret_text[2 * size] = '\0';
}
