/* SPDX-License-Identifier: ISC */
/* Numbers and keys as text from outside. In place of atoi and strtol. */
#pragma once

#include "base/attributes.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Reads an unsigned decimal number of 1 to 20 digits and nothing else, at most `greatest`.
 * The text is `size` bytes, not zero-terminated. ERR_SYNTAX, ERR_RANGE.
 */
int number_parse(const char *text, size_t size, uint64_t greatest, uint64_t *ret_number) must_check;

/* Reads exactly 2 * ret_size hexadecimal digits of either case. ERR_SYNTAX. */
int hex_parse(const char *text, size_t size, uint8_t *ret_bytes, size_t ret_size) must_check;

/* Writes 2 * size lower-case digits and a zero. */
void hex_format(const uint8_t *bytes, size_t size, char *ret_text);
