/* SPDX-License-Identifier: ISC */
#include "controller/netmaps.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/siphash.h"
#include "controller/answer.h"
#include "controller/knocks.h"
#include "controller/rollout.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	VERSION_BITS = 53, /* that every reader of JSON can hold */
	STARTING_S = 3,	   /* until the first plan is in force, as long as that takes */
};

static enum netmap_state state_of(enum store_device_state state)
{
	switch (state) {
	case STORE_DEVICE_ACTIVE:
		return NETMAP_ACTIVE;
	case STORE_DEVICE_PENDING:
		return NETMAP_PENDING;
	case STORE_DEVICE_QUARANTINED:
	case STORE_DEVICE_REVOKED:
		break;
	}
	return NETMAP_QUARANTINED;
}

/* Texts of the store fit: both sizes are of the same names. */
#define COPY_TEXT(to, from) (void)snprintf((to), sizeof(to), "%.*s", (int)sizeof(to) - 1, (from))

/* The key of that number, where it is there still. */
static void add_knock(const struct world *world, uint64_t number, struct netmap_knock *to)
{
	const struct store_knock *knock = number ? world_knock(world, number) : NULL;

	if (!knock)
		return;
	to->is_there = true;
	to->epoch = store_knock_epoch(knock->number);
	memcpy(to->key, knock->key, sizeof to->key);
}

static void add_gateway(const struct world *world, size_t index, struct netmap *netmap)
{
	const struct store_gateway *from = &world->gateways[index];
	struct netmap_gateway *to = &netmap->gateways[netmap->gateway_count++];

	COPY_TEXT(to->name, from->name);
	COPY_TEXT(to->endpoint, index == 0 ? world->network.endpoint : from->endpoint);
	memcpy(to->public_key, from->public_key, sizeof to->public_key);
	to->ipv4 = from->ipv4;
	to->ipv6 = from->ipv6;
}

static bool is_needed(const struct netmap *netmap, const struct store_gateway *gateway)
{
	for (size_t i = 0; i < netmap->service_count; i++) {
		if (strcmp(netmap->services[i].gateway, gateway->name) == 0)
			return true;
	}
	return false;
}

/* The controller's own, and those with services that the device may use. */
static void add_gateways(const struct controller *controller, const struct store_device *device,
	struct netmap *netmap)
{
	const struct world *world = &controller->world;

	netmap->gateways = memory_new(world->gateway_count, sizeof *netmap->gateways);
	for (size_t i = 0; i < world->gateway_count; i++) {
		if (i > 0 && !is_needed(netmap, &world->gateways[i]))
			continue;
		add_gateway(world, i, netmap);
		add_knock(world, knocks_number_at(controller, i, device->knock_told),
			&netmap->gateways[netmap->gateway_count - 1].knock);
	}
}

