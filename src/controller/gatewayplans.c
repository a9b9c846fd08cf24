/* SPDX-License-Identifier: ISC */
#include "controller/gatewayplans.h"

#include "base/error.h"
#include "base/memory.h"
#include "policy/list.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static int compare_services(const void *a, const void *b)
{
	const struct gatewayplan_service *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

/* By id. */
static void add_services(
	const struct world *world, const struct store_gateway *gateway, struct gatewayplan *plan)
{
	plan->services = memory_new(world->service_count, sizeof *plan->services);
	for (size_t i = 0; i < world->service_count; i++) {
		const struct world_service *from = &world->services[i];
		const struct policy_target *target = &from->target;

		if (!from->has_target || strcmp(from->store.gateway, gateway->name) != 0)
			continue;
		plan->services[plan->service_count++] = (struct gatewayplan_service){
			.id = (uint32_t)from->store.id,
			.protocol = target->protocol == POLICY_UDP ? IPPROTO_UDP : IPPROTO_TCP,
			.port = from->store.vip_port,
			.vip_ipv4 = from->store.vip_ipv4,
			.vip_ipv6 = from->store.vip_ipv6,
			.target = {.remote = target->address, .port = target->port},
		};
	}
	qsort(plan->services, plan->service_count, sizeof *plan->services, compare_services);
}

static bool has_service(const struct gatewayplan *plan, uint32_t id)
{
	const struct gatewayplan_service wanted = {.id = id};

	return plan->service_count > 0 && bsearch(&wanted, plan->services, plan->service_count,
						  sizeof wanted, compare_services) != NULL;
}

/* By role. */
static int add_grants(const struct policy_compiled *compiled, struct gatewayplan *plan)
{
	size_t capacity = 0;

	for (size_t i = 0; i < policy_role_count(compiled); i++) {
		uint32_t role = policy_role_at(compiled, i), service;
		struct policy_grants grants = policy_grants_of(compiled, role);

		while (policy_grants_next(&grants, &service)) {
			if (!has_service(plan, service))
				continue;
			if (plan->grant_count == GATEWAYPLAN_GRANTS_MAX)
				return ERR_RANGE;
			plan->grants = list_room(
				plan->grants, plan->grant_count, &capacity, sizeof *plan->grants);
			plan->grants[plan->grant_count++] =
				(struct gatewayplan_grant){role, service};
		}
	}
	return 0;
}

static int compare_roles(const void *a, const void *b)
{
	const struct gatewayplan_grant *left = a, *right = b;

	return (left->role > right->role) - (left->role < right->role);
}

/* Grants are by role as policy_role_at() gives them, which ascend. */
static bool is_granted(const struct gatewayplan *plan, uint32_t role)
{
	const struct gatewayplan_grant wanted = {.role = role};

	return plan->grant_count > 0 && bsearch(&wanted, plan->grants, plan->grant_count,
						sizeof wanted, compare_roles) != NULL;
}

static int add_devices(
	const struct world *world, const struct policy_compiled *compiled, struct gatewayplan *plan)
{
	plan->devices = memory_new(world->device_count, sizeof *plan->devices);
	for (size_t i = 0; i < world->device_count; i++) {
		const struct store_device *from = &world->devices[i];
		uint32_t role = policy_role_of(compiled, (uint32_t)from->id);

		if (from->state != STORE_DEVICE_ACTIVE || !is_granted(plan, role))
			continue;
		if (plan->device_count == GATEWAYPLAN_DEVICES_MAX)
			return ERR_RANGE;
		struct gatewayplan_device *to = &plan->devices[plan->device_count++];
		memcpy(to->public_key, from->public_key, sizeof to->public_key);
		memcpy(to->preshared_key, from->preshared_key, sizeof to->preshared_key);
		to->ipv4 = from->ipv4;
		to->ipv6 = from->ipv6;
		to->role = role;
	}
	return 0;
}

/* Not those of tokens: enrolment is the controller's. */
static void add_knocks(const struct world *world, struct gatewayplan *plan)
{
	plan->knock_mode = world->knock_rules.mode;
	plan->knocks = memory_new(KNOCK_KEYS_MAX, sizeof *plan->knocks);
	plan->knock_count = world_knock_keys(world, WORLD_KNOCKS_MEMBERS, plan->knocks);
}

int gatewayplans_make(const struct world *world, const struct policy_compiled *compiled,
	const struct store_gateway *gateway, struct gatewayplan *ret_plan)
{
	*ret_plan = (struct gatewayplan){0};
	add_services(world, gateway, ret_plan);
	add_knocks(world, ret_plan);
	int err = add_grants(compiled, ret_plan);

	return err < 0 ? err : add_devices(world, compiled, ret_plan);
}
