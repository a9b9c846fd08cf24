/* SPDX-License-Identifier: ISC */
/*
 * SipHash-2-4 (Aumasson, Bernstein 2012): the hash for tables whose keys an outsider may choose.
 * OpenSSL's costs a thousand instructions to set up for 16 bytes; see docs/decisions/.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k0, k1; /* random, secret */
};

uint64_t siphash(const struct siphash_key *key, const void *bytes, size_t size);
