/* SPDX-License-Identifier: ISC */
/* From names to ids, and whether a key is anybody's. */
#pragma once

#include "store/sqlite/query.h"

/* The id of the one who has the name now. ERR_NOT_FOUND. */
int lookup_user(struct store *store, const char *name, uint64_t *ret_id) must_check;
int lookup_group(struct store *store, const char *name, uint64_t *ret_id) must_check;
int lookup_gateway(struct store *store, const char *name, uint64_t *ret_id) must_check;

/*
 * Whether a device, a gateway or an invite has or had this public key: no key serves twice.
 * ERR_EXISTS; ERR_WEAK_KEY: it is zero.
 */
int lookup_free_key(
	struct store *store, const uint8_t public_key[static STORE_KEY_SIZE]) must_check;
