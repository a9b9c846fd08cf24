/* SPDX-License-Identifier: ISC */
#include "controller/netmaps.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/siphash.h"
#include "controller/answer.h"
#include "controller/rollout.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	VERSION_BITS = 53, /* that every reader of JSON can hold */
	STARTING_S = 3,	   /* until the first plan is in force, as long as that takes */
};

/* A device that waits. */
struct poller {
	struct poller *next;
	struct controller *controller;
	struct server_request *request;
	uint64_t device, version;
	uint64_t deadline_ms; /* of the loop's clock */
};

static void look_at_deadlines(uv_timer_t *timer);

void netmaps_init(struct controller *controller)
{
	if (uv_timer_init(controller->loop, &controller->netmaps.deadline) < 0)
		abort(); /* cannot fail */
	controller->netmaps.deadline.data = controller;
}

void netmaps_done(struct controller *controller)
{
	while (controller->netmaps.pollers) {
		struct poller *poller = controller->netmaps.pollers;

		controller->netmaps.pollers = poller->next;
		free(poller);
	}
	uv_close((uv_handle_t *)&controller->netmaps.deadline, NULL);
}

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

static void add_gateways(const struct world *world, struct netmap *netmap)
{
	size_t count = world->gateway_count;

	if (count > NETMAP_GATEWAYS_MAX)
		count = NETMAP_GATEWAYS_MAX;
	netmap->gateways = memory_new(count, sizeof *netmap->gateways);
	netmap->gateway_count = count;
	for (size_t i = 0; i < count; i++) {
		const struct store_gateway *from = &world->gateways[i];
		struct netmap_gateway *to = &netmap->gateways[i];

		COPY_TEXT(to->name, from->name);
		COPY_TEXT(to->endpoint, i == 0 ? world->network.endpoint : from->endpoint);
		memcpy(to->public_key, from->public_key, sizeof to->public_key);
		to->ipv4 = from->ipv4;
		to->ipv6 = from->ipv6;
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

		if (service && plan_has_service(world, service))
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

/* As it is in force. Release by netmap_done(). */
static void make(struct controller *controller, const struct store_device *device,
	enum store_device_state state, struct netmap *ret_netmap)
{
	const struct world *world = &controller->world;

	memset(ret_netmap, 0, sizeof *ret_netmap);
	COPY_TEXT(ret_netmap->network, world->network.name);
	COPY_TEXT(ret_netmap->user, device->user);
	COPY_TEXT(ret_netmap->device, device->name);
	ret_netmap->state = state_of(state);
	ret_netmap->ipv4 = device->ipv4;
	ret_netmap->ipv6 = device->ipv6;
	ret_netmap->overlay_ipv4 = world->network.overlay.ipv4;
	ret_netmap->overlay_ipv6 = world->network.overlay.ipv6;
	ret_netmap->control_port = controller->config->control_port;
	add_gateways(world, ret_netmap);
	add_services(controller, device, ret_netmap);
	ret_netmap->version = version_of(ret_netmap);
}

json_t *netmaps_encode(struct controller *controller, uint64_t id, const struct message_done *done)
{
	const struct store_device *device = world_device_of_id(&controller->world, id);
	enum store_device_state state;
	struct netmap netmap;

	(void)done;
	if (!device || !rollout_state(controller, id, &state))
		return NULL;
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
	make(controller, device, state, &netmap);
	bool is_news = netmap.version != known_version;
	if (is_news)
		server_answer(request, 200, netmap_encode(&netmap));
	netmap_done(&netmap);
	return is_news;
}

/* Has the timer wait for the poller that has waited longest. */
static void set_timer(struct controller *controller)
{
	uint64_t now_ms = uv_now(controller->loop), first_ms = UINT64_MAX;
	uv_timer_t *timer = &controller->netmaps.deadline;

	for (struct poller *poller = controller->netmaps.pollers; poller; poller = poller->next) {
		if (poller->deadline_ms < first_ms)
			first_ms = poller->deadline_ms;
	}
	(void)uv_timer_stop(timer); /* cannot fail */
	if (first_ms == UINT64_MAX)
		return;
	if (uv_timer_start(timer, look_at_deadlines, first_ms > now_ms ? first_ms - now_ms : 0, 0) <
		0)
		abort(); /* cannot fail */
}

/* Takes out of the list those that `is_over` has answered. */
static void sweep(struct controller *controller, bool (*is_over)(struct poller *poller))
{
	struct poller **at = &controller->netmaps.pollers;

	while (*at) {
		struct poller *poller = *at;

		if (!is_over(poller)) {
			at = &poller->next;
			continue;
		}
		*at = poller->next;
		free(poller);
	}
	set_timer(controller);
}

static bool has_waited(struct poller *poller)
{
	if (poller->deadline_ms > uv_now(poller->controller->loop))
		return false;
	if (poller->version == 0)
		server_refuse(poller->request, -EAGAIN,
			"what the device may reach is not in force yet: ask again");
	else
		server_answer(poller->request, 204, NULL);
	return true;
}

static bool has_news(struct poller *poller)
{
	return answer(poller->controller, poller->request, poller->device, poller->version);
}

static void look_at_deadlines(uv_timer_t *timer)
{
	sweep(timer->data, has_waited);
}

void netmaps_changed(struct controller *controller)
{
	sweep(controller, has_news);
}

static void poller_gone(void *context, struct server_request *request)
{
	struct poller *poller = context;
	struct poller **at = &poller->controller->netmaps.pollers;

	assert(poller->request == request);
	while (*at != poller)
		at = &(*at)->next;
	*at = poller->next;
	free(poller);
}

/* Keeps the request until there is something else to say, or it has waited. */
static void wait(struct controller *controller, struct server_request *request,
	const struct poller *like, uint64_t wait_s)
{
	struct poller *poller = memory_new(1, sizeof *poller);

	*poller = *like;
	poller->controller = controller;
	poller->request = request;
	poller->deadline_ms = uv_now(controller->loop) + wait_s * 1000;
	poller->next = controller->netmaps.pollers;
	controller->netmaps.pollers = poller;
	server_keep(request, poller_gone, poller);
	set_timer(controller);
}

void netmaps_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	const struct address address = controller->asker(server_peer(request));
	const struct store_device *device = world_device_at(&controller->world, &address);
	uint64_t version = 0, wait_s = 0;

	(void)words;
	(void)body;
	if (!answer_query_number(request, "version", UINT64_MAX, &version) ||
		!answer_query_number(request, "wait", NETMAPS_WAIT_MAX_S, &wait_s))
		return;
	if (!device) {
		server_refuse(request, ERR_NOT_FOUND, "no device of that address lives");
		return;
	}
	if (wait_s == 0) {
		version = 0; /* no netmap has it */
		wait_s = STARTING_S;
	}
	const struct poller like = {.device = device->id, .version = version};
	if (!answer(controller, request, device->id, version))
		wait(controller, request, &like, wait_s);
}
