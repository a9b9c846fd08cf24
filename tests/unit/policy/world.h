/* SPDX-License-Identifier: ISC */
/*
 * Random worlds, and who may reach what in them by a search through the rules that is too simple
 * to be wrong: it compares names, and knows of no sets, roles or numbers. Names are few, so that
 * users and groups share some. Included by test programs only.
 */
#pragma once

#include "policy/compile.h"

#include <stdbool.h>
#include <string.h>

enum {
	WORLD_USERS = 10,
	WORLD_GROUPS = 8,
	WORLD_SERVICES = 140, /* more than fit in two words */
	WORLD_DEVICES = 24,
	WORLD_RULES = 10,
	WORLD_WHO = 4,	 /* names in a rule */
	WORLD_MAY = 5,	 /* services in a rule */
	WORLD_NAMES = 6, /* the first users and groups have the same names */
};

/* Where something is defined. */
enum world_where {
	WORLD_NOWHERE, /* it has gone */
	WORLD_STORE,
	WORLD_FILE,
	WORLD_BOTH,
};

struct world_mention {
	enum policy_mention_kind kind;
	const char *name;
};

struct world {
	bool has_user[WORLD_USERS];
	struct {
		enum world_where where;
		bool in_store[WORLD_USERS], in_file[WORLD_USERS]; /* members there */
	} groups[WORLD_GROUPS];
	struct {
		enum world_where where;
		bool differs; /* the store has another target */
	} services[WORLD_SERVICES];
	struct {
		size_t user;
		enum policy_device_state state;
		bool is_there;
	} devices[WORLD_DEVICES];
	struct {
		struct world_mention who[WORLD_WHO];
		size_t who_count;
		size_t may[WORLD_MAY];
		size_t may_count;
	} rules[WORLD_RULES];
	size_t rule_count;
};

/* The first of both are the same. */
static const char *const world_users[WORLD_USERS] = {
	"n0", "n1", "n2", "n3", "n4", "n5", "u6", "u7", "u8", "u9"};
static const char *const world_groups[WORLD_GROUPS] = {
	"n0", "n1", "n2", "n3", "n4", "n5", "g6", "g7"};

static inline void world_service_name(size_t service, char *ret_name)
{
	(void)snprintf(ret_name, POLICY_NAME_SIZE, "s%zu", service);
}

/* Ids in another order than names and indices. */
static inline uint32_t world_device_id(size_t device)
{
	return (uint32_t)(device * 7919 % 1009 + 1);
}

static inline uint32_t world_service_id(size_t service)
{
	return (uint32_t)(service * 7907 % 1013 + 5);
}

/* Whether something stands in the file; in the store. */
static inline bool world_in_file(enum world_where where)
{
	return where == WORLD_FILE || where == WORLD_BOTH;
}

static inline bool world_in_store(enum world_where where)
{
	return where == WORLD_STORE || where == WORLD_BOTH;
}

static inline size_t world_find_user(const struct world *world, const char *name)
{
	for (size_t i = 0; i < WORLD_USERS; i++) {
		if (world->has_user[i] && strcmp(world_users[i], name) == 0)
			return i;
	}
	return SIZE_MAX;
}

static inline size_t world_find_group(const struct world *world, const char *name)
{
	for (size_t i = 0; i < WORLD_GROUPS; i++) {
		if (world->groups[i].where != WORLD_NOWHERE && strcmp(world_groups[i], name) == 0)
			return i;
	}
	return SIZE_MAX;
}

/* Whether file and store say the same of a group, of those members that there are. */
static inline bool world_group_agrees(const struct world *world, size_t group)
{
	if (world->groups[group].where != WORLD_BOTH)
		return true;
	for (size_t i = 0; i < WORLD_USERS; i++) {
		if (world->has_user[i] &&
			world->groups[group].in_store[i] != world->groups[group].in_file[i])
			return false;
	}
	return true;
}

static inline bool world_is_member(const struct world *world, size_t group, size_t user)
{
	if (!world->has_user[user] || !world_group_agrees(world, group))
		return false;
	if (world->groups[group].where == WORLD_FILE)
		return world->groups[group].in_file[user];
	return world->groups[group].where != WORLD_NOWHERE && world->groups[group].in_store[user];
}

/* Whether a mention means the user, alone or as one of a group. */
static inline bool world_means(
	const struct world *world, const struct world_mention *mention, size_t user)
{
	size_t named_user = SIZE_MAX, group = SIZE_MAX;

	if (mention->kind != POLICY_MENTION_GROUP)
		named_user = world_find_user(world, mention->name);
	if (mention->kind != POLICY_MENTION_USER)
		group = world_find_group(world, mention->name);
	if (named_user != SIZE_MAX && group != SIZE_MAX)
		return false; /* it could be either */
	return named_user == user || (group != SIZE_MAX && world_is_member(world, group, user));
}

static inline bool world_allows(const struct world *world, size_t device, size_t service)
{
	size_t user = world->devices[device].user;
	bool has_service =
		world->services[service].where != WORLD_NOWHERE &&
		!(world->services[service].where == WORLD_BOTH && world->services[service].differs);

	if (!world->devices[device].is_there || !world->has_user[user] || !has_service ||
		world->devices[device].state != POLICY_DEVICE_ACTIVE)
		return false;
	for (size_t i = 0; i < world->rule_count; i++) {
		bool may = false, who = false;

		for (size_t at = 0; at < world->rules[i].may_count; at++)
			may = may || world->rules[i].may[at] == service;
		for (size_t at = 0; at < world->rules[i].who_count; at++)
			who = who || world_means(world, &world->rules[i].who[at], user);
		if (may && who)
			return true;
	}
	return false;
}
