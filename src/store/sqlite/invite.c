/* SPDX-License-Identifier: ISC */
#include "store/invite.h"

#include "base/bytes.h"
#include "base/error.h"
#include "store/sqlite/act.h"
#include "store/sqlite/allocate.h"
#include "store/sqlite/invites.h"
#include "store/sqlite/knocks.h"
#include "store/sqlite/lookup.h"
#include "store/sqlite/revoke.h"
#include "store/word.h"

#define SELECT_INVITES                                                                             \
	"SELECT invites.id, kind, state, coalesce(users.name, gateway), public_key,"               \
	" preshared_key, needs_approval, number, created_ns, expires_ns, coalesce(ended_ns, 0),"   \
	" coalesce(user_id, 0), knock"                                                             \
	" FROM invites LEFT JOIN users ON users.id = user_id"

static int read_invite(struct query *query, struct invites_row *ret_row)
{
	struct store_invite *invite = &ret_row->invite;

	invite->id = query_number(query, 0);
	invite->kind = query_choice(query, 1, STORE_INVITE_GATEWAY);
	invite->state = query_choice(query, 2, STORE_INVITE_REVOKED);
	query_text(query, 3, invite->subject, sizeof invite->subject);
	query_bytes(query, 4, invite->public_key, STORE_KEY_SIZE);
	query_bytes(query, 5, invite->preshared_key, STORE_KEY_SIZE);
	invite->needs_approval = query_choice(query, 6, 1) != 0;
	allocate_addresses(query, 7, &invite->ipv4, &invite->ipv6);
	invite->created_ns = query_number(query, 8);
	invite->expires_ns = query_number(query, 9);
	invite->ended_ns = query_number(query, 10);
	ret_row->user_id = query_number(query, 11);
	invite->knock = query_number(query, 12);
	return query->error;
}

int invites_get(struct store *store, const uint8_t one_time_key[static STORE_KEY_SIZE],
	struct invites_row *ret_row)
{
	AUTO_QUERY struct query query = query_of(store, SELECT_INVITES " WHERE public_key = ?1");

	query_bind_bytes(&query, 1, one_time_key, STORE_KEY_SIZE);
	int err = query_one(&query);
	return err < 0 ? err : read_invite(&query, ret_row);
}

int store_invite_get(struct store *store, const uint8_t one_time_key[static STORE_KEY_SIZE],
	struct store_invite *ret_invite)
{
	struct invites_row row = {0};
	int err = invites_get(store, one_time_key, &row);

	if (err == 0)
		*ret_invite = row.invite;
	bytes_wipe(&row, sizeof row);
	return err;
}

/* Whom it is for: the user's id, or 0 for a gateway whose name is free. */
static int find_subject(
	struct store *store, const struct store_invite_request *request, uint64_t *ret_user_id)
{
	uint64_t gateway_id;

	if (request->kind == STORE_INVITE_DEVICE)
		return lookup_user(store, request->subject, ret_user_id);
	int err = word_check_label(request->subject);
	if (err == 0)
		err = lookup_gateway(store, request->subject, &gateway_id);
	if (err == 0)
		return ERR_EXISTS;
	*ret_user_id = 0;
	return err == ERR_NOT_FOUND ? 0 : err;
}

/* What an invite gets besides what was asked for. */
struct given {
	uint64_t user_id;
	uint32_t number;
	uint64_t knock;
};

static int insert(struct store *store, const struct store_invite_request *request,
	const struct given *given, uint64_t now_ns)
{
	AUTO_QUERY struct query query = query_of(store,
		"INSERT INTO invites (kind, state, user_id, gateway, public_key, preshared_key,"
		" needs_approval, number, created_ns, expires_ns, knock)"
		" VALUES (?1, 0, nullif(?2, 0), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");

	query_bind_number(&query, 1, request->kind);
	query_bind_number(&query, 2, given->user_id);
	query_bind_text(&query, 3, given->user_id ? NULL : request->subject);
	query_bind_bytes(&query, 4, request->public_key, STORE_KEY_SIZE);
	query_bind_bytes(&query, 5, request->preshared_key, STORE_KEY_SIZE);
	query_bind_number(&query, 6, request->needs_approval);
	query_bind_number(&query, 7, given->number);
	query_bind_number(&query, 8, now_ns);
	query_bind_number(&query, 9, request->expires_ns);
	query_bind_number(&query, 10, given->knock);
	return query_run(&query);
}

static json_t *details(const struct store_invite *invite)
{
	return json_pack("{s:I, s:s, s:o, s:o, s:o, s:I, s:b}", "invite", (json_int_t)invite->id,
		"kind", invite->kind == STORE_INVITE_DEVICE ? "device" : "gateway", "one_time_key",
		act_key(invite->public_key), "ipv4", act_address(&invite->ipv4), "ipv6",
		act_address(&invite->ipv6), "expires_ns", (json_int_t)invite->expires_ns,
		"needs_approval", invite->needs_approval);
}

