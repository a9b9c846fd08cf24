/* SPDX-License-Identifier: ISC */
/* Bytes for test tables, written as hexadecimal text or as a run. For test programs only. */
#pragma once

#include "base/number.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Writes the bytes of `hex`; returns how many. Aborts where the table is miswritten. */
static inline size_t from_hex(const char *hex, uint8_t *ret_bytes)
{
	size_t size = strlen(hex) / 2;

	if (hex_parse(hex, strlen(hex), ret_bytes, size) < 0)
		abort();
	return size;
}

/* Byte i is i modulo 256, as in tests/vectors/. */
static inline void fill_run(uint8_t *ret_bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		ret_bytes[i] = (uint8_t)i;
}
