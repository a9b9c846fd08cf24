/* SPDX-License-Identifier: ISC */
#include "store/group.h"

#include "base/error.h"
#include "store/sqlite/act.h"
#include "store/sqlite/groups.h"
#include "store/sqlite/lookup.h"
#include "store/word.h"

int groups_insert(struct store *store, const char *name, uint64_t now_ns, uint64_t *ret_id)
{
	AUTO_QUERY struct query query =
		query_of(store, "INSERT INTO groups (name, added_ns) VALUES (?1, ?2) RETURNING id");

	query_bind_text(&query, 1, name);
	query_bind_number(&query, 2, now_ns);
	int err = query_one(&query);
	if (err < 0)
		return err;
	*ret_id = query_number(&query, 0);
	return query_run(&query);
}

/* Runs a statement of one or two ids. */
static int run(struct store *store, const char *sql, uint64_t first, const uint64_t *second)
{
	AUTO_QUERY struct query query = query_of(store, sql);

	query_bind_number(&query, 1, first);
	if (second)
		query_bind_number(&query, 2, *second);
	return query_run(&query);
}

int groups_join(struct store *store, uint64_t group_id, uint64_t user_id)
{
	return run(store, "INSERT INTO members (group_id, user_id) VALUES (?1, ?2)", group_id,
		&user_id);
}

int groups_leave_all(struct store *store, uint64_t user_id)
{
	return run(store, "DELETE FROM members WHERE user_id = ?1", user_id, NULL);
}

int store_group_add(struct store *store, const struct store_actor *by, const char *name)
{
	AUTO_ACT struct act act = {0};
	uint64_t id = 0;
	int err = word_check_name(name);

	if (err == 0)
		err = act_begin(&act, store, by);
	if (err == 0)
		err = groups_insert(store, name, by->now_ns, &id);
	if (err < 0)
		return err;
	return act_commit(&act, "group.add", name, json_pack("{s:I}", "group", (json_int_t)id));
}

int store_group_remove(struct store *store, const struct store_actor *by, const char *name)
{
	AUTO_ACT struct act act = {0};
	uint64_t id = 0, members = 0;
	int err = act_begin(&act, store, by);

	if (err == 0)
		err = lookup_group(store, name, &id);
	if (err == 0)
		err = run(store, "DELETE FROM members WHERE group_id = ?1", id, NULL);
	if (err == 0) {
		members = query_changes(store);
		err = run(store, "DELETE FROM groups WHERE id = ?1", id, NULL);
	}
	if (err < 0)
		return err;
	return act_commit(&act, "group.remove", name,
		json_pack("{s:I, s:I}", "group", (json_int_t)id, "members", (json_int_t)members));
}

static int lookup_both(struct store *store, const char *group, const char *user,
	uint64_t *ret_group_id, uint64_t *ret_user_id)
{
	int err = lookup_group(store, group, ret_group_id);

	return err < 0 ? err : lookup_user(store, user, ret_user_id);
}

int store_group_add_member(
	struct store *store, const struct store_actor *by, const char *group, const char *user)
{
	AUTO_ACT struct act act = {0};
	uint64_t group_id = 0, user_id = 0;
	int err = act_begin(&act, store, by);

	if (err == 0)
		err = lookup_both(store, group, user, &group_id, &user_id);
	if (err == 0)
		err = groups_join(store, group_id, user_id);
	if (err < 0)
		return err;
	return act_commit(&act, "group.join", group, json_pack("{s:s}", "user", user));
}

int store_group_remove_member(
	struct store *store, const struct store_actor *by, const char *group, const char *user)
{
	AUTO_ACT struct act act = {0};
	uint64_t group_id = 0, user_id = 0;
	int err = act_begin(&act, store, by);

	if (err == 0)
		err = lookup_both(store, group, user, &group_id, &user_id);
	if (err == 0)
		err = run(store, "DELETE FROM members WHERE group_id = ?1 AND user_id = ?2",
			group_id, &user_id);
	if (err < 0)
		return err;
	if (query_changes(store) == 0)
		return ERR_NOT_FOUND;
	return act_commit(&act, "group.leave", group, json_pack("{s:s}", "user", user));
}

int store_group_each(struct store *store, store_group_visit *visit, void *context)
{
	AUTO_QUERY struct query query = query_of(store,
		"SELECT name, added_ns, (SELECT count(*) FROM members WHERE group_id = groups.id)"
		" FROM groups ORDER BY name");
	struct store_group group;
	int more;

	while ((more = query_next(&query)) > 0) {
		query_text(&query, 0, group.name, sizeof group.name);
		group.added_ns = query_number(&query, 1);
		group.member_count = query_number(&query, 2);
		int stop = query.error ? query.error : visit(context, &group);
		if (stop != 0)
			return stop;
	}
	return more;
}

int store_member_each(struct store *store, const char *group, const char *user,
	store_member_visit *visit, void *context)
{
	AUTO_QUERY struct query query = query_of(store,
		"SELECT groups.name, users.name FROM members"
		" JOIN groups ON groups.id = group_id JOIN users ON users.id = user_id"
		" WHERE (?1 IS NULL OR groups.name = ?1) AND (?2 IS NULL OR users.name = ?2)"
		" ORDER BY groups.name, users.name");
	struct store_member member;
	int more;

	query_bind_text(&query, 1, group); /* NULL is SQL's NULL */
	query_bind_text(&query, 2, user);
	while ((more = query_next(&query)) > 0) {
		query_text(&query, 0, member.group, sizeof member.group);
		query_text(&query, 1, member.user, sizeof member.user);
		int stop = query.error ? query.error : visit(context, &member);
		if (stop != 0)
			return stop;
	}
	return more;
}