int store_invite_create(struct store *store, const struct store_actor *by,
	const struct store_invite_request *request, struct store_invite *ret_invite)
{
	AUTO_ACT struct act act = {0};
	struct store_invite invite = {0};
	struct given given = {0};

	if (request->expires_ns <= by->now_ns)
		return ERR_RANGE;
	if (request->kind == STORE_INVITE_GATEWAY && request->needs_approval)
		return ERR_WRONG_STATE;
	int err = act_begin(&act, store, by);
	if (err == 0)
		err = find_subject(store, request, &given.user_id);
	if (err == 0)
		err = lookup_free_key(store, request->public_key);
	if (err == 0)
		err = allocate_take(store, OVERLAY_JOINING, by->now_ns, &given.number);
	if (err == 0)
		err = knocks_of_token(store, by->now_ns, &given.knock);
	if (err == 0)
		err = insert(store, request, &given, by->now_ns);
	if (err == 0)
		err = store_invite_get(store, request->public_key, &invite);
	if (err == 0)
		err = act_commit(&act, "invite.create", request->subject, details(&invite));
	if (err == 0)
		*ret_invite = invite;
	return err;
}

/* The invite of that id. ERR_NOT_FOUND. */
static int get_by_id(struct store *store, uint64_t id, struct invites_row *ret_row)
{
	AUTO_QUERY struct query query = query_of(store, SELECT_INVITES " WHERE invites.id = ?1");

	query_bind_number(&query, 1, id);
	int err = query_one(&query);
	return err < 0 ? err : read_invite(&query, ret_row);
}

int store_invite_revoke(struct store *store, const struct store_actor *by, uint64_t id)
{
	AUTO_ACT struct act act = {0};
	struct invites_row row = {0};
	int err = act_begin(&act, store, by);

	if (err == 0)
		err = get_by_id(store, id, &row);
	if (err < 0)
		return err;
	if (row.invite.state != STORE_INVITE_OPEN)
		return ERR_WRONG_STATE;
	err = revoke_invite(store, id, STORE_INVITE_REVOKED, by->now_ns);
	if (err < 0)
		return err;
	return act_commit(&act, "invite.revoke", row.invite.subject,
		json_pack("{s:I}", "invite", (json_int_t)id));
}

/* The open invite that expires first, if it has by now. ERR_NOT_FOUND. */
static int find_expired(struct store *store, uint64_t now_ns, struct invites_row *ret_row)
{
	AUTO_QUERY struct query query = query_of(store,
		SELECT_INVITES " WHERE state = 0 AND expires_ns <= ?1 ORDER BY expires_ns LIMIT 1");

	query_bind_number(&query, 1, now_ns);
	int err = query_one(&query);
	return err < 0 ? err : read_invite(&query, ret_row);
}

/* Ends one that has expired. ERR_NOT_FOUND. */
static int expire_one(struct store *store, const struct store_actor *by)
{
	AUTO_ACT struct act act = {0};
	struct invites_row row = {0};
	int err = act_begin(&act, store, by);

	if (err == 0)
		err = find_expired(store, by->now_ns, &row);
	if (err == 0)
		err = revoke_invite(store, row.invite.id, STORE_INVITE_EXPIRED, by->now_ns);
	if (err < 0)
		return err;
	return act_commit(&act, "invite.expire", row.invite.subject,
		json_pack("{s:I}", "invite", (json_int_t)row.invite.id));
}

int store_invite_expire(struct store *store, const struct store_actor *by, uint64_t *ret_count)
{
	uint64_t count = 0, next_ns = 0;
	int err;

	/* looks first, so that nothing to do takes no lock */
	while ((err = store_invite_next_expiry(store, &next_ns)) == 0 && next_ns <= by->now_ns) {
		err = expire_one(store, by);
		if (err == ERR_NOT_FOUND)
			continue;
		if (err < 0)
			return err;
		count++;
	}
	if (err == 0)
		*ret_count = count;
	return err;
}

int store_invite_next_expiry(struct store *store, uint64_t *ret_ns)
{
	AUTO_QUERY struct query query =
		query_of(store, "SELECT min(expires_ns) FROM invites WHERE state = 0");
	int err = query_one(&query);

	if (err < 0)
		return err;
	uint64_t next_ns = query_number(&query, 0); /* 0: none is open */
	*ret_ns = next_ns ? next_ns : UINT64_MAX;
	return query.error;
}

int store_invite_each(struct store *store, enum store_invite_scope scope, store_invite_visit *visit,
	void *context)
{
	AUTO_QUERY struct query query =
		query_of(store, SELECT_INVITES " WHERE (?1 OR state = 0) ORDER BY invites.id");
	struct invites_row row = {0};
	int more;

	query_bind_number(&query, 1, scope == STORE_INVITES_ALL);
	while ((more = query_next(&query)) > 0) {
		int stop = read_invite(&query, &row);
		if (stop == 0)
			stop = visit(context, &row.invite);
		if (stop != 0)
			return stop;
	}
	return more;
}
