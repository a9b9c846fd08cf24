/* SPDX-License-Identifier: ISC */
#include "store/gateway.h"

#include "base/bytes.h"
#include "base/error.h"
#include "store/sqlite/allocate.h"
#include "store/sqlite/gateways.h"
#include "store/sqlite/knocks.h"
#include "store/sqlite/lookup.h"
#include "store/word.h"

#define SELECT_GATEWAYS                                                                            \
	"SELECT id, name, public_key, endpoint, number, added_ns, coalesce(invite_id, 0),"         \
	" coalesce(preshared_key, zeroblob(32)), knock_told, knock_has FROM gateways"

static int read_gateway(struct query *query, struct store_gateway *ret_gateway)
{
	ret_gateway->id = query_number(query, 0);
	query_text(query, 1, ret_gateway->name, sizeof ret_gateway->name);
	query_bytes(query, 2, ret_gateway->public_key, STORE_KEY_SIZE);
	query_text(query, 3, ret_gateway->endpoint, sizeof ret_gateway->endpoint);
	allocate_addresses(query, 4, &ret_gateway->ipv4, &ret_gateway->ipv6);
	ret_gateway->added_ns = query_number(query, 5);
	ret_gateway->invite_id = query_number(query, 6);
	query_bytes(query, 7, ret_gateway->preshared_key, STORE_KEY_SIZE);
	ret_gateway->knock_told = query_number(query, 8);
	ret_gateway->knock_has = query_number(query, 9);
	return query->error;
}

/* The one row that the query, its parameters bound, finds. */
static int get_one(struct query *query, struct store_gateway *ret_gateway)
{
	struct store_gateway gateway = {0};
	int err = query_one(query);

	if (err == 0)
		err = read_gateway(query, &gateway);
	if (err == 0)
		*ret_gateway = gateway;
	bytes_wipe(&gateway, sizeof gateway);
	return err;
}

int store_gateway_get(struct store *store, const char *name, struct store_gateway *ret_gateway)
{
	AUTO_QUERY struct query query = query_of(store, SELECT_GATEWAYS " WHERE name = ?1");

	query_bind_text(&query, 1, name);
	return get_one(&query, ret_gateway);
}

int gateways_of_invite(struct store *store, uint64_t invite_id, struct store_gateway *ret_gateway)
{
	AUTO_QUERY struct query query = query_of(store, SELECT_GATEWAYS " WHERE invite_id = ?1");

	query_bind_number(&query, 1, invite_id);
	return get_one(&query, ret_gateway);
}

static int insert(
	struct store *store, const struct gateways_new *fresh, uint32_t number, uint64_t now_ns)
{
	AUTO_QUERY struct query query = query_of(store,
		"INSERT INTO gateways (name, public_key, endpoint, number, added_ns, invite_id,"
		" preshared_key) VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7)");

	query_bind_text(&query, 1, fresh->name);
	query_bind_bytes(&query, 2, fresh->public_key, STORE_KEY_SIZE);
	query_bind_text(&query, 3, fresh->endpoint);
	query_bind_number(&query, 4, number);
	query_bind_number(&query, 5, now_ns);
	query_bind_number(&query, 6, fresh->invite_id);
	if (fresh->preshared_key) /* NULL otherwise */
		query_bind_bytes(&query, 7, fresh->preshared_key, STORE_KEY_SIZE);
	return query_run(&query);
}

int gateways_insert(struct store *store, const struct gateways_new *fresh, uint64_t now_ns,
	struct store_gateway *ret_gateway)
{
	uint32_t number = 0;
	int err = lookup_free_key(store, fresh->public_key);

	if (err == 0)
		err = allocate_take(store, OVERLAY_GATEWAYS, now_ns, &number);
	if (err == 0)
		err = insert(store, fresh, number, now_ns);
	return err < 0 ? err : store_gateway_get(store, fresh->name, ret_gateway);
}

