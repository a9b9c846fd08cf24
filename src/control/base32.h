/* SPDX-License-Identifier: ISC */
/* Base32 (RFC 4648, section 6) without padding: what a person can read out and a QR code likes. */
#pragma once

#include "base/attributes.h"

#include <stddef.h>
#include <stdint.h>

/* Characters for so many bytes, without padding. */
#define BASE32_TEXT_SIZE(bytes) (((bytes)*8 + 4) / 5)

/* Writes BASE32_TEXT_SIZE(size) lower-case characters; no zero. */
void base32_encode(const uint8_t *bytes, size_t size, char *ret_text);

/*
 * Reads `size` characters of either case into at most `room` bytes; *ret_count is how many they
 * were. ERR_SYNTAX: another character, or bits behind the last byte that are not zero; ERR_RANGE.
 */
int base32_decode(const char *text, size_t size, uint8_t *ret_bytes, size_t room,
	size_t *ret_count) must_check;
