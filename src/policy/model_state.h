/* SPDX-License-Identifier: ISC */
/*
 * What a model holds, for those who compile it. Everything lies in arrays and is referred to by
 * its index there; the tables find the index of a name or an id.
 */
#pragma once

#include "policy/model.h"
#include "policy/table.h"

/* A user or a group. */
struct model_subject {
	uint32_t member_count; /* of a group */
	char name[POLICY_NAME_SIZE];
};

/* Users or groups. */
struct model_subjects {
	struct model_subject *list;
	size_t count, capacity;
	struct table by_name;
};

struct model_membership {
	uint32_t group, user; /* indices */
};

struct model_device {
	uint32_t id;
	uint32_t user; /* index */
	uint8_t state; /* enum policy_device_state */
};

struct model_service {
	uint32_t id;
	bool has_target;	     /* it is one that a file can have */
	struct policy_target target; /* if so */
	char name[POLICY_NAME_SIZE];
};

struct policy_model {
	struct model_subjects users, groups;
	struct model_membership *memberships;
	struct model_device *devices;
	struct model_service *services;
	size_t membership_count, membership_capacity;
	size_t device_count, device_capacity;
	size_t service_count, service_capacity;
	struct table memberships_by_both;
	struct table devices_by_id;
	struct table services_by_id, services_by_name;
};

/* The index of a name; TABLE_NONE: there is none. */
uint32_t model_find_subject(const struct model_subjects *subjects, const char *name);
uint32_t model_find_service(const struct policy_model *model, const char *name);

/* Whether a user is in a group; by their indices. */
bool model_has_member(const struct policy_model *model, uint32_t group, uint32_t user);
