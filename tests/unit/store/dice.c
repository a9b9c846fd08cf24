/* SPDX-License-Identifier: ISC */
#include "dice.h"

#include "base/error.h"
#include "base/number.h"
#include "model.h"

#include <stdio.h>
#include <string.h>

enum {
	NAMES = 8,
	KEYS = 60,
	LIFETIMES_S = 200,
};

/* What an act is drawn from, and where it goes. */
struct throw
{
	struct dice *dice;
	struct store *store;
	struct model *model;
	struct store_actor by;
	char user[16], group[16], name[16];
	uint8_t key[STORE_KEY_SIZE], one_time_key[STORE_KEY_SIZE];
	char key_text[MODEL_KEY_SIZE], one_time_text[MODEL_KEY_SIZE];
	int expected; /* the model's result */
};

uint64_t dice_roll(struct dice *dice, uint64_t sides)
{
	uint64_t z = dice->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % sides;
}

static int user_add(struct throw *t)
{
	const char *const groups[] = {t->group, t->name};
	size_t n = dice_roll(t->dice, 3);

	t->expected = t->model ? model_user_add(t->model, t->user, groups, n) : 0;
	return store_user_add(t->store, &t->by, t->user, groups, n);
}

static int user_remove(struct throw *t)
{
	if (dice_roll(t->dice, 3) > 0)
		return 0; /* they shall live a while */
	t->expected = t->model ? model_user_remove(t->model, t->user) : 0;
	return store_user_remove(t->store, &t->by, t->user);
}

static int group_add(struct throw *t)
{
	t->expected = t->model ? model_group_add(t->model, t->group) : 0;
	return store_group_add(t->store, &t->by, t->group);
}

static int group_remove(struct throw *t)
{
	t->expected = t->model ? model_group_remove(t->model, t->group) : 0;
	return store_group_remove(t->store, &t->by, t->group);
}

static int group_join(struct throw *t)
{
	t->expected = t->model ? model_group_join(t->model, t->group, t->user) : 0;
	return store_group_add_member(t->store, &t->by, t->group, t->user);
}

static int group_leave(struct throw *t)
{
	t->expected = t->model ? model_group_leave(t->model, t->group, t->user) : 0;
	return store_group_remove_member(t->store, &t->by, t->group, t->user);
}

static int service_add(struct throw *t)
{
	const struct store_service_target target = {t->name, STORE_TCP, "127.0.0.1", 80, 0, "gw"};
	struct store_service service;

	t->expected = t->model ? model_service_add(t->model, t->name, "127.0.0.1") : 0;
	return store_service_add(t->store, &t->by, &target, &service);
}

static int service_remove(struct throw *t)
{
	t->expected = t->model ? model_service_remove(t->model, t->name) : 0;
	return store_service_remove(t->store, &t->by, t->name);
}

static int device_add(struct throw *t)
{
	const struct store_enrolment enrolment = {.name = t->name, .public_key = t->key};
	struct store_device device = {0};
	int result = store_device_add(t->store, &t->by, t->user, &enrolment, &device);

	t->expected =
		t->model ? model_device_add(t->model, t->user, t->name, t->key_text, device.id) : 0;
	return result;
}

static int device_go(struct throw *t)
{
	static const struct {
		const char *verb;
		int (*act)(struct store *store, const struct store_actor *by, uint64_t id);
	} ways[] = {
		{"device.approve", store_device_approve},
		{"device.quarantine", store_device_quarantine},
		{"device.release", store_device_release},
		{"device.revoke", store_device_revoke},
	};
	uint64_t way = dice_roll(t->dice, ARRAY_LENGTH(ways));
	uint64_t id = 1 + dice_roll(t->dice, 40);

	t->expected = t->model ? model_device_go(t->model, id, ways[way].verb) : 0;
	return ways[way].act(t->store, &t->by, id);
}

