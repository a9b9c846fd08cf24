/* SPDX-License-Identifier: ISC */
/* The hash of an audit entry, over the encoding that docs/audit.md gives byte by byte. */
#pragma once

#include "store/audit.h"

/* Hashes all of an entry but entry->hash. Allocates. -ENOMEM, ERR_RANGE: a text of 4 GiB. */
int chain_hash(const struct store_audit_entry *entry,
	uint8_t ret_hash[static BLAKE2S_HASH_SIZE]) must_check;