json_t *gateways_details(const struct store_gateway *gateway)
{
	return json_pack("{s:I, s:o, s:s, s:o, s:o, s:I}", "gateway", (json_int_t)gateway->id,
		"public_key", act_key(gateway->public_key), "endpoint", gateway->endpoint, "ipv4",
		act_address(&gateway->ipv4), "ipv6", act_address(&gateway->ipv6), "invite",
		(json_int_t)gateway->invite_id);
}

int store_gateway_add(struct store *store, const struct store_actor *by, const char *name,
	const uint8_t public_key[static STORE_KEY_SIZE], const char *endpoint,
	struct store_gateway *ret_gateway)
{
	AUTO_ACT struct act act = {0};
	struct store_gateway gateway = {0};
	int err = word_check_label(name);

	if (err == 0)
		err = word_check_host(endpoint);
	if (err == 0)
		err = act_begin(&act, store, by);
	if (err == 0)
		err = gateways_insert(store,
			&(struct gateways_new){name, public_key, NULL, endpoint, 0}, by->now_ns,
			&gateway);
	if (err == 0)
		err = act_commit(&act, "gateway.add", name, gateways_details(&gateway));
	if (err == 0)
		*ret_gateway = gateway;
	return err;
}

int store_gateway_set_endpoint(
	struct store *store, const struct store_actor *by, const char *name, const char *endpoint)
{
	AUTO_ACT struct act act = {0};
	AUTO_QUERY struct query query =
		query_of(store, "UPDATE gateways SET endpoint = ?1 WHERE name = ?2");
	int err = word_check_host(endpoint);

	query_bind_text(&query, 1, endpoint);
	query_bind_text(&query, 2, name);
	if (err == 0)
		err = act_begin(&act, store, by);
	if (err == 0)
		err = query_run(&query);
	if (err < 0)
		return err;
	if (query_changes(store) == 0)
		return ERR_NOT_FOUND;
	return act_commit(&act, "gateway.endpoint", name, json_pack("{s:s}", "endpoint", endpoint));
}

/* Foreign keys of services refuse it. */
static int delete_gateway(struct store *store, uint64_t id)
{
	AUTO_QUERY struct query query = query_of(store, "DELETE FROM gateways WHERE id = ?1");

	query_bind_number(&query, 1, id);
	return query_run(&query);
}

static int number_of(struct store *store, uint64_t id, uint64_t *ret_number)
{
	AUTO_QUERY struct query query =
		query_of(store, "SELECT number FROM gateways WHERE id = ?1");

	query_bind_number(&query, 1, id);
	int err = query_one(&query);
	if (err < 0)
		return err;
	*ret_number = query_number(&query, 0);
	return query.error;
}

int store_gateway_remove(struct store *store, const struct store_actor *by, const char *name)
{
	AUTO_ACT struct act act = {0};
	struct store_gateway gateway = {0};
	uint64_t number = 0;
	int err = act_begin(&act, store, by);

	if (err == 0)
		err = store_gateway_get(store, name, &gateway);
	if (err == 0)
		err = number_of(store, gateway.id, &number);
	if (err == 0)
		err = knocks_without_gateway(store, gateway.id, by->now_ns);
	if (err == 0)
		err = delete_gateway(store, gateway.id);
	if (err == 0)
		err = allocate_release(store, number, by->now_ns);
	if (err < 0)
		return err;
	return act_commit(&act, "gateway.remove", name, gateways_details(&gateway));
}

int store_gateway_each(struct store *store, store_gateway_visit *visit, void *context)
{
	AUTO_QUERY struct query query = query_of(store, SELECT_GATEWAYS " ORDER BY name");
	struct store_gateway gateway = {0};
	int more;

	while ((more = query_next(&query)) > 0) {
		int stop = read_gateway(&query, &gateway);
		if (stop == 0)
			stop = visit(context, &gateway);
		if (stop != 0)
			return stop;
	}
	return more;
}
