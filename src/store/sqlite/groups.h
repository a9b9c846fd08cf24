/* SPDX-License-Identifier: ISC */
/* Groups and memberships inside an act. */
#pragma once

#include "store/sqlite/query.h"

/* ERR_EXISTS. */
int groups_insert(
	struct store *store, const char *name, uint64_t now_ns, uint64_t *ret_id) must_check;

/* ERR_EXISTS: is a member. */
int groups_join(struct store *store, uint64_t group_id, uint64_t user_id) must_check;

/* Ends all of a user's memberships. */
int groups_leave_all(struct store *store, uint64_t user_id) must_check;
