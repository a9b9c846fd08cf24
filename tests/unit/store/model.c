/* SPDX-License-Identifier: ISC */
#include "model.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void model_done(struct model *model)
{
	for (int kind = 0; kind < MODEL_KINDS; kind++)
		free(model->rows[kind]);
	*model = (struct model){0};
}

/* The first row from `at` on with these names; NULL: any. A revoked device has no name. */
static struct model_row *find_from(
	struct model *model, enum model_kind kind, size_t at, const char *a, const char *b)
{
	for (; at < model->counts[kind]; at++) {
		struct model_row *row = &model->rows[kind][at];
		if (kind == MODEL_DEVICE && row->state == STORE_DEVICE_REVOKED)
			continue;
		if ((!a || strcmp(row->a, a) == 0) && (!b || strcmp(row->b, b) == 0))
			return row;
	}
	return NULL;
}

static struct model_row *find(
	struct model *model, enum model_kind kind, const char *a, const char *b)
{
	return find_from(model, kind, 0, a, b);
}

static struct model_row *find_id(struct model *model, enum model_kind kind, uint64_t id)
{
	for (size_t i = 0; i < model->counts[kind]; i++) {
		if (model->rows[kind][i].id == id)
			return &model->rows[kind][i];
	}
	return NULL;
}

static struct model_row *find_key(struct model *model, enum model_kind kind, const char *key)
{
	for (size_t i = 0; i < model->counts[kind]; i++) {
		if (strcmp(model->rows[kind][i].key, key) == 0)
			return &model->rows[kind][i];
	}
	return NULL;
}

static int append(struct model *model, enum model_kind kind, struct model_row row)
{
	size_t count = model->counts[kind];

	model->rows[kind] = memory_grow(model->rows[kind], count + 1, sizeof row);
	model->rows[kind][count] = row;
	model->counts[kind]++;
	return 0;
}

static void take_away(struct model *model, enum model_kind kind, struct model_row *row)
{
	*row = model->rows[kind][--model->counts[kind]];
}

/* Names are checked to fit; a longer one would not compare. */
static void copy_name(char ret_name[static STORE_NAME_SIZE], const char *name)
{
	(void)snprintf(ret_name, STORE_NAME_SIZE, "%s", name);
}

static void copy_key(char ret_key[static MODEL_KEY_SIZE], const char *key)
{
	(void)snprintf(ret_key, MODEL_KEY_SIZE, "%s", key);
}

static struct model_row named(const char *a, const char *b)
{
	struct model_row row = {0};

	copy_name(row.a, a);
	copy_name(row.b, b);
	return row;
}

int model_user_add(struct model *model, const char *name, const char *const groups[], size_t n)
{
	if (find(model, MODEL_USER, name, NULL))
		return ERR_EXISTS;
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(groups[i], groups[j]) == 0)
				return ERR_EXISTS;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (!find(model, MODEL_GROUP, groups[i], NULL))
			append(model, MODEL_GROUP, named(groups[i], ""));
		append(model, MODEL_MEMBER, named(groups[i], name));
	}
	return append(model, MODEL_USER, named(name, ""));
}

int model_user_remove(struct model *model, const char *name)
{
	struct model_row *row = find(model, MODEL_USER, name, NULL);

	if (!row)
		return ERR_NOT_FOUND;
	take_away(model, MODEL_USER, row);
	while ((row = find(model, MODEL_MEMBER, NULL, name)))
		take_away(model, MODEL_MEMBER, row);
	while ((row = find(model, MODEL_DEVICE, name, NULL)))
		row->state = STORE_DEVICE_REVOKED;
	for (size_t i = 0; i < model->counts[MODEL_INVITE]; i++) {
		row = &model->rows[MODEL_INVITE][i];
		if (strcmp(row->a, name) == 0 && row->state == STORE_INVITE_OPEN)
			row->state = STORE_INVITE_REVOKED;
	}
	return 0;
}

int model_group_add(struct model *model, const char *name)
{
	if (find(model, MODEL_GROUP, name, NULL))
		return ERR_EXISTS;
	return append(model, MODEL_GROUP, named(name, ""));
}

int model_group_remove(struct model *model, const char *name)
{
	struct model_row *row = find(model, MODEL_GROUP, name, NULL);

	if (!row)
		return ERR_NOT_FOUND;
	take_away(model, MODEL_GROUP, row);
	while ((row = find(model, MODEL_MEMBER, name, NULL)))
		take_away(model, MODEL_MEMBER, row);
	return 0;
}

int model_group_join(struct model *model, const char *group, const char *user)
{
	if (!find(model, MODEL_GROUP, group, NULL) || !find(model, MODEL_USER, user, NULL))
		return ERR_NOT_FOUND;
	if (find(model, MODEL_MEMBER, group, user))
		return ERR_EXISTS;
	return append(model, MODEL_MEMBER, named(group, user));
}

