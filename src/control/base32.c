/* SPDX-License-Identifier: ISC */
#include "control/base32.h"

#include "base/error.h"

enum {
	BITS = 5, /* of a character */
	BYTE = 8,
	MASK = (1 << BITS) - 1,
};

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

void base32_encode(const uint8_t *bytes, size_t size, char *ret_text)
{
	unsigned held = 0, bits = 0;

	for (size_t i = 0; i < size; i++) {
		held = held << BYTE | bytes[i];
		for (bits += BYTE; bits >= BITS; bits -= BITS)
			*ret_text++ = alphabet[held >> (bits - BITS) & MASK];
	}
	if (bits > 0)
		*ret_text = alphabet[held << (BITS - bits) & MASK];
}

/* -1: it is none of ours. */
static int value_of(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

int base32_decode(const char *text, size_t size, uint8_t *ret_bytes, size_t room, size_t *ret_count)
{
	unsigned held = 0, bits = 0;
	size_t count = 0;

	for (size_t i = 0; i < size; i++) {
		int value = value_of(text[i]);
		if (value < 0)
			return ERR_SYNTAX;
		held = held << BITS | (unsigned)value;
		bits += BITS;
		if (bits < BYTE)
			continue;
		if (count == room)
			return ERR_RANGE;
		bits -= BYTE;
		ret_bytes[count++] = (uint8_t)(held >> bits);
	}
	if (bits >= BITS || (held & ((1U << bits) - 1)) != 0)
		return ERR_SYNTAX; /* a character that adds nothing, or more than one way to write
				      it */
	*ret_count = count;
	return 0;
}
