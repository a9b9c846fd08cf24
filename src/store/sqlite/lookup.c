/* SPDX-License-Identifier: ISC */
#include "store/sqlite/lookup.h"

#include "base/bytes.h"
#include "base/error.h"

static int find_id(struct store *store, const char *sql, const char *name, uint64_t *ret_id)
{
	AUTO_QUERY struct query query = query_of(store, sql);

	query_bind_text(&query, 1, name);
	int err = query_one(&query);
	if (err < 0)
		return err;
	*ret_id = query_number(&query, 0);
	return query.error;
}

int lookup_user(struct store *store, const char *name, uint64_t *ret_id)
{
	return find_id(
		store, "SELECT id FROM users WHERE name = ?1 AND removed_ns IS NULL", name, ret_id);
}

int lookup_group(struct store *store, const char *name, uint64_t *ret_id)
{
	return find_id(store, "SELECT id FROM groups WHERE name = ?1", name, ret_id);
}

int lookup_gateway(struct store *store, const char *name, uint64_t *ret_id)
{
	return find_id(store, "SELECT id FROM gateways WHERE name = ?1", name, ret_id);
}

int lookup_free_key(struct store *store, const uint8_t public_key[static STORE_KEY_SIZE])
{
	AUTO_QUERY struct query query =
		query_of(store, "SELECT 1 FROM devices WHERE public_key = ?1"
				" UNION ALL SELECT 1 FROM gateways WHERE public_key = ?1"
				" UNION ALL SELECT 1 FROM invites WHERE public_key = ?1");

	if (bytes_are_zero(public_key, STORE_KEY_SIZE))
		return ERR_WEAK_KEY;
	query_bind_bytes(&query, 1, public_key, STORE_KEY_SIZE);
	int found = query_next(&query);
	return found > 0 ? ERR_EXISTS : found;
}
