/* SPDX-License-Identifier: ISC */
/* Numbers in bytes, and bytes that must not leak. Inline, no state, any thread. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* load_*: the number at `at`, of any alignment. store_*: writes it there. */
static inline uint16_t load_be16(const uint8_t at[static 2])
{
	uint16_t value;
	memcpy(&value, at, sizeof value);
	return be16toh(value);
}

static inline uint32_t load_be32(const uint8_t at[static 4])
{
	uint32_t value;
	memcpy(&value, at, sizeof value);
	return be32toh(value);
}

static inline uint16_t load_le16(const uint8_t at[static 2])
{
	uint16_t value;
	memcpy(&value, at, sizeof value);
	return le16toh(value);
}

static inline uint32_t load_le32(const uint8_t at[static 4])
{
	uint32_t value;
	memcpy(&value, at, sizeof value);
	return le32toh(value);
}

static inline uint64_t load_le64(const uint8_t at[static 8])
{
	uint64_t value;
	memcpy(&value, at, sizeof value);
	return le64toh(value);
}

static inline uint64_t load_be64(const uint8_t at[static 8])
{
	uint64_t value;
	memcpy(&value, at, sizeof value);
	return be64toh(value);
}

static inline void store_le16(uint8_t at[static 2], uint16_t value)
{
	value = htole16(value);
	memcpy(at, &value, sizeof value);
}

static inline void store_le32(uint8_t at[static 4], uint32_t value)
{
	value = htole32(value);
	memcpy(at, &value, sizeof value);
}

static inline void store_le64(uint8_t at[static 8], uint64_t value)
{
	value = htole64(value);
	memcpy(at, &value, sizeof value);
}

static inline void store_be16(uint8_t at[static 2], uint16_t value)
{
	value = htobe16(value);
	memcpy(at, &value, sizeof value);
}

static inline void store_be32(uint8_t at[static 4], uint32_t value)
{
	value = htobe32(value);
	memcpy(at, &value, sizeof value);
}

static inline void store_be64(uint8_t at[static 8], uint64_t value)
{
	value = htobe64(value);
	memcpy(at, &value, sizeof value);
}

/* Overwrites a secret; the compiler may not leave it out. */
static inline void bytes_wipe(void *secret, size_t size)
{
	explicit_bzero(secret, size);
}

/* Whether two secrets are equal, in a time that does not depend on where they differ. */
static inline bool bytes_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
	uint8_t difference = 0;
	for (size_t i = 0; i < size; i++)
		difference |= a[i] ^ b[i];
	__asm__ volatile("" : "+r"(difference));
	return difference == 0;
}

/* Whether all bytes are zero, in constant time. */
static inline bool bytes_are_zero(const uint8_t *bytes, size_t size)
{
	uint8_t sum = 0;
	for (size_t i = 0; i < size; i++)
		sum |= bytes[i];
	__asm__ volatile("" : "+r"(sum));
	return sum == 0;
}
