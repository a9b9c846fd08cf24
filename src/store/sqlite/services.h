/* SPDX-License-Identifier: ISC */
/* Rows of services, for acts on services and on policies. */
#pragma once

#include "store/service.h"
#include "store/sqlite/act.h"

struct services_new {
	const struct store_service_target *target;
	bool from_policy;
};

/* The service of that name, and its number. ERR_NOT_FOUND. */
int services_get(struct store *store, const char *name, struct store_service *ret_service,
	uint64_t *ret_number) must_check;

/* Inside an act. store_service_add()'s errors. */
int services_insert(struct store *store, const struct services_new *fresh, uint64_t now_ns,
	struct store_service *ret_service) must_check;

/* Gives it another target; name, gateway and address stay. Inside an act. */
int services_change(
	struct store *store, uint64_t id, const struct store_service_target *target) must_check;

/* Inside an act. Its number is laid to rest. */
int services_delete(struct store *store, uint64_t id, uint64_t number, uint64_t now_ns) must_check;

/* What the audit log says of it. */
json_t *services_details(const struct store_service *service);

/*
 * Makes the services that the policy defines those of the change, inside its act; adds to details
 * what was added, changed and removed. ERR_EXISTS, and services_insert()'s.
 */
int policyservices_apply(struct act *act, const struct store_service_target *services,
	size_t service_count, json_t *details) must_check;
