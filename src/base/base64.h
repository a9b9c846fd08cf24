/* SPDX-License-Identifier: ISC */
/*
 * Keys of 32 bytes as wg(8) writes them: 44 characters of base64 (RFC 4648, section 4). Neither
 * time nor memory looked at depends on the key. No state, any thread.
 */
#pragma once

#include "base/attributes.h"

#include <stddef.h>
#include <stdint.h>

enum {
	BASE64_KEY_SIZE = 32,	   /* bytes of a key */
	BASE64_KEY_TEXT_SIZE = 45, /* its text with its zero */
};

/* Writes the text, zero-terminated; returns ret_text. */
char *base64_key_format(
	const uint8_t key[static BASE64_KEY_SIZE], char ret_text[static BASE64_KEY_TEXT_SIZE]);

/*
 * Reads exactly 44 characters, `size` bytes, not zero-terminated; bits behind the 32nd byte have to
 * be zero. ERR_KEY.
 */
int base64_key_parse(
	const char *text, size_t size, uint8_t ret_key[static BASE64_KEY_SIZE]) must_check;
