/* SPDX-License-Identifier: ISC */
/* Whether two worlds hold the same, in whatever order they came to it. Test programs only. */
#pragma once

#include "controller/world.h"

#include <stdlib.h>
#include <string.h>

static inline bool world_same_members(const struct world *a, const struct world *b)
{
	if (a->member_count != b->member_count)
		return false;
	for (size_t i = 0; i < a->member_count; i++) {
		size_t at = 0;

		while (at < b->member_count &&
			memcmp(&a->members[i], &b->members[at], sizeof *a->members) != 0)
			at++;
		if (at == b->member_count)
			return false;
	}
	return true;
}

static inline bool world_same_names(const struct world *a, const struct world *b)
{
	if (a->user_count != b->user_count || a->group_count != b->group_count)
		return false;
	for (size_t i = 0; i < a->user_count; i++) {
		if (strcmp(a->users[i].name, b->users[i].name) != 0 ||
			a->users[i].added_ns != b->users[i].added_ns)
			return false;
	}
	for (size_t i = 0; i < a->group_count; i++) {
		if (strcmp(a->groups[i].name, b->groups[i].name) != 0)
			return false;
	}
	return true;
}

static inline bool world_same_device(const struct store_device *a, const struct store_device *b)
{
	return a->id == b->id && a->state == b->state && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->user, b->user) == 0 && address_equal(&a->ipv4, &b->ipv4) &&
	       address_equal(&a->ipv6, &b->ipv6) && a->invite_id == b->invite_id &&
	       memcmp(a->public_key, b->public_key, STORE_KEY_SIZE) == 0 &&
	       memcmp(a->preshared_key, b->preshared_key, STORE_KEY_SIZE) == 0;
}

static inline bool world_same_devices(const struct world *a, const struct world *b)
{
	bool same = a->device_count == b->device_count;

	for (size_t i = 0; same && i < a->device_count; i++)
		same = world_same_device(&a->devices[i], &b->devices[i]);
	return same;
}

static inline bool world_same_services(const struct world *a, const struct world *b)
{
	if (a->service_count != b->service_count)
		return false;
	for (size_t i = 0; i < a->service_count; i++) {
		const struct world_service *one = &a->services[i], *other = &b->services[i];

		if (one->store.id != other->store.id ||
			strcmp(one->store.name, other->store.name) != 0 ||
			one->store.from_policy != other->store.from_policy ||
			one->has_target != other->has_target ||
			!policy_target_equal(&one->target, &other->target))
			return false;
	}
	return true;
}

/* Open ones; those that linger are in one world only. */
static inline size_t world_open_invites(const struct world *world, uint64_t ids[], size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < world->invite_count && count < most; i++) {
		if (world->invites[i].redeemed_ns == 0)
			ids[count++] = world->invites[i].store.id;
	}
	return count;
}

static inline bool world_same(const struct world *a, const struct world *b)
{
	uint64_t here[64], there[64];
	size_t count = world_open_invites(a, here, 64);

	return world_same_names(a, b) && world_same_members(a, b) && world_same_devices(a, b) &&
	       world_same_services(a, b) && count == world_open_invites(b, there, 64) &&
	       memcmp(here, there, count * sizeof *here) == 0 &&
	       a->policy_version == b->policy_version;
}
