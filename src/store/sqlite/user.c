/* SPDX-License-Identifier: ISC */
#include "store/user.h"

#include "base/error.h"
#include "store/sqlite/act.h"
#include "store/sqlite/groups.h"
#include "store/sqlite/lookup.h"
#include "store/sqlite/revoke.h"
#include "store/word.h"

static int insert_user(struct store *store, const char *name, uint64_t now_ns, uint64_t *ret_id)
{
	AUTO_QUERY struct query query =
		query_of(store, "INSERT INTO users (name, added_ns) VALUES (?1, ?2) RETURNING id");

	query_bind_text(&query, 1, name);
	query_bind_number(&query, 2, now_ns);
	int err = query_one(&query);
	if (err < 0)
		return err;
	*ret_id = query_number(&query, 0);
	return query_run(&query);
}

/* Puts the new user into the groups, which it makes where there are none. */
static int join_groups(struct store *store, uint64_t user_id, const char *const groups[],
	size_t group_count, uint64_t now_ns)
{
	for (size_t i = 0; i < group_count; i++) {
		uint64_t group_id;
		int err = lookup_group(store, groups[i], &group_id);
		if (err == ERR_NOT_FOUND)
			err = groups_insert(store, groups[i], now_ns, &group_id);
		if (err == 0)
			err = groups_join(store, group_id, user_id);
		if (err < 0)
			return err;
	}
	return 0;
}

static json_t *names_of(const char *const groups[], size_t group_count)
{
	json_t *names = json_array();

	for (size_t i = 0; i < group_count; i++)
		(void)json_array_append_new(names, json_string(groups[i])); /* checks NULL itself */
	return names;
}

int store_user_add(struct store *store, const struct store_actor *by, const char *name,
	const char *const groups[], size_t group_count)
{
	AUTO_ACT struct act act = {0};
	uint64_t id = 0;
	int err = word_check_name(name);

	for (size_t i = 0; err == 0 && i < group_count; i++)
		err = word_check_name(groups[i]);
	if (err == 0)
		err = act_begin(&act, store, by);
	if (err == 0)
		err = insert_user(store, name, by->now_ns, &id);
	if (err == 0)
		err = join_groups(store, id, groups, group_count, by->now_ns);
	if (err < 0)
		return err;
	return act_commit(&act, "user.add", name,
		json_pack("{s:I, s:o}", "user", (json_int_t)id, "groups",
			names_of(groups, group_count)));
}

static int mark_removed(struct store *store, uint64_t id, uint64_t now_ns)
{
	AUTO_QUERY struct query query =
		query_of(store, "UPDATE users SET removed_ns = ?1 WHERE id = ?2");

	query_bind_number(&query, 1, now_ns);
	query_bind_number(&query, 2, id);
	return query_run(&query);
}

int store_user_remove(struct store *store, const struct store_actor *by, const char *name)
{
	AUTO_ACT struct act act = {0};
	uint64_t id = 0, devices = 0, invites = 0;
	int err = act_begin(&act, store, by);

	if (err == 0)
		err = lookup_user(store, name, &id);
	if (err == 0)
		err = revoke_all(store, id, by->now_ns, &devices, &invites);
	if (err == 0)
		err = groups_leave_all(store, id);
	if (err == 0)
		err = mark_removed(store, id, by->now_ns);
	if (err < 0)
		return err;
	return act_commit(&act, "user.remove", name,
		json_pack("{s:I, s:I, s:I}", "user", (json_int_t)id, "devices_revoked",
			(json_int_t)devices, "invites_revoked", (json_int_t)invites));
}

#define SELECT_USERS "SELECT id, name, added_ns FROM users WHERE removed_ns IS NULL"

static int read_user(struct query *query, struct store_user *ret_user)
{
	ret_user->id = query_number(query, 0);
	query_text(query, 1, ret_user->name, sizeof ret_user->name);
	ret_user->added_ns = query_number(query, 2);
	return query->error;
}

int store_user_get(struct store *store, const char *name, struct store_user *ret_user)
{
	AUTO_QUERY struct query query = query_of(store, SELECT_USERS " AND name = ?1");
	struct store_user user = {0};

	query_bind_text(&query, 1, name);
	int err = query_one(&query);
	if (err == 0)
		err = read_user(&query, &user);
	if (err == 0)
		*ret_user = user;
	return err;
}

int store_user_each(struct store *store, store_user_visit *visit, void *context)
{
	AUTO_QUERY struct query query = query_of(store, SELECT_USERS " ORDER BY name");
	struct store_user user = {0};
	int more;

	while ((more = query_next(&query)) > 0) {
		int stop = read_user(&query, &user);
		if (stop == 0)
			stop = visit(context, &user);
		if (stop != 0)
			return stop;
	}
	return more;
}
