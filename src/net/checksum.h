/* SPDX-License-Identifier: ISC */
/*
 * The Internet checksum (RFC 1071), in the byte order of memory: it does not depend on the
 * machine's (section 2, B), as long as sums are stored the way words were loaded. Pure; any thread.
 */
#pragma once

#include "base/bytes.h"

/*
 * Adds the 16-bit words of `size` bytes to a sum that is not folded yet. An odd last byte counts as
 * if a zero followed: only the last of several pieces may be odd. Good for gigabytes.
 */
uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t size);

/* Adds one number that is stored big-endian in a packet. */
static inline uint64_t checksum_add_be16(uint64_t sum, uint16_t value)
{
	return sum + htobe16(value);
}

/* Takes one such number out again: adds its complement. */
static inline uint64_t checksum_subtract_be16(uint64_t sum, uint16_t value)
{
	return sum + (uint16_t)~htobe16(value);
}

/* The sum with all carries, in 16 bits; of a packet with a right checksum it is 0xffff. */
static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* A folded sum, or a checksum, as it lies in memory. */
static inline uint16_t checksum_load(const uint8_t at[static 2])
{
	uint16_t value;
	memcpy(&value, at, sizeof value);
	return value;
}

static inline void checksum_store(uint8_t at[static 2], uint16_t value)
{
	memcpy(at, &value, sizeof value);
}
