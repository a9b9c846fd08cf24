/* SPDX-License-Identifier: ISC */
#include "base/error.h"
#include "base/number.h"
#include "tap.h"

static const struct {
	const char *name;
	const char *text;
	uint64_t greatest;
	int result;
	uint64_t number; /* on success */
} numbers[] = {
	{"zero", "0", 10, 0, 0},
	{"one digit", "7", 10, 0, 7},
	{"the greatest allowed", "65535", 65535, 0, 65535},
	{"one more", "65536", 65535, ERR_RANGE, 0},
	{"the greatest of all", "18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
	{"one more than of all", "18446744073709551616", UINT64_MAX, ERR_RANGE, 0},
	{"overflow in the last multiplication", "99999999999999999999", UINT64_MAX, ERR_RANGE, 0},
	{"leading zeros", "00000000000000000007", 10, 0, 7},
	{"21 digits", "000000000000000000007", 10, ERR_SYNTAX, 0},
	{"nothing", "", 10, ERR_SYNTAX, 0},
	{"minus", "-1", 10, ERR_SYNTAX, 0},
	{"plus", "+1", 10, ERR_SYNTAX, 0},
	{"space before", " 1", 10, ERR_SYNTAX, 0},
	{"space behind", "1 ", 10, ERR_SYNTAX, 0},
	{"newline behind", "1\n", 10, ERR_SYNTAX, 0},
	{"hexadecimal", "0x1", 10, ERR_SYNTAX, 0},
	{"a letter among digits that overflow", "9999999999999999999a", 10, ERR_SYNTAX, 0},
	{"the character before 0", "1/", 100, ERR_SYNTAX, 0},
	{"the character behind 9", "1:", 100, ERR_SYNTAX, 0},
};

static void test_numbers(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
		uint64_t number = 4711;
		int result = number_parse(
			numbers[i].text, strlen(numbers[i].text), numbers[i].greatest, &number);
		tap_is_int(result, numbers[i].result, numbers[i].name);
		tap_ok(number == (result == 0 ? numbers[i].number : 4711), numbers[i].name);
	}
}

static void test_number_size(void)
{
	uint64_t number = 4711;

	tap_is_int(number_parse("1234", 2, 100, &number), 0, "text that goes on behind its size");
	tap_is_int((intmax_t)number, 12, "text that goes on behind its size");
	tap_is_int(number_parse("1\0002", 3, 100, &number), ERR_SYNTAX, "a zero byte inside");
}

static const struct {
	const char *name;
	const char *text;
	size_t size; /* of the bytes asked for */
	int result;
} hexes[] = {
	{"lower case", "00017f80ff0a", 6, 0},
	{"upper case", "00017F80FF0A", 6, 0},
	{"one digit less", "00017f80ff0", 6, ERR_SYNTAX},
	{"one digit more", "00017f80ff0a0", 6, ERR_SYNTAX},
	{"one byte less", "00017f80ff", 6, ERR_SYNTAX},
	{"one byte more", "00017f80ff0a0b", 6, ERR_SYNTAX},
	{"behind f", "00017f80ff0g", 6, ERR_SYNTAX},
	{"behind F", "00017f80ff0G", 6, ERR_SYNTAX},
	{"before a", "00017f80ff0`", 6, ERR_SYNTAX},
	{"before A", "00017f80ff0@", 6, ERR_SYNTAX},
	{"before 0", "00017f80ff/a", 6, ERR_SYNTAX},
	{"behind 9", "00017f80ff:a", 6, ERR_SYNTAX},
	{"0x before", "0x0017f80ff0", 6, ERR_SYNTAX},
	{"a space", "0 017f80ff0a", 6, ERR_SYNTAX},
	{"not ASCII", "00017f80ff\xe4\xe4", 6, ERR_SYNTAX},
	{"nothing for six", "", 6, ERR_SYNTAX},
	{"nothing for none", "", 0, 0},
};

static void test_hexes(void)
{
	static const uint8_t want[6] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a};
	static const uint8_t untouched[6] = {9, 9, 9, 9, 9, 9};

	for (size_t i = 0; i < ARRAY_LENGTH(hexes); i++) {
		uint8_t got[6] = {9, 9, 9, 9, 9, 9};
		int result = hex_parse(hexes[i].text, strlen(hexes[i].text), got, hexes[i].size);
		tap_is_int(result, hexes[i].result, hexes[i].name);
		tap_is_bytes(got, result == 0 && hexes[i].size > 0 ? want : untouched, sizeof want,
			hexes[i].name);
	}
}

/* Every character as a digit, and every byte there and back, against the C library. */
static void test_all_digits(void)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	bool agree = true, there_and_back = true;

	for (int c = 0; c < 256; c++) {
		char text[2] = {'1', (char)c};
		char formatted[3], printed[8];
		uint8_t byte = 0;
		bool accepted = hex_parse(text, 2, &byte, 1) == 0;
		agree &= accepted == (c != 0 && strchr(digits, c) != NULL);
		byte = (uint8_t)c;
		hex_format(&byte, 1, formatted);
		(void)snprintf(printed, sizeof printed, "%02x", (unsigned)c);
		there_and_back &= strcmp(formatted, printed) == 0;
		there_and_back &= hex_parse(formatted, 2, &byte, 1) == 0 && byte == c;
	}
	tap_ok(agree, "each character is a digit or not");
	tap_ok(there_and_back, "each byte there and back");
}

int main(void)
{
	test_numbers();
	test_number_size();
	test_hexes();
	test_all_digits();
	return tap_done();
}
