/* SPDX-License-Identifier: ISC */
/* Groups of users, which the policy grants services to. */
#pragma once

#include "store/store.h"

struct store_group {
	char name[STORE_NAME_SIZE];
	uint64_t added_ns;
	uint64_t member_count;
};

/* One user in one group. */
struct store_member {
	char group[STORE_NAME_SIZE];
	char user[STORE_NAME_SIZE];
};

/* ERR_NAME, ERR_EXISTS. */
int store_group_add(struct store *store, const struct store_actor *by, const char *name) must_check;

/* Removes a group and its memberships. ERR_NOT_FOUND. */
int store_group_remove(
	struct store *store, const struct store_actor *by, const char *name) must_check;

/* ERR_NOT_FOUND: no such group or user. ERR_EXISTS: is a member. */
int store_group_add_member(struct store *store, const struct store_actor *by, const char *group,
	const char *user) must_check;

/* ERR_NOT_FOUND: no such group or user, or no member. */
int store_group_remove_member(struct store *store, const struct store_actor *by, const char *group,
	const char *user) must_check;

/* Borrows for the call; not 0: stop, and give that back. They may look up, not act. */
typedef int store_group_visit(void *context, const struct store_group *group);
typedef int store_member_visit(void *context, const struct store_member *member);

/* Visits all groups by name. */
int store_group_each(struct store *store, store_group_visit *visit, void *context) must_check;

/* Visits memberships by group and user: of one group, of one user, or all (NULL). */
int store_member_each(struct store *store, const char *group, const char *user,
	store_member_visit *visit, void *context) must_check;
