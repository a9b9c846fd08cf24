/* SPDX-License-Identifier: ISC */
/* The model fed by the audit log. */
#include "model.h"

#include "store_lab.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One entry, taken apart. */
struct telling {
	struct model *model;
	const char *verb;
	const char *object;
	char user[STORE_NAME_SIZE]; /* of the object "user/name" */
	char name[STORE_NAME_SIZE];
	json_t *details;
	uint64_t at_ns;
};

static const char *text_of(const struct telling *telling, const char *key)
{
	const char *text = json_string_value(json_object_get(telling->details, key));

	return text ? text : "";
}

static uint64_t number_of(const struct telling *telling, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(telling->details, key));
}

static int user_add(const struct telling *telling)
{
	const char *groups[16];
	json_t *names = json_object_get(telling->details, "groups");
	size_t n = json_array_size(names);

	lab_must(n <= ARRAY_LENGTH(groups), "keep the groups");
	for (size_t i = 0; i < n; i++)
		groups[i] = json_string_value(json_array_get(names, i));
	return model_user_add(telling->model, telling->object, groups, n);
}

static int user_remove(const struct telling *telling)
{
	return model_user_remove(telling->model, telling->object);
}

static int group_add(const struct telling *telling)
{
	return model_group_add(telling->model, telling->object);
}

static int group_remove(const struct telling *telling)
{
	return model_group_remove(telling->model, telling->object);
}

static int group_join(const struct telling *telling)
{
	return model_group_join(telling->model, telling->object, text_of(telling, "user"));
}

static int group_leave(const struct telling *telling)
{
	return model_group_leave(telling->model, telling->object, text_of(telling, "user"));
}

static int service_add(const struct telling *telling)
{
	return model_service_add(telling->model, telling->object, text_of(telling, "host"));
}

static int service_remove(const struct telling *telling)
{
	return model_service_remove(telling->model, telling->object);
}

static int device_add(const struct telling *telling)
{
	return model_device_add(telling->model, telling->user, telling->name,
		text_of(telling, "public_key"), number_of(telling, "device"));
}

static int device_go(const struct telling *telling)
{
	return model_device_go(telling->model, number_of(telling, "device"), telling->verb);
}

static int invite_create(const struct telling *telling)
{
	return model_invite_create(telling->model, telling->object,
		text_of(telling, "one_time_key"), number_of(telling, "invite"),
		number_of(telling, "expires_ns"));
}

/* The log names the invite by its number. */
static int invite_redeem(const struct telling *telling)
{
	struct model *model = telling->model;
	struct model_row device = {.id = number_of(telling, "device")};
	const char *key = "";

	for (size_t i = 0; i < model->counts[MODEL_INVITE]; i++) {
		if (model->rows[MODEL_INVITE][i].id == number_of(telling, "invite"))
			key = model->rows[MODEL_INVITE][i].key;
	}
	(void)snprintf(device.b, sizeof device.b, "%s", telling->name);
	(void)snprintf(device.key, sizeof device.key, "%s", text_of(telling, "public_key"));
	return model_invite_redeem(model, key, &device, telling->at_ns);
}

static int invite_expire(const struct telling *telling)
{
	return model_invite_end(telling->model, number_of(telling, "invite"), STORE_INVITE_EXPIRED);
}

static int invite_revoke(const struct telling *telling)
{
	return model_invite_end(telling->model, number_of(telling, "invite"), STORE_INVITE_REVOKED);
}

/* Changes nothing that the model keeps. */
static int nothing(const struct telling *telling)
{
	(void)telling;
	return 0;
}

static const struct {
	const char *verb;
	int (*tell)(const struct telling *telling);
} tellings[] = {
	{"user.add", user_add},
	{"user.remove", user_remove},
	{"group.add", group_add},
	{"group.remove", group_remove},
	{"group.join", group_join},
	{"group.leave", group_leave},
	{"service.add", service_add},
	{"service.remove", service_remove},
	{"device.add", device_add},
	{"device.approve", device_go},
	{"device.quarantine", device_go},
	{"device.release", device_go},
	{"device.revoke", device_go},
	{"invite.create", invite_create},
	{"invite.redeem", invite_redeem},
	{"invite.expire", invite_expire},
	{"invite.revoke", invite_revoke},
	{"invite.reuse", nothing},
	{"gateway.add", nothing},
	{"knock.rotate", nothing},
	{"network.init", nothing},
	{"network.knock", nothing},
	{"policy.apply", nothing},
	{"schema.migrate", nothing},
	{"setting.set", nothing},
	{"store.backup", nothing},
	{"store.restore", nothing},
};

static int tell(const struct telling *telling)
{
	for (size_t i = 0; i < ARRAY_LENGTH(tellings); i++) {
		if (strcmp(tellings[i].verb, telling->verb) == 0)
			return tellings[i].tell(telling);
	}
	return -1;
}

int model_replay(void *context, const struct store_audit_entry *entry)
{
	struct telling telling = {.model = context,
		.verb = entry->act,
		.object = entry->object,
		.at_ns = entry->at_ns};
	const char *slash = strchr(entry->object, '/');

	if (slash) {
		(void)snprintf(telling.user, sizeof telling.user, "%.*s",
			(int)(slash - entry->object), entry->object);
		(void)snprintf(telling.name, sizeof telling.name, "%s", slash + 1);
	}
	telling.details = json_loads(entry->details, 0, NULL);
	lab_must(telling.details != NULL, "read the details");
	int result = tell(&telling);
	json_decref(telling.details);
	if (result != 0)
		printf("# entry %llu, %s %s, cannot have been: %d\n",
			(unsigned long long)entry->sequence, entry->act, entry->object, result);
	return result == 0 ? 0 : 1;
}

bool model_explains(struct store *store)
{
	struct store_audit_verdict verdict = lab_verify(store);
	struct model model = {0};
	const struct store_audit_filter all = {0};

	if (verdict.fault != STORE_AUDIT_SOUND)
		printf("# entry %llu %s\n", (unsigned long long)verdict.sequence,
			store_audit_fault_str(verdict.fault));
	bool is_told = store_audit_show(store, &all, model_replay, &model) == 0;
	char *told = model_text(&model);
	char *is = model_text_of_store(store);
	bool is_same = is && strcmp(told, is) == 0;
	if (is && !is_same)
		printf("# the log tells\n%s# there is\n%s", told, is);
	free(told);
	free(is);
	model_done(&model);
	return verdict.fault == STORE_AUDIT_SOUND && is_told && is_same;
}
