/* SPDX-License-Identifier: ISC */
/* What becomes of knock keys inside other acts. */
#pragma once

#include "store/knock.h"
#include "store/sqlite/query.h"

/* Makes the next key of the members, and room for it. */
int knocks_make(struct store *store, uint64_t now_ns) must_check;

/* The key for a token: one that is in tokens of open invites only, or a new one. */
int knocks_of_token(struct store *store, uint64_t now_ns, uint64_t *ret_number) must_check;

/*
 * An older state is in place of a newer: devices may have keys that it does not know. So knocks are
 * preferred where they were required, and numbers go on beyond any that were given meanwhile.
 */
int knocks_restored(struct store *store) must_check;

/*
 * These are out: what they were told is spoiled. Where that is the newest, the next is made. A
 * gateway was told all that there was.
 */
int knocks_without_device(struct store *store, uint64_t id, uint64_t now_ns) must_check;
int knocks_without_user(struct store *store, uint64_t user_id, uint64_t now_ns) must_check;
int knocks_without_gateway(struct store *store, uint64_t id, uint64_t now_ns) must_check;
