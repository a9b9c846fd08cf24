/* SPDX-License-Identifier: ISC */
#include "policy/model_state.h"

#include "base/error.h"
#include "policy/list.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash_of_id(uint32_t id)
{
	return table_hash(0, &id, sizeof id);
}

static uint32_t hash_of_name(const char *name)
{
	return table_hash(0, name, strlen(name));
}

static uint32_t hash_of_membership(struct model_membership membership)
{
	return table_hash(0, &membership, sizeof membership);
}

struct policy_model *policy_model_new(void)
{
	return memory_new(1, sizeof(struct policy_model));
}

static void subjects_done(struct model_subjects *subjects)
{
	free(subjects->list);
	table_done(&subjects->by_name);
}

void policy_model_free(struct policy_model *model)
{
	if (!model)
		return;
	subjects_done(&model->users);
	subjects_done(&model->groups);
	free(model->memberships);
	free(model->devices);
	free(model->services);
	table_done(&model->memberships_by_both);
	table_done(&model->devices_by_id);
	table_done(&model->services_by_id);
	table_done(&model->services_by_name);
	free(model);
}

uint32_t model_find_subject(const struct model_subjects *subjects, const char *name)
{
	struct table_search search = table_search(&subjects->by_name, hash_of_name(name));
	uint32_t index;

	do {
		index = table_next(&search);
	} while (index != TABLE_NONE && strcmp(subjects->list[index].name, name) != 0);
	return index;
}

uint32_t model_find_service(const struct policy_model *model, const char *name)
{
	struct table_search search = table_search(&model->services_by_name, hash_of_name(name));
	uint32_t index;

	do {
		index = table_next(&search);
	} while (index != TABLE_NONE && strcmp(model->services[index].name, name) != 0);
	return index;
}

bool model_has_member(const struct policy_model *model, uint32_t group, uint32_t user)
{
	const struct model_membership wanted = {group, user};
	struct table_search search =
		table_search(&model->memberships_by_both, hash_of_membership(wanted));
	uint32_t index;

	while ((index = table_next(&search)) != TABLE_NONE) {
		const struct model_membership *found = &model->memberships[index];
		if (found->group == group && found->user == user)
			return true;
	}
	return false;
}

static int add_subject(struct model_subjects *subjects, const char *name)
{
	size_t size = strnlen(name, POLICY_NAME_SIZE);

	if (!policy_name_is_valid(name, size))
		return ERR_NAME;
	if (model_find_subject(subjects, name) != TABLE_NONE)
		return ERR_EXISTS;
	subjects->list = list_room(
		subjects->list, subjects->count, &subjects->capacity, sizeof *subjects->list);
	struct model_subject *subject = &subjects->list[subjects->count];

	*subject = (struct model_subject){0};
	memcpy(subject->name, name, size);
	table_add(&subjects->by_name, hash_of_name(name), (uint32_t)subjects->count);
	subjects->count++;
	return 0;
}

int policy_model_add_user(struct policy_model *model, const char *name)
{
	return add_subject(&model->users, name);
}

int policy_model_add_group(struct policy_model *model, const char *name)
{
	return add_subject(&model->groups, name);
}

int policy_model_add_member(struct policy_model *model, const char *group, const char *user)
{
	const struct model_membership membership = {
		.group = model_find_subject(&model->groups, group),
		.user = model_find_subject(&model->users, user),
	};

	if (membership.group == TABLE_NONE || membership.user == TABLE_NONE)
		return ERR_NOT_FOUND;
	if (model_has_member(model, membership.group, membership.user))
		return ERR_EXISTS;
	model->memberships = list_room(model->memberships, model->membership_count,
		&model->membership_capacity, sizeof *model->memberships);
	table_add(&model->memberships_by_both, hash_of_membership(membership),
		(uint32_t)model->membership_count);
	model->memberships[model->membership_count++] = membership;
	model->groups.list[membership.group].member_count++;
	return 0;
}

static bool has_device(const struct policy_model *model, uint32_t id)
{
	struct table_search search = table_search(&model->devices_by_id, hash_of_id(id));
	uint32_t index;

	while ((index = table_next(&search)) != TABLE_NONE) {
		if (model->devices[index].id == id)
			return true;
	}
	return false;
}

int policy_model_add_device(
	struct policy_model *model, uint32_t id, const char *user, enum policy_device_state state)
{
	uint32_t owner = model_find_subject(&model->users, user);

	if (owner == TABLE_NONE)
		return ERR_NOT_FOUND;
	if (has_device(model, id))
		return ERR_EXISTS;
	model->devices = list_room(model->devices, model->device_count, &model->device_capacity,
		sizeof *model->devices);
	table_add(&model->devices_by_id, hash_of_id(id), (uint32_t)model->device_count);
	model->devices[model->device_count++] =
		(struct model_device){.id = id, .user = owner, .state = (uint8_t)state};
	return 0;
}

static bool has_service(const struct policy_model *model, uint32_t id)
{
	struct table_search search = table_search(&model->services_by_id, hash_of_id(id));
	uint32_t index;

	while ((index = table_next(&search)) != TABLE_NONE) {
		if (model->services[index].id == id)
			return true;
	}
	return false;
}

int policy_model_add_service(struct policy_model *model, uint32_t id, const char *name,
	const struct policy_target *target)
{
	size_t size = strnlen(name, POLICY_NAME_SIZE);

	if (!policy_label_is_valid(name, size))
		return ERR_LABEL;
	if (has_service(model, id) || model_find_service(model, name) != TABLE_NONE)
		return ERR_EXISTS;
	model->services = list_room(model->services, model->service_count, &model->service_capacity,
		sizeof *model->services);
	struct model_service *service = &model->services[model->service_count];

	*service = (struct model_service){.id = id, .has_target = target != NULL};
	if (target)
		service->target = *target;
	memcpy(service->name, name, size);
	table_add(&model->services_by_id, hash_of_id(id), (uint32_t)model->service_count);
	table_add(&model->services_by_name, hash_of_name(name), (uint32_t)model->service_count);
	model->service_count++;
	return 0;
}
