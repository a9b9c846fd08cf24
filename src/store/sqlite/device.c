/* SPDX-License-Identifier: ISC */
#include "store/device.h"

#include "base/bytes.h"
#include "base/error.h"
#include "store/sqlite/allocate.h"
#include "store/sqlite/devices.h"
#include "store/sqlite/lookup.h"
#include "store/word.h"

#define SELECT_DEVICES                                                                             \
	"SELECT devices.id, public_key, preshared_key, users.name, devices.name, state, number,"   \
	" enrolled_ns, coalesce(revoked_ns, 0), coalesce(invite_id, 0), knock_told, knock_has"     \
	" FROM devices JOIN users ON users.id = user_id"

static int read_device(struct query *query, struct store_device *ret_device)
{
	ret_device->id = query_number(query, 0);
	query_bytes(query, 1, ret_device->public_key, STORE_KEY_SIZE);
	query_bytes(query, 2, ret_device->preshared_key, STORE_KEY_SIZE);
	query_text(query, 3, ret_device->user, sizeof ret_device->user);
	query_text(query, 4, ret_device->name, sizeof ret_device->name);
	ret_device->state = query_choice(query, 5, STORE_DEVICE_REVOKED);
	allocate_addresses(query, 6, &ret_device->ipv4, &ret_device->ipv6);
	ret_device->enrolled_ns = query_number(query, 7);
	ret_device->revoked_ns = query_number(query, 8);
	ret_device->invite_id = query_number(query, 9);
	ret_device->knock_told = query_number(query, 10);
	ret_device->knock_has = query_number(query, 11);
	return query->error;
}

/* The one row that the query, its parameters bound, finds. */
static int get_one(struct query *query, struct store_device *ret_device)
{
	struct store_device device = {0};
	int err = query_one(query);

	if (err == 0)
		err = read_device(query, &device);
	if (err == 0)
		*ret_device = device;
	bytes_wipe(&device, sizeof device);
	return err;
}

int store_device_get(struct store *store, const uint8_t public_key[static STORE_KEY_SIZE],
	struct store_device *ret_device)
{
	AUTO_QUERY struct query query = query_of(store, SELECT_DEVICES " WHERE public_key = ?1");

	query_bind_bytes(&query, 1, public_key, STORE_KEY_SIZE);
	return get_one(&query, ret_device);
}

int store_device_find(
	struct store *store, const char *user, const char *name, struct store_device *ret_device)
{
	AUTO_QUERY struct query query = query_of(store,
		SELECT_DEVICES " WHERE users.name = ?1 AND devices.name = ?2 AND state <> 3");

	query_bind_text(&query, 1, user);
	query_bind_text(&query, 2, name);
	return get_one(&query, ret_device);
}

int devices_of_invite(struct store *store, uint64_t invite_id, struct store_device *ret_device)
{
	AUTO_QUERY struct query query = query_of(store, SELECT_DEVICES " WHERE invite_id = ?1");

	query_bind_number(&query, 1, invite_id);
	return get_one(&query, ret_device);
}

static int insert(struct store *store, const struct devices_owner *owner,
	const struct store_enrolment *enrolment, uint32_t number, uint64_t now_ns)
{
	AUTO_QUERY struct query query = query_of(store,
		"INSERT INTO devices (user_id, name, public_key, preshared_key, state, number,"
		" enrolled_ns, invite_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, 0))");

	query_bind_number(&query, 1, owner->user_id);
	query_bind_text(&query, 2, enrolment->name);
	query_bind_bytes(&query, 3, enrolment->public_key, STORE_KEY_SIZE);
	query_bind_bytes(&query, 4, enrolment->preshared_key, STORE_KEY_SIZE);
	query_bind_number(&query, 5, owner->state);
	query_bind_number(&query, 6, number);
	query_bind_number(&query, 7, now_ns);
	query_bind_number(&query, 8, owner->invite_id);
	return query_run(&query);
}

int devices_insert(struct store *store, const struct devices_owner *owner,
	const struct store_enrolment *enrolment, uint64_t now_ns, struct store_device *ret_device)
{
	uint32_t number = 0;
	int err = word_check_name(enrolment->name);

	if (err == 0)
		err = lookup_free_key(store, enrolment->public_key);
	if (err == 0)
		err = allocate_take(store, OVERLAY_DEVICES, now_ns, &number);
	if (err == 0)
		err = insert(store, owner, enrolment, number, now_ns);
	return err < 0 ? err : store_device_get(store, enrolment->public_key, ret_device);
}

json_t *devices_details(const struct store_device *device)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:I, s:b}", "device", (json_int_t)device->id,
		"public_key", act_key(device->public_key), "ipv4", act_address(&device->ipv4),
		"ipv6", act_address(&device->ipv6), "invite", (json_int_t)device->invite_id,
		"pending", device->state == STORE_DEVICE_PENDING);
}

int store_device_add(struct store *store, const struct store_actor *by, const char *user,
	const struct store_enrolment *enrolment, struct store_device *ret_device)
{
	AUTO_ACT struct act act = {0};
	struct devices_owner owner = {.state = STORE_DEVICE_ACTIVE};
	struct store_device device = {0};
	char object[ACT_OBJECT_SIZE];
	int err = act_begin(&act, store, by);

	if (err == 0)
		err = lookup_user(store, user, &owner.user_id);
	if (err == 0)
		err = devices_insert(store, &owner, enrolment, by->now_ns, &device);
	if (err == 0)
		err = act_commit(&act, "device.add", act_object(user, enrolment->name, object),
			devices_details(&device));
	if (err == 0)
		*ret_device = device;
	return err;
}

int store_device_each(struct store *store, const char *user, enum store_device_scope scope,
	store_device_visit *visit, void *context)
{
	AUTO_QUERY struct query query =
		query_of(store, SELECT_DEVICES " WHERE (?1 IS NULL OR users.name = ?1) AND (?2 OR "
					       "state <> 3) ORDER BY devices.id");
	struct store_device device = {0};
	int more;

	query_bind_text(&query, 1, user); /* NULL is SQL's NULL */
	query_bind_number(&query, 2, scope == STORE_DEVICES_ALL);
	while ((more = query_next(&query)) > 0) {
		int stop = read_device(&query, &device);
		if (stop == 0)
			stop = visit(context, &device);
		if (stop != 0)
			return stop;
	}
	return more;
}
