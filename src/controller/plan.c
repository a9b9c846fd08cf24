/* SPDX-License-Identifier: ISC */
#include "controller/plan.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "policy/list.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(
	(int)PLAN_ROLE_INVITED < (int)POLICY_ROLE_LEAST, "roles of ours are none of a policy");
_Static_assert(PLAN_ROLE_BARE != 0, "0 is the role of an address that nobody has");

enum {
	ADDRESSES = 2,	   /* of a peer: one of each family */
	ROLES_OF_OURS = 2, /* bare, invited */
};

/* A plan while it is made. */
struct draft {
	struct plan *plan;
	const struct world *world;
	const struct policy_compiled *compiled;
	uint64_t now_ns;
	uint32_t *service_ids; /* those that are planned, ascending */
};

bool plan_has_service(const struct world *world, const struct world_service *service)
{
	return service->has_target && strcmp(service->store.gateway, world->gateways[0].name) == 0;
}

struct address plan_vip(const struct world_service *service)
{
	return service->target.address.family == ADDRESS_IPV6 ? service->store.vip_ipv6
							      : service->store.vip_ipv4;
}

static void add_prefix(struct plan *plan, const struct address *address)
{
	plan->prefixes[plan->head.prefixes++].prefix =
		(struct prefix){.address = *address, .length = address_bits(address->family)};
}

/* A peer, and the device of the gateway's that its packets come from. */
struct member {
	const uint8_t *public_key, *preshared_key;
	const struct address *ipv4, *ipv6;
	uint32_t role;
};

static void add_member(struct plan *plan, const struct member *member)
{
	struct message_peer *peer = &plan->peers[plan->head.peers++];

	memcpy(peer->public_key, member->public_key, sizeof peer->public_key);
	memcpy(peer->preshared_key, member->preshared_key, sizeof peer->preshared_key);
	peer->prefix_count = ADDRESSES;
	add_prefix(plan, member->ipv4);
	add_prefix(plan, member->ipv6);
	plan->devices[plan->head.devices++] =
		(struct message_device){*member->ipv4, *member->ipv6, member->role};
}

static uint32_t role_of(const struct draft *draft, const struct store_device *device)
{
	uint32_t role = device->state == STORE_DEVICE_ACTIVE
				? policy_role_of(draft->compiled, (uint32_t)device->id)
				: POLICY_ROLE_NONE;

	return role == POLICY_ROLE_NONE ? PLAN_ROLE_BARE : role;
}

static void add_members(struct draft *draft)
{
	const struct world *world = draft->world;

	for (size_t i = 0; i < world->device_count; i++) {
		const struct store_device *device = &world->devices[i];

		add_member(
			draft->plan, &(struct member){device->public_key, device->preshared_key,
					     &device->ipv4, &device->ipv6, role_of(draft, device)});
	}
	for (size_t i = 1; i < world->gateway_count; i++) {
		const struct store_gateway *gateway = &world->gateways[i];

		add_member(
			draft->plan, &(struct member){gateway->public_key, gateway->preshared_key,
					     &gateway->ipv4, &gateway->ipv6, PLAN_ROLE_BARE});
	}
	for (size_t i = 0; i < world->invite_count; i++) {
		const struct store_invite *invite = &world->invites[i].store;

		if (invite->expires_ns > draft->now_ns)
			add_member(draft->plan,
				&(struct member){invite->public_key, invite->preshared_key,
					&invite->ipv4, &invite->ipv6, PLAN_ROLE_INVITED});
	}
}

static void add_role(struct plan *plan, uint32_t number, enum plan_role_kind kind)
{
	plan->roles[plan->head.roles++] = (struct message_role){number, kind};
}

static void add_roles(struct draft *draft)
{
	struct plan *plan = draft->plan;

	add_role(plan, PLAN_ROLE_BARE, PLAN_KIND_ENROLLED);
	add_role(plan, PLAN_ROLE_INVITED, PLAN_KIND_INVITED);
	for (size_t i = 0; i < policy_role_count(draft->compiled); i++) {
		uint32_t number = policy_role_at(draft->compiled, i);

		if (number != POLICY_ROLE_NONE)
			add_role(plan, number, PLAN_KIND_ENROLLED);
	}
}

