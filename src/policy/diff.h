/* SPDX-License-Identifier: ISC */
/*
 * What has to be changed in what is enforced to get from one compiled policy to another. NULL
 * stands for no policy: nobody has a role. Pure; aborts where there is no memory.
 */
#pragma once

#include "policy/compiled.h"

/* A device whose role's number is another. One that is new or has gone had or has role 0. */
struct policy_move {
	uint32_t device;
	uint32_t from, to; /* numbers of roles */
};

/* A role's right to reach a service. */
struct policy_grant {
	uint32_t role, service;
};

/* By ascending role, service and device. Roles are never 0; those that go take all grants along. */
struct policy_diff {
	uint32_t *roles_added, *roles_removed;
	struct policy_grant *grants_added, *grants_removed;
	struct policy_move *moves;
	size_t roles_added_count, roles_removed_count;
	size_t grants_added_count, grants_removed_count;
	size_t move_count;
	size_t capacities[5]; /* of the lists above, in their order */
};

/* A device that may reach a service now and could not before, or the other way round. */
enum policy_change {
	POLICY_GAINED,
	POLICY_LOST,
};

/* Is told what devices gain and lose. */
struct policy_visitor {
	void (*visit)(void *context, enum policy_change change, uint32_t device, uint32_t service);
	void *context; /* handed to visit */
};

/* Release by policy_diff_done(). */
void policy_diff_init(struct policy_diff *diff, const struct policy_compiled *from,
	const struct policy_compiled *to);

/* Whether there is nothing to change. */
bool policy_diff_is_empty(const struct policy_diff *diff);

void policy_diff_done(struct policy_diff *diff);

/*
 * Tells all pairs of a device and a service that were gained or lost, by ascending device and
 * service. Takes time for devices, and for services of devices that gain or lose any.
 */
void policy_diff_pairs(const struct policy_compiled *from, const struct policy_compiled *to,
	const struct policy_visitor *visitor);
