/* SPDX-License-Identifier: ISC */
#include "controller/world.h"

#include "base/memory.h"
#include "controller/world_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name comes behind the id in a service, so this looks for itself. */
static size_t place_of_service(const struct world *world, const char *name)
{
	size_t from = 0, to = world->service_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (strcmp(world->services[middle].store.name, name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

size_t world_find_service(const struct world *world, const char *name)
{
	size_t at = place_of_service(world, name);
	bool is_it = at < world->service_count && strcmp(world->services[at].store.name, name) == 0;

	return is_it ? at : WORLD_NONE;
}

const struct store_device *world_device(
	const struct world *world, const char *user, const char *name)
{
	for (size_t i = 0; i < world->device_count; i++) {
		const struct store_device *device = &world->devices[i];

		if (strcmp(device->name, name) == 0 && strcmp(device->user, user) == 0)
			return device;
	}
	return NULL;
}

/* Where the device of that id is, or would be. */
static size_t place_of_device(const struct world *world, uint64_t id)
{
	size_t from = 0, to = world->device_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (world->devices[middle].id < id)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

const struct store_device *world_device_of_id(const struct world *world, uint64_t id)
{
	size_t at = place_of_device(world, id);
	bool is_it = at < world->device_count && world->devices[at].id == id;

	return is_it ? &world->devices[at] : NULL;
}

const struct store_device *world_device_at(const struct world *world, const struct address *address)
{
	for (size_t i = 0; i < world->device_count; i++) {
		const struct store_device *device = &world->devices[i];

		if (address_equal(&device->ipv4, address) || address_equal(&device->ipv6, address))
			return device;
	}
	return NULL;
}

static int compare_services(const void *a, const void *b, void *context)
{
	const struct world_service *services = context;
	uint64_t left = services[*(const uint32_t *)a].store.id;
	uint64_t right = services[*(const uint32_t *)b].store.id;

	return (left > right) - (left < right);
}

static void order_services(struct world *world)
{
	world->services_by_id = memory_new(world->service_count, sizeof *world->services_by_id);
	for (uint32_t i = 0; i < world->service_count; i++)
		world->services_by_id[i] = i;
	qsort_r(world->services_by_id, world->service_count, sizeof *world->services_by_id,
		compare_services, world->services);
}

const struct world_service *world_service_of_id(struct world *world, uint32_t id)
{
	size_t from = 0, to = world->service_count;

	if (!world->services_by_id)
		order_services(world);
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct world_service *service =
			&world->services[world->services_by_id[middle]];

		if (service->store.id == id)
			return service;
		if (service->store.id < id)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

/* The services are about to change. */
static void forget_order(struct world *world)
{
	free(world->services_by_id);
	world->services_by_id = NULL;
}

struct world_invite *world_invite_at(struct world *world, const struct address *address)
{
	for (size_t i = 0; i < world->invite_count; i++) {
		const struct store_invite *invite = &world->invites[i].store;

		if (address_equal(&invite->ipv4, address) || address_equal(&invite->ipv6, address))
			return &world->invites[i];
	}
	return NULL;
}

void world_put_device(struct world *world, const struct store_device *device)
{
	size_t at = place_of_device(world, device->id);

	if (at == world->device_count || world->devices[at].id != device->id) {
		world->devices = list_room(world->devices, world->device_count,
			&world->device_capacity, sizeof *world->devices);
		(void)world_open_gap(
			world->devices, at, world->device_count++, sizeof *world->devices);
	}
	world->devices[at] = *device;
}

void world_remove_device(struct world *world, uint64_t id)
{
	size_t at = place_of_device(world, id);

	if (at < world->device_count && world->devices[at].id == id)
		world_close_gap(world->devices, at, world->device_count--, sizeof *world->devices);
}

/* A target that the gateway can be told; that of an older store may be a host's name. */
static void read_target(struct world_service *service)
{
	const struct store_service *store = &service->store;
	struct policy_target *target = &service->target;
	bool is_ipv6 = strchr(store->host, ':') != NULL;
	char text[STORE_HOST_SIZE + 16];

	(void)snprintf(text, sizeof text, is_ipv6 ? "[%s]:%u" : "%s:%u", store->host,
		(unsigned)store->port); /* fits */
	if (policy_target_parse(text, strlen(text), target) < 0)
		return;
	target->protocol = store->protocol == STORE_UDP ? POLICY_UDP : POLICY_TCP;
	service->has_target = true;
}

void world_put_service(struct world *world, const struct store_service *service)
{
	size_t at = place_of_service(world, service->name);

	forget_order(world);
	if (at == world->service_count ||
		strcmp(world->services[at].store.name, service->name) != 0) {
		world->services = list_room(world->services, world->service_count,
			&world->service_capacity, sizeof *world->services);
		(void)world_open_gap(
			world->services, at, world->service_count++, sizeof *world->services);
	}
	world->services[at] = (struct world_service){.store = *service};
	read_target(&world->services[at]);
}

void world_remove_service(struct world *world, const char *name)
{
	size_t at = world_find_service(world, name);

	forget_order(world);
	if (at != WORLD_NONE)
		world_close_gap(
			world->services, at, world->service_count--, sizeof *world->services);
}

/* The first is the controller's own. */
const struct store_gateway *world_gateway_of_id(const struct world *world, uint64_t id)
{
	for (size_t i = 1; i < world->gateway_count; i++) {
		if (world->gateways[i].id == id)
			return &world->gateways[i];
	}
	return NULL;
}

const struct store_gateway *world_gateway_at(
	const struct world *world, const struct address *address)
{
	for (size_t i = 1; i < world->gateway_count; i++) {
		const struct store_gateway *gateway = &world->gateways[i];

		if (address_equal(&gateway->ipv4, address) ||
			address_equal(&gateway->ipv6, address))
			return gateway;
	}
	return NULL;
}

void world_add_gateway(struct world *world, const struct store_gateway *gateway)
{
	world->gateways = list_room(world->gateways, world->gateway_count, &world->gateway_capacity,
		sizeof *world->gateways);
	world->gateways[world->gateway_count++] = *gateway;
}

void world_remove_gateway(struct world *world, uint64_t id)
{
	for (size_t i = 1; i < world->gateway_count; i++) {
		if (world->gateways[i].id != id)
			continue;
		world_close_gap(
			world->gateways, i, world->gateway_count--, sizeof *world->gateways);
		return;
	}
}

void world_add_invite(struct world *world, const struct store_invite *invite)
{
	/* ids grow, so it is the last */
	world->invites = list_room(world->invites, world->invite_count, &world->invite_capacity,
		sizeof *world->invites);
	world->invites[world->invite_count++] = (struct world_invite){.store = *invite};
}

void world_remove_invite(struct world *world, uint64_t id)
{
	for (size_t i = 0; i < world->invite_count; i++) {
		if (world->invites[i].store.id != id)
			continue;
		world_close_gap(world->invites, i, world->invite_count--, sizeof *world->invites);
		return;
	}
}

void world_set_policy(struct world *world, struct policy_document *document, uint64_t version)
{
	policy_document_free(world->document);
	world->document = document;
	world->policy_version = version;
}

void world_done(struct world *world)
{
	/* list_room() moves without wiping, but what it leaves behind is glibc's to reuse only */
	world_wipe(world->devices, 0, world->device_count, sizeof *world->devices);
	world_wipe(world->gateways, 0, world->gateway_count, sizeof *world->gateways);
	world_wipe(world->invites, 0, world->invite_count, sizeof *world->invites);
	world_wipe(world->knocks, 0, world->knock_count, sizeof *world->knocks);
	policy_document_free(world->document);
	free(world->gateways);
	free(world->users);
	free(world->groups);
	free(world->members);
	free(world->devices);
	free(world->services);
	free(world->services_by_id);
	free(world->invites);
	free(world->knocks);
	*world = (struct world){0};
}