static int compare_services(const void *a, const void *b)
{
	const struct netmap_service *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static void add_service(const struct world_service *service, struct netmap *netmap)
{
	struct netmap_service *to = &netmap->services[netmap->service_count++];

	COPY_TEXT(to->name, service->store.name);
	COPY_TEXT(to->gateway, service->store.gateway);
	to->vip = plan_vip(service);
	to->port = service->store.vip_port;
	to->protocol = service->target.protocol == POLICY_UDP ? IPPROTO_UDP : IPPROTO_TCP;
}

/* What its role is granted by the plan in force. */
static void add_services(
	struct controller *controller, const struct store_device *device, struct netmap *netmap)
{
	const struct policy_compiled *compiled = rollout_in_force(controller);
	struct world *world = &controller->world;
	uint32_t id;

	netmap->services = memory_new(world->service_count, sizeof *netmap->services);
	if (!compiled || netmap->state != NETMAP_ACTIVE)
		return;
	struct policy_grants grants =
		policy_grants_of(compiled, policy_role_of(compiled, (uint32_t)device->id));
	while (policy_grants_next(&grants, &id)) {
		const struct world_service *service = world_service_of_id(world, id);

		if (service && service->has_target)
			add_service(service, netmap);
	}
	qsort(netmap->services, netmap->service_count, sizeof *netmap->services, compare_services);
}

/* A hash of all that is in it; every byte of it was set, those between members to zero. */
static uint64_t version_of(const struct netmap *netmap)
{
	struct siphash_key key = {0};
	struct netmap head = {0};

	memcpy(&head, netmap, sizeof head);
	head.gateways = NULL;
	head.services = NULL;
	key.k0 = siphash(&key, &head, sizeof head);
	key.k1 = siphash(&key, netmap->gateways, netmap->gateway_count * sizeof *netmap->gateways);
	uint64_t hash =
		siphash(&key, netmap->services, netmap->service_count * sizeof *netmap->services);
	hash >>= 64 - VERSION_BITS;
	return hash ? hash : 1;
}

/* What is the same for all. */
static void begin(const struct controller *controller, struct netmap *ret_netmap)
{
	const struct world *world = &controller->world;

	memset(ret_netmap, 0, sizeof *ret_netmap);
	COPY_TEXT(ret_netmap->network, world->network.name);
	ret_netmap->overlay_ipv4 = world->network.overlay.ipv4;
	ret_netmap->overlay_ipv6 = world->network.overlay.ipv6;
	ret_netmap->control_port = controller->config->control_port;
}

/* As it is in force. Release by netmap_done(). */
static void make(struct controller *controller, const struct store_device *device,
	enum store_device_state state, struct netmap *ret_netmap)
{
	begin(controller, ret_netmap);
	COPY_TEXT(ret_netmap->user, device->user);
	COPY_TEXT(ret_netmap->device, device->name);
	ret_netmap->state = state_of(state);
	ret_netmap->ipv4 = device->ipv4;
	ret_netmap->ipv6 = device->ipv6;
	add_services(controller, device, ret_netmap);
	add_gateways(controller, device, ret_netmap);
	ret_netmap->version = version_of(ret_netmap);
}

void netmaps_of_gateway(const struct controller *controller, const struct store_gateway *gateway,
	struct netmap *ret_netmap)
{
	begin(controller, ret_netmap);
	COPY_TEXT(ret_netmap->user, gateway->name);
	COPY_TEXT(ret_netmap->device, gateway->name);
	ret_netmap->ipv4 = gateway->ipv4;
	ret_netmap->ipv6 = gateway->ipv6;
	ret_netmap->gateways = memory_new(1, sizeof *ret_netmap->gateways);
	add_gateway(&controller->world, 0, ret_netmap);
	/* what is being put in force here as it is told; the gateway has it a little later */
	const struct store_knock *newest = world_newest_knock(&controller->world);
	add_knock(&controller->world, newest ? newest->number : 0, &ret_netmap->gateways[0].knock);
}

json_t *netmaps_encode(struct controller *controller, uint64_t id, const struct message_done *done)
{
	const struct store_device *device = world_device_of_id(&controller->world, id);
	enum store_device_state state;
	struct netmap netmap;

	(void)done;
	if (!device || !rollout_state(controller, id, &state))
		return NULL;
	knocks_tell_device(controller, device);
	make(controller, device, state, &netmap);
	json_t *json = netmap_encode(&netmap);
	netmap_done(&netmap);
	return json;
}

/* Answers unless the device has it already, or is not in force yet; true: answered. */
static bool answer(struct controller *controller, struct server_request *request, uint64_t id,
	uint64_t known_version)
{
	const struct store_device *device = world_device_of_id(&controller->world, id);
	enum store_device_state state;
	struct netmap netmap;

	if (!device) {
		/* it cannot hear this any more, but its connection ends */
		server_refuse(request, ERR_NOT_FOUND, "no device of that address lives");
		return true;
	}
	if (!rollout_state(controller, id, &state))
		return false;
	knocks_tell_device(controller, device);
	make(controller, device, state, &netmap);
	bool is_news = netmap.version != known_version;
	if (is_news)
		server_answer(request, 200, netmap_encode(&netmap));
	netmap_done(&netmap);
	return is_news;
}

void netmaps_changed(struct controller *controller)
{
	knocks_tell_waiting(controller);
	polls_changed(&controller->netmaps);
}

void netmaps_init(struct controller *controller)
{
	struct polls *polls = &controller->netmaps;

	*polls = (struct polls){
		.controller = controller, .loop = controller->loop, .answer = answer};
	polls_init(polls);
}

void netmaps_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	const struct address address = controller->asker(server_peer(request));
	const struct store_device *device = world_device_at(&controller->world, &address);
	uint64_t version = 0, wait_s = 0, epoch = UINT64_MAX;

	(void)words;
	(void)body;
	if (!answer_query_number(request, "version", UINT64_MAX, &version) ||
		!answer_query_number(request, "knock", UINT16_MAX, &epoch) ||
		!answer_query_number(request, "wait", POLLS_WAIT_MAX_S, &wait_s))
		return;
	if (!device) {
		server_refuse(request, ERR_NOT_FOUND, "no device of that address lives");
		return;
	}
	if (epoch <= UINT16_MAX)
		knocks_heard(controller,
			&(const struct store_knock_news){.holder = device->id,
				.has = world_knock_of_epoch(&controller->world, (uint16_t)epoch)});
	if (wait_s == 0) {
		version = 0; /* no netmap has it */
		wait_s = STARTING_S;
	}
	if (!answer(controller, request, device->id, version))
		polls_wait(&controller->netmaps, request, device->id, version, wait_s);
}
