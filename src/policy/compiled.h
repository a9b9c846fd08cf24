/* SPDX-License-Identifier: ISC */
/*
 * A compiled policy: each device has a role, each role has services. Devices that are granted the
 * same services have the same role; number 0 is the role without any. Constant once it is made,
 * so any thread may read it. Everything that is not in it is denied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	POLICY_ROLE_NONE = 0, /* number of the role that is granted nothing */
	POLICY_ROLE_LEAST =
		16, /* of the others; those between are for roles that are no policy's */
};

/* The greatest number of a role. */
#define POLICY_ROLE_GREATEST (UINT32_MAX - 1)

struct policy_compiled;

/* A device and the number of its role. */
struct policy_device_role {
	uint32_t device, role;
};

/* A walk over the services of a role. */
struct policy_grants {
	const struct policy_compiled *compiled;
	size_t row;  /* of the role */
	size_t next; /* bit to be looked at next */
};

/* Accepts NULL. */
void policy_compiled_free(struct policy_compiled *compiled);

/* Whether the device may reach the service; false for those that are not known. */
bool policy_allows(const struct policy_compiled *compiled, uint32_t device, uint32_t service);

/* The number of a device's role; POLICY_ROLE_NONE for a device that is not known. */
uint32_t policy_role_of(const struct policy_compiled *compiled, uint32_t device);

/* How many roles there are, that without grants included, and their numbers, ascending. */
size_t policy_role_count(const struct policy_compiled *compiled);
uint32_t policy_role_at(const struct policy_compiled *compiled, size_t index);

/* How many devices the model had, and each, by ascending id. */
size_t policy_device_count(const struct policy_compiled *compiled);
struct policy_device_role policy_device_at(const struct policy_compiled *compiled, size_t index);

/* Begins a walk over the services of a role, which has none if it is not known. */
struct policy_grants policy_grants_of(const struct policy_compiled *compiled, uint32_t role);

/* The next service, by ascending id; false at the end. */
bool policy_grants_next(struct policy_grants *grants, uint32_t *ret_service);

/* Bytes that it takes. */
size_t policy_compiled_bytes(const struct policy_compiled *compiled);
