/* SPDX-License-Identifier: ISC */
#include "base/base64.h"

#include "base/bytes.h"
#include "base/error.h"

enum {
	TEXT_LENGTH = BASE64_KEY_TEXT_SIZE - 1,
	GROUP_BYTES = 3, /* make four characters */
	GROUP_LETTERS = 4,
	LETTER_BITS = 6,
	NONE = 64, /* no value of a character */
};

/* The alphabet, as runs of characters. */
static const struct {
	uint32_t letter; /* the first */
	uint32_t value;	 /* of the first */
	uint32_t count;
} runs[] = {{'A', 0, 26}, {'a', 26, 26}, {'0', 52, 10}, {'+', 62, 1}, {'/', 63, 1}};

/* All ones where `number` is `first` or one of `count` - 1 behind it; else 0. No branch. */
static uint32_t mask_of(uint32_t number, uint32_t first, uint32_t count)
{
	uint32_t offset = number - first; /* huge where it lies before the first */

	return (uint32_t)(((uint64_t)offset - count) >> 32); /* borrows where it is less */
}

static char letter_of(uint32_t value)
{
	uint32_t letter = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(runs); i++)
		letter |= mask_of(value, runs[i].value, runs[i].count) &
			  (runs[i].letter + value - runs[i].value);
	return (char)letter;
}

/* NONE where it is no character of the alphabet. */
static uint32_t value_of(char character)
{
	uint32_t letter = (uint8_t)character, value = 0, known = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(runs); i++) {
		uint32_t mask = mask_of(letter, runs[i].letter, runs[i].count);
		value |= mask & (runs[i].value + letter - runs[i].letter);
		known |= mask;
	}
	return (known & value) | (~known & NONE);
}

/* The bytes of a group as one number; what lies behind the key is zero. */
static uint32_t group_at(const uint8_t key[static BASE64_KEY_SIZE], size_t at)
{
	uint32_t bits = 0;

	for (size_t i = at; i < at + GROUP_BYTES; i++)
		bits = bits << 8 | (i < BASE64_KEY_SIZE ? key[i] : 0);
	return bits;
}

char *base64_key_format(
	const uint8_t key[static BASE64_KEY_SIZE], char ret_text[static BASE64_KEY_TEXT_SIZE])
{
	for (size_t i = 0; i < TEXT_LENGTH; i++) {
		uint32_t bits = group_at(key, i / GROUP_LETTERS * GROUP_BYTES);
		size_t shift = LETTER_BITS * (GROUP_LETTERS - 1 - i % GROUP_LETTERS);
		ret_text[i] = letter_of(bits >> shift & (NONE - 1));
	}
	ret_text[TEXT_LENGTH - 1] = '='; /* 32 bytes are 43 characters and two bits of padding */
	ret_text[TEXT_LENGTH] = '\0';
	return ret_text;
}

int base64_key_parse(const char *text, size_t size, uint8_t ret_key[static BASE64_KEY_SIZE])
{
	uint8_t key[BASE64_KEY_SIZE + 1];
	uint32_t bits = 0, wrong = 0;

	if (size != TEXT_LENGTH || text[TEXT_LENGTH - 1] != '=')
		return ERR_KEY;
	for (size_t i = 0; i < TEXT_LENGTH; i++) {
		uint32_t value = i + 1 < TEXT_LENGTH ? value_of(text[i]) : 0;
		size_t behind = i % GROUP_LETTERS;
		wrong |= value & NONE;
		bits = bits << LETTER_BITS | value;
		if (behind > 0)
			key[i / GROUP_LETTERS * GROUP_BYTES + behind - 1] =
				(uint8_t)(bits >> (LETTER_BITS - 2 * behind));
	}
	wrong |= key[BASE64_KEY_SIZE]; /* the bits behind it */
	if (wrong == 0)
		memcpy(ret_key, key, BASE64_KEY_SIZE);
	bytes_wipe(key, sizeof key);
	return wrong == 0 ? 0 : ERR_KEY;
}
