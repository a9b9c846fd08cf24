/* SPDX-License-Identifier: ISC */
#include "store/sqlite/revoke.h"

#include "base/error.h"
#include "store/sqlite/knocks.h"

/* Runs a statement of these numbers. */
static int run(struct store *store, const char *sql, uint64_t first, uint64_t second)
{
	AUTO_QUERY struct query query = query_of(store, sql);

	query_bind_number(&query, 1, first);
	query_bind_number(&query, 2, second);
	return query_run(&query);
}

int revoke_device(struct store *store, uint64_t id, uint64_t now_ns)
{
	int err = run(store,
		"UPDATE addresses SET resting_since_ns = ?2"
		" WHERE number = (SELECT number FROM devices WHERE id = ?1)",
		id, now_ns);

	if (err == 0)
		err = run(store,
			"UPDATE devices SET state = 3, revoked_ns = ?2, preshared_key = NULL"
			" WHERE id = ?1",
			id, now_ns);
	return err < 0 ? err : knocks_without_device(store, id, now_ns);
}

static int end_invite(
	struct store *store, uint64_t id, enum store_invite_state state, uint64_t now_ns)
{
	AUTO_QUERY struct query query = query_of(store,
		"UPDATE invites SET state = ?2, ended_ns = ?3, preshared_key = NULL WHERE id = ?1");

	query_bind_number(&query, 1, id);
	query_bind_number(&query, 2, state);
	query_bind_number(&query, 3, now_ns);
	return query_run(&query);
}

int revoke_invite(struct store *store, uint64_t id, enum store_invite_state state, uint64_t now_ns)
{
	int err = run(store,
		"UPDATE addresses SET resting_since_ns = ?2"
		" WHERE number = (SELECT number FROM invites WHERE id = ?1)",
		id, now_ns);

	return err < 0 ? err : end_invite(store, id, state, now_ns);
}

/* Ends what a statement finds of the user, all of it at once; ret_count: how many. */
static int revoke_of_user(struct store *store, const char *rest, const char *end, uint64_t user_id,
	uint64_t now_ns, uint64_t *ret_count)
{
	int err = run(store, rest, user_id, now_ns);

	if (err == 0)
		err = run(store, end, user_id, now_ns);
	if (err == 0)
		*ret_count = query_changes(store);
	return err;
}

int revoke_all(struct store *store, uint64_t user_id, uint64_t now_ns, uint64_t *ret_devices,
	uint64_t *ret_invites)
{
	int err = revoke_of_user(store,
		"UPDATE addresses SET resting_since_ns = ?2 WHERE number IN"
		" (SELECT number FROM devices WHERE user_id = ?1 AND state <> 3)",
		"UPDATE devices SET state = 3, revoked_ns = ?2, preshared_key = NULL"
		" WHERE user_id = ?1 AND state <> 3",
		user_id, now_ns, ret_devices);

	if (err == 0)
		err = knocks_without_user(store, user_id, now_ns);
	if (err < 0)
		return err;
	return revoke_of_user(store,
		"UPDATE addresses SET resting_since_ns = ?2 WHERE number IN"
		" (SELECT number FROM invites WHERE user_id = ?1 AND state = 0)",
		"UPDATE invites SET state = 3, ended_ns = ?2, preshared_key = NULL"
		" WHERE user_id = ?1 AND state = 0",
		user_id, now_ns, ret_invites);
}
