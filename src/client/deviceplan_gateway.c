/* SPDX-License-Identifier: ISC */
/* What shall be in force on a gateway, from what its controller told it. */
#include "client/deviceplan.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
	ADDRESSES = 2,	   /* of a peer: one of each family */
	ROLE_ENROLLED = 0, /* as enum model_role_kind of the gateway has it, another part */
};

static void add_prefix(struct deviceplan *plan, const struct address *address)
{
	plan->prefixes[plan->head.prefixes++].prefix =
		(struct prefix){.address = *address, .length = address_bits(address->family)};
	plan->peers[plan->head.peers].prefix_count++;
}

/* The first peer; its pre-shared key is the parent's to add. */
static void add_controller(
	struct deviceplan *plan, const struct netmap *netmap, const struct endpoint *endpoint)
{
	const struct netmap_gateway *controller = &netmap->gateways[0];
	struct message_peer *peer = &plan->peers[0];

	memcpy(peer->public_key, controller->public_key, sizeof peer->public_key);
	peer->endpoint = *endpoint;
	peer->keepalive_s = DEVICEPLAN_KEEPALIVE_S;
	peer->knock = deviceplan_knock(&controller->knock);
	add_prefix(plan, &controller->ipv4);
	add_prefix(plan, &controller->ipv6);
	plan->head.peers++;
}

static void add_device(struct deviceplan *plan, const struct gatewayplan_device *device)
{
	struct message_peer *peer = &plan->peers[plan->head.peers];

	memcpy(peer->public_key, device->public_key, sizeof peer->public_key);
	memcpy(peer->preshared_key, device->preshared_key, sizeof peer->preshared_key);
	add_prefix(plan, &device->ipv4);
	add_prefix(plan, &device->ipv6);
	plan->head.peers++;
	plan->devices[plan->head.devices++] =
		(struct message_device){device->ipv4, device->ipv6, device->role};
}

static int compare_roles(const void *a, const void *b)
{
	const struct message_role *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

/* Those of the devices, each once. */
static void add_roles(struct deviceplan *plan)
{
	uint32_t kept = 0;

	plan->roles = memory_new(plan->head.devices, sizeof *plan->roles);
	for (uint32_t i = 0; i < plan->head.devices; i++)
		plan->roles[i] = (struct message_role){plan->devices[i].role, ROLE_ENROLLED};
	if (plan->head.devices > 0)
		qsort(plan->roles, plan->head.devices, sizeof *plan->roles, compare_roles);
	for (uint32_t i = 0; i < plan->head.devices; i++) {
		if (kept == 0 || plan->roles[kept - 1].number != plan->roles[i].number)
			plan->roles[kept++] = plan->roles[i];
	}
	plan->head.roles = kept;
}

static void add_services(struct deviceplan *plan, const struct gatewayplan *told)
{
	plan->services = memory_new(told->service_count, sizeof *plan->services);
	for (size_t i = 0; i < told->service_count; i++) {
		const struct gatewayplan_service *service = &told->services[i];

		plan->services[plan->head.services++] = (struct message_service){
			.id = service->id,
			.vip_ipv4 = service->vip_ipv4,
			.vip_ipv6 = service->vip_ipv6,
			.target = service->target.remote,
			.port = service->port,
			.target_port = service->target.port,
			.protocol = service->protocol,
		};
	}
}

/* Of roles that a device has: no other means anything. */
static void add_grants(struct deviceplan *plan, const struct gatewayplan *told)
{
	plan->grants = memory_new(told->grant_count, sizeof *plan->grants);
	for (size_t i = 0; i < told->grant_count; i++) {
		const struct gatewayplan_grant *grant = &told->grants[i];
		const struct message_role wanted = {.number = grant->role};

		if (plan->head.roles > 0 && bsearch(&wanted, plan->roles, plan->head.roles,
						    sizeof wanted, compare_roles))
			plan->grants[plan->head.grants++] =
				(struct message_grant){grant->role, grant->service};
	}
}

static void add_knocks(struct deviceplan *plan, const struct gatewayplan *told)
{
	plan->head.knock_mode = told->knock_mode;
	plan->knocks = memory_new(told->knock_count, sizeof *plan->knocks);
	for (size_t i = 0; i < told->knock_count; i++) {
		const struct knock_key *key = &told->knocks[i];
		struct message_knock *knock = &plan->knocks[plan->head.knocks++];

		*knock = (struct message_knock){.epoch = key->epoch, .class = (uint8_t)key->class};
		memcpy(knock->key, key->key, sizeof knock->key);
	}
}

void deviceplan_make_gateway(const struct netmap *netmap, const struct gatewayplan *told,
	const struct endpoint *endpoint, struct deviceplan *ret_plan)
{
	struct deviceplan plan = {0};
	size_t peers = told->device_count + 1;

	plan.peers = memory_new(peers, sizeof *plan.peers);
	plan.prefixes = memory_new(ADDRESSES * peers, sizeof *plan.prefixes);
	plan.devices = memory_new(told->device_count, sizeof *plan.devices);
	add_controller(&plan, netmap, endpoint);
	for (size_t i = 0; i < told->device_count; i++)
		add_device(&plan, &told->devices[i]);
	add_roles(&plan);
	add_services(&plan, told);
	add_grants(&plan, told);
	add_knocks(&plan, told);
	*ret_plan = plan;
}
