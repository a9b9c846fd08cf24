/* SPDX-License-Identifier: ISC */
/* Users, and what becomes of what they had when they go. */
#pragma once

#include "store/store.h"

struct store_user {
	uint64_t id; /* never given twice */
	char name[STORE_NAME_SIZE];
	uint64_t added_ns;
};

/*
 * Adds a user to the groups named; a group that is not there is made. ERR_NAME, ERR_EXISTS.
 */
int store_user_add(struct store *store, const struct store_actor *by, const char *name,
	const char *const groups[], size_t group_count) must_check;

/*
 * Removes a user with memberships; revokes the user's devices and open invites in the same act.
 * The name may be given again, to another. ERR_NOT_FOUND.
 */
int store_user_remove(
	struct store *store, const struct store_actor *by, const char *name) must_check;

/* ERR_NOT_FOUND. */
int store_user_get(struct store *store, const char *name, struct store_user *ret_user) must_check;

/* Borrows the user for the call; not 0: stop, and give that back. It may look up, not act. */
typedef int store_user_visit(void *context, const struct store_user *user);

/* Visits all users by name. */
int store_user_each(struct store *store, store_user_visit *visit, void *context) must_check;