int model_group_leave(struct model *model, const char *group, const char *user)
{
	struct model_row *row = find(model, MODEL_MEMBER, group, user);

	if (!row)
		return ERR_NOT_FOUND;
	take_away(model, MODEL_MEMBER, row);
	return 0;
}

int model_service_add(struct model *model, const char *name, const char *host)
{
	if (find(model, MODEL_SERVICE, name, NULL))
		return ERR_EXISTS;
	return append(model, MODEL_SERVICE, named(name, host));
}

int model_service_remove(struct model *model, const char *name)
{
	struct model_row *row = find(model, MODEL_SERVICE, name, NULL);

	if (!row)
		return ERR_NOT_FOUND;
	take_away(model, MODEL_SERVICE, row);
	return 0;
}

static bool key_is_taken(struct model *model, const char *key)
{
	return find_key(model, MODEL_DEVICE, key) || find_key(model, MODEL_INVITE, key);
}

/* A device that is to be: its user is known to be there. */
static int add_device(struct model *model, const struct model_row *device)
{
	if (key_is_taken(model, device->key) || find(model, MODEL_DEVICE, device->a, device->b))
		return ERR_EXISTS;
	return append(model, MODEL_DEVICE, *device);
}

int model_device_add(
	struct model *model, const char *user, const char *name, const char *key, uint64_t id)
{
	struct model_row device = named(user, name);

	if (!find(model, MODEL_USER, user, NULL))
		return ERR_NOT_FOUND;
	copy_key(device.key, key);
	device.id = id;
	device.state = STORE_DEVICE_ACTIVE;
	return add_device(model, &device);
}

int model_device_go(struct model *model, uint64_t id, const char *verb)
{
	static const struct {
		const char *verb;
		int from, to; /* from -1: any but revoked */
	} ways[] = {
		{"device.approve", STORE_DEVICE_PENDING, STORE_DEVICE_ACTIVE},
		{"device.quarantine", STORE_DEVICE_ACTIVE, STORE_DEVICE_QUARANTINED},
		{"device.release", STORE_DEVICE_QUARANTINED, STORE_DEVICE_ACTIVE},
		{"device.revoke", -1, STORE_DEVICE_REVOKED},
	};
	struct model_row *row = find_id(model, MODEL_DEVICE, id);

	if (!row)
		return ERR_NOT_FOUND;
	for (size_t i = 0; i < ARRAY_LENGTH(ways); i++) {
		if (strcmp(ways[i].verb, verb) != 0)
			continue;
		if (row->state == STORE_DEVICE_REVOKED ||
			(ways[i].from >= 0 && ways[i].from != row->state))
			return ERR_WRONG_STATE;
		row->state = ways[i].to;
		return 0;
	}
	return ERR_UNKNOWN_WORD;
}

int model_invite_create(
	struct model *model, const char *user, const char *key, uint64_t id, uint64_t expires_ns)
{
	struct model_row invite = named(user, "");

	if (!find(model, MODEL_USER, user, NULL))
		return ERR_NOT_FOUND;
	if (key_is_taken(model, key))
		return ERR_EXISTS;
	copy_key(invite.key, key);
	invite.id = id;
	invite.expires_ns = expires_ns;
	invite.state = STORE_INVITE_OPEN;
	return append(model, MODEL_INVITE, invite);
}

/* Somebody comes with a used invite. */
static int redeem_again(
	struct model *model, const struct model_row *invite, const struct model_row *device)
{
	struct model_row *first = find_key(model, MODEL_DEVICE, device->key);

	if (first && first->invite == invite->id && first->state != STORE_DEVICE_REVOKED)
		return STORE_INVITE_AGAIN;
	return ERR_INVITE_USED;
}

int model_invite_redeem(struct model *model, const char *one_time_key,
	const struct model_row *device, uint64_t now_ns)
{
	struct model_row *invite = find_key(model, MODEL_INVITE, one_time_key);
	struct model_row fresh = *device;

	if (!invite)
		return ERR_NOT_FOUND;
	if (invite->state == STORE_INVITE_REDEEMED)
		return redeem_again(model, invite, device);
	if (invite->state == STORE_INVITE_REVOKED)
		return ERR_INVITE_REVOKED;
	if (invite->state == STORE_INVITE_EXPIRED || invite->expires_ns <= now_ns)
		return ERR_INVITE_EXPIRED;
	copy_name(fresh.a, invite->a);
	fresh.invite = invite->id;
	fresh.state = STORE_DEVICE_ACTIVE;
	int err = add_device(model, &fresh);
	if (err == 0)
		invite->state = STORE_INVITE_REDEEMED;
	return err;
}

int model_invite_end(struct model *model, uint64_t id, int state)
{
	struct model_row *invite = find_id(model, MODEL_INVITE, id);

	if (!invite)
		return ERR_NOT_FOUND;
	if (invite->state != STORE_INVITE_OPEN)
		return ERR_WRONG_STATE;
	invite->state = state;
	return 0;
}