static int invite_create(struct throw *t)
{
	struct store_invite invite = {0};
	const struct store_invite_request request = {
		.kind = STORE_INVITE_DEVICE,
		.subject = t->user,
		.public_key = t->one_time_key,
		.preshared_key = t->key,
		.expires_ns = t->by.now_ns + (1 + dice_roll(t->dice, LIFETIMES_S)) * LAB_SECOND,
	};
	int result = store_invite_create(t->store, &t->by, &request, &invite);

	t->expected = t->model ? model_invite_create(t->model, t->user, t->one_time_text, invite.id,
					 request.expires_ns)
			       : 0;
	return result;
}

static int invite_redeem(struct throw *t)
{
	const struct store_enrolment enrolment = {.name = t->name, .public_key = t->key};
	struct store_device device = {0};
	struct model_row row = {0};
	int result = store_invite_redeem(t->store, &t->by, t->one_time_key, &enrolment, &device);

	(void)snprintf(row.b, sizeof row.b, "%s", t->name);
	(void)snprintf(row.key, sizeof row.key, "%s", t->key_text);
	row.id = device.id;
	t->expected =
		t->model ? model_invite_redeem(t->model, t->one_time_text, &row, t->by.now_ns) : 0;
	return result;
}

static int invite_revoke(struct throw *t)
{
	uint64_t id = 1 + dice_roll(t->dice, 40);

	t->expected = t->model ? model_invite_end(t->model, id, STORE_INVITE_REVOKED) : 0;
	return store_invite_revoke(t->store, &t->by, id);
}

static int invite_expire(struct throw *t)
{
	uint64_t count, expected = 0;
	int result = store_invite_expire(t->store, &t->by, &count);

	for (size_t i = 0; t->model && i < t->model->counts[MODEL_INVITE]; i++) {
		struct model_row *row = &t->model->rows[MODEL_INVITE][i];
		if (row->state != STORE_INVITE_OPEN || row->expires_ns > t->by.now_ns)
			continue;
		row->state = STORE_INVITE_EXPIRED;
		expected++;
	}
	if (t->model && result == 0 && count != expected)
		t->expected = 1;
	return result;
}

static int setting_set(struct throw *t)
{
	return store_setting_set(t->store, &t->by, "some.setting", t->name);
}

static int policy_apply(struct throw *t)
{
	const struct store_policy_change change = {.text = t->name, .size = strlen(t->name)};
	uint64_t version;

	return store_policy_apply(t->store, &t->by, &change, &version);
}

static int (*const acts[])(struct throw *t) = {
	user_add,
	user_add,
	user_remove,
	group_add,
	group_remove,
	group_join,
	group_leave,
	service_add,
	service_remove,
	device_add,
	device_add,
	device_go,
	device_go,
	invite_create,
	invite_create,
	invite_redeem,
	invite_redeem,
	invite_redeem,
	invite_revoke,
	invite_expire,
	setting_set,
	policy_apply,
};

bool dice_act(struct dice *dice, struct store *store, struct model *model, uint64_t now_ns)
{
	struct throw t = {.dice = dice,
		.store = store,
		.model = model,
		.by = {"dice", STORE_WAY_SYSTEM, now_ns}};

	(void)snprintf(t.user, sizeof t.user, "user-%u", (unsigned)dice_roll(dice, NAMES));
	(void)snprintf(t.group, sizeof t.group, "group-%u", (unsigned)dice_roll(dice, NAMES));
	(void)snprintf(t.name, sizeof t.name, "name-%u", (unsigned)dice_roll(dice, NAMES));
	lab_key('d', dice_roll(dice, KEYS), t.key);
	lab_key('i', dice_roll(dice, KEYS), t.one_time_key);
	hex_format(t.key, STORE_KEY_SIZE, t.key_text);
	hex_format(t.one_time_key, STORE_KEY_SIZE, t.one_time_text);
	uint64_t act = dice_roll(dice, ARRAY_LENGTH(acts));
	int result = acts[act](&t);
	if (model && result != t.expected)
		printf("# act %u at %llu: got %d, want %d\n", (unsigned)act,
			(unsigned long long)now_ns, result, t.expected);
	return !model || result == t.expected;
}
