/* SPDX-License-Identifier: ISC */
#include "store/sqlite/act.h"

#include "base/error.h"
#include "base/number.h"
#include "store/chain.h"
#include "store/word.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const ways[] = {
	[STORE_WAY_SYSTEM] = "system",
	[STORE_WAY_LOCAL] = "local",
	[STORE_WAY_TUNNEL] = "tunnel",
};

static void free_text(char **text)
{
	free(*text);
}

int act_begin(struct act *act, struct store *store, const struct store_actor *by)
{
	int err = word_check_actor(by->name);

	if (err < 0)
		return err;
	if (store->mode == STORE_READ_ONLY)
		return ERR_READ_ONLY;
	if (by->now_ns > INT64_MAX || (size_t)by->way >= ARRAY_LENGTH(ways))
		return ERR_RANGE;
	err = query_execute(store, "BEGIN IMMEDIATE");
	if (err < 0)
		return err;
	*act = (struct act){.store = store, .by = by};
	return 0;
}

void act_cancel(struct act *act)
{
	/* after some failures SQLite has taken it back already; failing leaves it undone too */
	if (act->store && !sqlite3_get_autocommit(act->store->handle))
		(void)sqlite3_exec(act->store->handle, "ROLLBACK", NULL, NULL, NULL);
	act->store = NULL;
}

/* The next number, and the hash to follow. A log that was cut or has extra entries still grows. */
static int read_head(struct store *store, struct store_audit_entry *ret_entry)
{
	AUTO_QUERY struct query query = query_of(store,
		"SELECT 1 + max(coalesce((SELECT max(sequence) FROM audit), 0),"
		" coalesce((SELECT sequence FROM audit_head), 0)), (SELECT hash FROM audit_head)");
	int err = query_one(&query);

	if (err < 0)
		return err;
	ret_entry->sequence = query_number(&query, 0);
	query_bytes(&query, 1, ret_entry->previous, sizeof ret_entry->previous);
	return query.error;
}

static int insert_entry(struct store *store, const struct store_audit_entry *entry)
{
	AUTO_QUERY struct query query = query_of(store,
		"INSERT INTO audit"
		" (sequence, at_ns, actor, way, act, object, details, previous, hash)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");

	query_bind_number(&query, 1, entry->sequence);
	query_bind_number(&query, 2, entry->at_ns);
	query_bind_text(&query, 3, entry->actor);
	query_bind_text(&query, 4, entry->way);
	query_bind_text(&query, 5, entry->act);
	query_bind_text(&query, 6, entry->object);
	query_bind_text(&query, 7, entry->details);
	query_bind_bytes(&query, 8, entry->previous, sizeof entry->previous);
	query_bind_bytes(&query, 9, entry->hash, sizeof entry->hash);
	return query_run(&query);
}

static int move_head(struct store *store, const struct store_audit_entry *entry)
{
	AUTO_QUERY struct query query = query_of(store,
		"INSERT INTO audit_head (one, sequence, hash) VALUES (1, ?1, ?2) ON CONFLICT (one)"
		" DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash");

	query_bind_number(&query, 1, entry->sequence);
	query_bind_bytes(&query, 2, entry->hash, sizeof entry->hash);
	return query_run(&query);
}

/* Appends the act's entry to the log. */
static int append(const struct act *act, const char *verb, const char *object, const char *details)
{
	struct store_audit_entry entry = {
		.at_ns = act->by->now_ns,
		.actor = act->by->name,
		.way = ways[act->by->way],
		.act = verb,
		.object = object,
		.details = details,
	};
	int err = read_head(act->store, &entry);

	if (err < 0)
		return err;
	err = chain_hash(&entry, entry.hash);
	if (err < 0)
		return err;
	err = insert_entry(act->store, &entry);
	return err < 0 ? err : move_head(act->store, &entry);
}

int act_commit(struct act *act, const char *verb, const char *object, json_t *details)
{
	if (!details)
		return ERR_SYNTAX;
	__attribute__((cleanup(free_text))) char *text =
		json_dumps(details, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	json_decref(details);
	if (!text)
		return -ENOMEM;
	int err = append(act, verb, object, text);
	if (err < 0)
		return err;
	err = query_execute(act->store, "COMMIT");
	if (err == 0)
		act->store = NULL;
	return err;
}

json_t *act_key(const uint8_t key[static STORE_KEY_SIZE])
{
	char text[2 * STORE_KEY_SIZE + 1];

	hex_format(key, STORE_KEY_SIZE, text);
	return json_string(text);
}

json_t *act_address(const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	return json_string(address_format(address, text));
}

const char *act_object(const char *user, const char *name, char ret_object[static ACT_OBJECT_SIZE])
{
	(void)snprintf(ret_object, ACT_OBJECT_SIZE, "%s/%s", user, name); /* both are checked */
	return ret_object;
}
