/* SPDX-License-Identifier: ISC */
/*
 * The world as the store knows it: users, groups, devices and services. Built by adding, in any
 * order that has what is referred to first; then constant, so that any thread may compile it.
 * Aborts where there is no memory.
 */
#pragma once

#include "base/attributes.h"
#include "policy/name.h"
#include "policy/target.h"

enum policy_device_state {
	POLICY_DEVICE_ACTIVE,	   /* has what its user is granted */
	POLICY_DEVICE_QUARANTINED, /* no service: its session is over, or it waits for approval */
	POLICY_DEVICE_REVOKED,	   /* nothing, for ever */
};

struct policy_model;

struct policy_model *policy_model_new(void);

/* Accepts NULL. */
void policy_model_free(struct policy_model *model);

/* ERR_NAME; ERR_EXISTS. */
int policy_model_add_user(struct policy_model *model, const char *name) must_check;

/* ERR_NAME; ERR_EXISTS: a group has the name. That a user has it is allowed. */
int policy_model_add_group(struct policy_model *model, const char *name) must_check;

/* ERR_NOT_FOUND: no such group or user; ERR_EXISTS: the user is in it. */
int policy_model_add_member(
	struct policy_model *model, const char *group, const char *user) must_check;

/* ERR_EXISTS: the id is taken; ERR_NOT_FOUND: no such user. */
int policy_model_add_device(struct policy_model *model, uint32_t id, const char *user,
	enum policy_device_state state) must_check;

/*
 * For policy_check() the services that were added by command; for policy_compile() all, those of
 * the file too, since it is from here that they have ids. A target that a file cannot have, such
 * as one by the name of its host, is NULL. ERR_LABEL; ERR_EXISTS: the id or the name is taken.
 */
int policy_model_add_service(struct policy_model *model, uint32_t id, const char *name,
	const struct policy_target *target) must_check;