static int compare_ids(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void add_services(struct draft *draft)
{
	const struct world *world = draft->world;
	struct plan *plan = draft->plan;

	for (size_t i = 0; i < world->service_count; i++) {
		const struct world_service *service = &world->services[i];

		if (!plan_has_service(world, service))
			continue;
		draft->service_ids[plan->head.services] = (uint32_t)service->store.id;
		plan->services[plan->head.services++] = (struct message_service){
			.id = (uint32_t)service->store.id,
			.vip_ipv4 = service->store.vip_ipv4,
			.vip_ipv6 = service->store.vip_ipv6,
			.target = service->target.address,
			.port = service->store.vip_port,
			.target_port = service->target.port,
			.protocol =
				service->target.protocol == POLICY_UDP ? IPPROTO_UDP : IPPROTO_TCP,
		};
	}
	qsort(draft->service_ids, plan->head.services, sizeof *draft->service_ids, compare_ids);
}

/* Grants of services that are planned; the rest is another gateway's. */
static int add_grants(struct draft *draft)
{
	struct plan *plan = draft->plan;
	size_t capacity = 0;

	for (size_t i = 0; i < policy_role_count(draft->compiled); i++) {
		uint32_t role = policy_role_at(draft->compiled, i), service;
		struct policy_grants grants = policy_grants_of(draft->compiled, role);

		while (policy_grants_next(&grants, &service)) {
			if (!bsearch(&service, draft->service_ids, plan->head.services,
				    sizeof service, compare_ids))
				continue;
			if (plan->head.grants == MESSAGE_GRANTS_MAX)
				return ERR_RANGE;
			plan->grants = list_room(
				plan->grants, plan->head.grants, &capacity, sizeof *plan->grants);
			plan->grants[plan->head.grants++] = (struct message_grant){role, service};
		}
	}
	return 0;
}

/* What is asked of initiations. */
static void add_knocks(struct draft *draft)
{
	struct knock_key keys[KNOCK_KEYS_MAX];
	struct plan *plan = draft->plan;
	size_t count = world_knock_keys(draft->world, WORLD_KNOCKS_ALL, keys);

	plan->head.knock_mode = draft->world->knock_rules.mode;
	plan->knocks = memory_new(count, sizeof *plan->knocks);
	for (size_t i = 0; i < count; i++) {
		struct message_knock *knock = &plan->knocks[plan->head.knocks++];

		knock->epoch = keys[i].epoch;
		knock->class = (uint8_t)keys[i].class;
		memcpy(knock->key, keys[i].key, sizeof knock->key);
	}
	bytes_wipe(keys, sizeof keys);
}

/* Makes room for what can be counted; ERR_RANGE. */
static int begin(struct draft *draft)
{
	const struct world *world = draft->world;
	struct plan *plan = draft->plan;
	size_t members = world->device_count + world->gateway_count + world->invite_count;
	size_t roles = policy_role_count(draft->compiled) + ROLES_OF_OURS;

	if (members > MESSAGE_PEERS_MAX || roles > MESSAGE_ROLES_MAX ||
		world->service_count > MESSAGE_SERVICES_MAX)
		return ERR_RANGE;
	plan->peers = memory_new(members, sizeof *plan->peers);
	plan->prefixes = memory_new(ADDRESSES * members, sizeof *plan->prefixes);
	plan->devices = memory_new(members, sizeof *plan->devices);
	plan->roles = memory_new(roles, sizeof *plan->roles);
	plan->services = memory_new(world->service_count, sizeof *plan->services);
	draft->service_ids = memory_new(world->service_count, sizeof *draft->service_ids);
	return 0;
}

int plan_init(struct plan *ret_plan, const struct world *world,
	const struct policy_compiled *compiled, uint64_t version, uint64_t now_ns)
{
	struct draft draft = {
		.plan = ret_plan, .world = world, .compiled = compiled, .now_ns = now_ns};

	*ret_plan = (struct plan){.head.version = version};
	int err = begin(&draft);
	if (err < 0)
		return err;
	add_members(&draft);
	add_roles(&draft);
	add_services(&draft);
	add_knocks(&draft);
	err = add_grants(&draft);
	free(draft.service_ids);
	if (err < 0)
		plan_done(ret_plan);
	return err;
}

void plan_done(struct plan *plan)
{
	if (plan->peers)
		bytes_wipe(plan->peers, plan->head.peers * sizeof *plan->peers);
	if (plan->knocks)
		bytes_wipe(plan->knocks, plan->head.knocks * sizeof *plan->knocks);
	free(plan->knocks);
	free(plan->peers);
	free(plan->prefixes);
	free(plan->roles);
	free(plan->devices);
	free(plan->services);
	free(plan->grants);
	*plan = (struct plan){0};
}
