/* SPDX-License-Identifier: ISC */
/* The ways of a device from state to state: each a row, each an act. */
#include "store/device.h"

#include "base/error.h"
#include "store/sqlite/act.h"
#include "store/sqlite/revoke.h"

#include <stdbool.h>

struct transition {
	const char *verb;
	unsigned from; /* set of states */
	enum store_device_state to;
};

#define IN(state) (1U << (state))

static const struct transition approve = {
	"device.approve", IN(STORE_DEVICE_PENDING), STORE_DEVICE_ACTIVE};
static const struct transition quarantine = {
	"device.quarantine", IN(STORE_DEVICE_ACTIVE), STORE_DEVICE_QUARANTINED};
static const struct transition release = {
	"device.release", IN(STORE_DEVICE_QUARANTINED), STORE_DEVICE_ACTIVE};
static const struct transition revoke = {"device.revoke",
	IN(STORE_DEVICE_PENDING) | IN(STORE_DEVICE_ACTIVE) | IN(STORE_DEVICE_QUARANTINED),
	STORE_DEVICE_REVOKED};

/* What an act needs to know of the device that it is about. */
struct subject {
	uint64_t id;
	uint8_t public_key[STORE_KEY_SIZE];
	enum store_device_state state;
	char object[ACT_OBJECT_SIZE];
};

static int find(struct store *store, uint64_t id, struct subject *ret_subject)
{
	AUTO_QUERY struct query query = query_of(store,
		"SELECT devices.id, public_key, state, users.name || '/' || devices.name"
		" FROM devices JOIN users ON users.id = user_id WHERE devices.id = ?1");

	query_bind_number(&query, 1, id);
	int err = query_one(&query);
	if (err < 0)
		return err;
	ret_subject->id = query_number(&query, 0);
	query_bytes(&query, 1, ret_subject->public_key, STORE_KEY_SIZE);
	ret_subject->state = query_choice(&query, 2, STORE_DEVICE_REVOKED);
	query_text(&query, 3, ret_subject->object, sizeof ret_subject->object);
	return query.error;
}

static int set_state(struct store *store, uint64_t id, enum store_device_state state)
{
	AUTO_QUERY struct query query =
		query_of(store, "UPDATE devices SET state = ?1 WHERE id = ?2");

	query_bind_number(&query, 1, state);
	query_bind_number(&query, 2, id);
	return query_run(&query);
}

static int go(struct store *store, const struct store_actor *by, uint64_t id,
	const struct transition *transition)
{
	AUTO_ACT struct act act = {0};
	struct subject subject = {0};
	int err = act_begin(&act, store, by);

	if (err == 0)
		err = find(store, id, &subject);
	if (err < 0)
		return err;
	if (!(transition->from & IN(subject.state)))
		return ERR_WRONG_STATE;
	err = transition->to == STORE_DEVICE_REVOKED ? revoke_device(store, id, by->now_ns)
						     : set_state(store, id, transition->to);
	if (err < 0)
		return err;
	return act_commit(&act, transition->verb, subject.object,
		json_pack("{s:I, s:o}", "device", (json_int_t)id, "public_key",
			act_key(subject.public_key)));
}

int store_device_approve(struct store *store, const struct store_actor *by, uint64_t id)
{
	return go(store, by, id, &approve);
}

int store_device_quarantine(struct store *store, const struct store_actor *by, uint64_t id)
{
	return go(store, by, id, &quarantine);
}

int store_device_release(struct store *store, const struct store_actor *by, uint64_t id)
{
	return go(store, by, id, &release);
}

int store_device_revoke(struct store *store, const struct store_actor *by, uint64_t id)
{
	return go(store, by, id, &revoke);
}
