/* SPDX-License-Identifier: ISC */
#include "policy/text.h"

#include "base/cursor.h"

enum {
	NOT_UTF8 = -1,
	MORE_BYTES_MAX = 3, /* of a character, behind its first */
};

/* Characters that are not what they look like, or do not look like anything. */
static const struct range {
	int32_t first, last;
	const char *what;
} refused[] = {
	{0x00, 0x08, "a control character"},
	{0x09, 0x09, "a tab"},
	{0x0b, 0x0c, "a control character"},
	{0x0d, 0x0d, "a carriage return without a line feed"},
	{0x0e, 0x1f, "a control character"},
	{0x7f, 0x9f, "a control character"},
	{0x061c, 0x061c, "a mark for the direction of writing"},
	{0x200e, 0x200f, "a mark for the direction of writing"},
	{0x2028, 0x2029, "a line end of Unicode"},
	{0x202a, 0x202e, "a mark for the direction of writing"},
	{0x2066, 0x2069, "a mark for the direction of writing"},
	{0xfeff, 0xfeff, "a byte order mark inside the file"},
	{0xfffe, 0xffff, "a number that is no character"},
};

size_t text_skip(const uint8_t *bytes, size_t size)
{
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf};

	return size >= sizeof mark && memcmp(bytes, mark, sizeof mark) == 0 ? sizeof mark : 0;
}

/* The next character; NOT_UTF8: one byte was taken that begins none (RFC 3629). */
static int32_t take_character(struct cursor *cursor)
{
	static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
	uint8_t first = cursor_u8(cursor);

	if (first < 0x80)
		return first;
	if (first < 0xc2 || first > 0xf4)
		return NOT_UTF8;
	size_t more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : MORE_BYTES_MAX;
	int32_t character = first & (0x3f >> more);
	struct cursor ahead = *cursor;
	for (size_t i = 0; i < more; i++) {
		uint8_t byte = cursor_u8(&ahead);
		if ((byte & 0xc0) != 0x80)
			return NOT_UTF8;
		character = character << 6 | (byte & 0x3f);
	}
	bool is_surrogate = character >= 0xd800 && character <= 0xdfff;
	if (character < least[more] || character > 0x10ffff || is_surrogate)
		return NOT_UTF8;
	*cursor = ahead;
	return character;
}

/* What is wrong with a character; NULL: nothing. */
static const char *fault_of(int32_t character, const struct cursor *behind)
{
	bool ends_line = character == '\r' && cursor_left(behind) > 0 && *behind->at == '\n';

	if (ends_line)
		return NULL;
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		if (character >= refused[i].first && character <= refused[i].last)
			return refused[i].what;
	}
	return NULL;
}

/* Looks at one character at `at`; says whether it added a fault. */
static bool check_character(int32_t character, const struct cursor *cursor, const uint8_t *began,
	struct policy_place at, struct policy_faults *faults)
{
	if (character == NOT_UTF8) {
		policy_faults_add(faults, POLICY_FAULT_ENCODING, at,
			"found the byte 0x%02x, expected text in UTF-8", *began);
		return true;
	}
	if (character == '%' && at.column == 1) {
		policy_faults_add(faults, POLICY_FAULT_DIRECTIVE, at,
			"found a directive (%%...), expected none");
		return true;
	}
	const char *what = fault_of(character, cursor);
	if (!what)
		return false;
	policy_faults_add(faults, POLICY_FAULT_CHARACTER, at, "found %s (U+%04X), expected %s",
		what, (unsigned)character, character == '\t' ? "spaces" : "visible text");
	return true;
}

void text_check(const uint8_t *bytes, size_t size, struct policy_faults *faults)
{
	struct cursor cursor = cursor_over(bytes, size);
	struct policy_place at = {1, 1};
	bool is_line_faulty = false;

	while (cursor_left(&cursor) > 0) {
		const uint8_t *began = cursor.at;
		int32_t character = take_character(&cursor);

		if (character == '\n') {
			at = (struct policy_place){at.line + 1, 1};
			is_line_faulty = false;
			continue;
		}
		if (!is_line_faulty)
			is_line_faulty = check_character(character, &cursor, began, at, faults);
		at.column++;
	}
}
