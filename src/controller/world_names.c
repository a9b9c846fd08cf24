/* SPDX-License-Identifier: ISC */
/* Users, groups, and who is in which. */
#include "controller/world_list.h"

#include <assert.h>
#include <string.h>

size_t world_find_user(const struct world *world, const char *name)
{
	return world_find_name(world->users, world->user_count, sizeof *world->users, name);
}

size_t world_find_group(const struct world *world, const char *name)
{
	return world_find_name(world->groups, world->group_count, sizeof *world->groups, name);
}

void world_add_user(struct world *world, const char *name, uint64_t added_ns)
{
	size_t at = world_place_of(world->users, world->user_count, sizeof *world->users, name);

	if (at < world->user_count && strcmp(world->users[at].name, name) == 0)
		return;
	world->users = list_room(
		world->users, world->user_count, &world->user_capacity, sizeof *world->users);
	struct world_user *user =
		world_open_gap(world->users, at, world->user_count++, sizeof *world->users);

	world_copy_name(user->name, name);
	user->added_ns = added_ns;
	for (size_t i = 0; i < world->member_count; i++)
		world->members[i].user += world->members[i].user >= at;
}

/* Leaves out the memberships of a user, whom there is no more. */
static void forget_user(struct world *world, uint32_t user)
{
	size_t kept = 0;

	for (size_t i = 0; i < world->member_count; i++) {
		struct world_member member = world->members[i];

		if (member.user == user)
			continue;
		member.user -= member.user > user;
		world->members[kept++] = member;
	}
	world->member_count = kept;
}

static size_t remove_devices_of(struct world *world, const char *user)
{
	size_t kept = 0, count = world->device_count;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(world->devices[i].user, user) != 0)
			world->devices[kept++] = world->devices[i];
	}
	world->device_count = kept;
	world_wipe(world->devices, kept, count - kept, sizeof *world->devices);
	return count - kept;
}

static void remove_invites_of(struct world *world, const char *user)
{
	size_t kept = 0, count = world->invite_count;

	for (size_t i = 0; i < count; i++) {
		const struct store_invite *invite = &world->invites[i].store;

		if (invite->kind != STORE_INVITE_DEVICE || strcmp(invite->subject, user) != 0)
			world->invites[kept++] = world->invites[i];
	}
	world->invite_count = kept;
	world_wipe(world->invites, kept, count - kept, sizeof *world->invites);
}

size_t world_remove_user(struct world *world, const char *name)
{
	size_t at = world_find_user(world, name);

	if (at == WORLD_NONE)
		return 0;
	world_close_gap(world->users, at, world->user_count--, sizeof *world->users);
	forget_user(world, (uint32_t)at);
	remove_invites_of(world, name);
	return remove_devices_of(world, name);
}

void world_add_group(struct world *world, const char *name)
{
	size_t at = world_place_of(world->groups, world->group_count, sizeof *world->groups, name);

	if (at < world->group_count && strcmp(world->groups[at].name, name) == 0)
		return;
	world->groups = list_room(
		world->groups, world->group_count, &world->group_capacity, sizeof *world->groups);
	struct world_group *group =
		world_open_gap(world->groups, at, world->group_count++, sizeof *world->groups);

	world_copy_name(group->name, name);
	for (size_t i = 0; i < world->member_count; i++)
		world->members[i].group += world->members[i].group >= at;
}

void world_remove_group(struct world *world, const char *name)
{
	size_t at = world_find_group(world, name), kept = 0;

	if (at == WORLD_NONE)
		return;
	world_close_gap(world->groups, at, world->group_count--, sizeof *world->groups);
	for (size_t i = 0; i < world->member_count; i++) {
		struct world_member member = world->members[i];

		if (member.group == at)
			continue;
		member.group -= member.group > at;
		world->members[kept++] = member;
	}
	world->member_count = kept;
}

void world_add_member(struct world *world, const char *group, const char *user)
{
	const struct world_member member = {
		.group = (uint32_t)world_find_group(world, group),
		.user = (uint32_t)world_find_user(world, user),
	};

	/* an act of the store's has succeeded with both, and there is one member once */
	assert(member.group < world->group_count && member.user < world->user_count);
	world->members = list_room(world->members, world->member_count, &world->member_capacity,
		sizeof *world->members);
	world->members[world->member_count++] = member;
}

void world_remove_member(struct world *world, const char *group, const char *user)
{
	size_t group_at = world_find_group(world, group), user_at = world_find_user(world, user);

	for (size_t i = 0; i < world->member_count; i++) {
		if (world->members[i].group != group_at || world->members[i].user != user_at)
			continue;
		world->members[i] = world->members[--world->member_count];
		return;
	}
}
