/* SPDX-License-Identifier: ISC */
/* From a model to elements; the rest of gateway/elements.h is in elements.c. */
#include "base/error.h"
#include "base/memory.h"
#include "gateway/elements.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

/* What a number or id stands for. */
struct entry {
	uint32_t id;
	uint32_t index; /* in the model's array */
};

/* Roles or services, sorted by number or id. */
struct index {
	struct entry *entries;
	size_t count;
};

/* What is built from what. */
struct build {
	const struct model *model;
	struct index roles;
	struct index services;
	struct elements elements;
};

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

/* Sorts. -EEXIST: an id is there twice. */
static int index_sort(struct index *index)
{
	if (index->count == 0)
		return 0;
	qsort(index->entries, index->count, sizeof *index->entries, compare_entries);
	for (size_t i = 1; i < index->count; i++) {
		if (index->entries[i - 1].id == index->entries[i].id)
			return -EEXIST;
	}
	return 0;
}

/* The index of an id into the model's array; -ENOENT. */
static int64_t index_find(const struct index *index, uint32_t id)
{
	struct entry key = {.id = id};
	const struct entry *entry = NULL;

	if (index->count > 0)
		entry = bsearch(&key, index->entries, index->count, sizeof key, compare_entries);
	return entry ? (int64_t)entry->index : -ENOENT;
}

/* The list of a pair that is the address's family's. */
static enum elements_set of_family(enum elements_set ipv4, const struct address *address)
{
	return address->family == ADDRESS_IPV4 ? ipv4 : ipv4 + 1;
}

/* Whether it is the address of one host that is not of the overlay. */
static bool can_be_target(const struct model *model, const struct address *address)
{
	static const struct address ipv6_any = {.family = ADDRESS_IPV6};

	if (model_overlay_has(&model->tunnel, address) || address_equal(address, &ipv6_any))
		return false;
	if (address->family == ADDRESS_IPV4)
		return address->bytes[0] != 0 && address->bytes[0] < 224;
	bool is_link_local = address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
	return address->family == ADDRESS_IPV6 && address->bytes[0] != 0xff && !is_link_local;
}

/* Whether it is another's than the gateway's in the overlay of its family. */
static bool can_be_inside(
	const struct model *model, const struct address *address, enum address_family family)
{
	const struct model_tunnel *tunnel = &model->tunnel;

	return address->family == family && model_overlay_has(tunnel, address) &&
	       !address_equal(address, &tunnel->ipv4) && !address_equal(address, &tunnel->ipv6);
}

/* Grants a role an endpoint. */
static void grant(
	struct build *build, uint32_t role, const struct address *vip, struct model_service what)
{
	struct nftset_element element = elements_grant(role, vip, what.protocol, what.port);

	if (vip->family != ADDRESS_NONE)
		elements_append(&build->elements, of_family(ELEMENTS_GRANTS4, vip), &element);
}

/* Leads an endpoint to a target of the same family. */
static void lead(struct build *build, const struct address *vip, struct model_service what)
{
	struct nftset_element element = elements_endpoint(vip, what.protocol, what.port);

	if (vip->family == ADDRESS_NONE)
		return;
	elements_lead(&element, &what.target, what.target_port);
	elements_append(&build->elements, of_family(ELEMENTS_TARGETS4, vip), &element);
}

/* The virtual address that a service is reached by. */
static const struct address *vip_of(const struct model_service *service)
{
	return service->target.family == ADDRESS_IPV4 ? &service->vip_ipv4 : &service->vip_ipv6;
}

/* The gateway's own ports: whoever is in the way of them later, they lead to themselves. */
static void add_own_port(struct build *build, uint16_t port)
{
	const struct model_tunnel *tunnel = &build->model->tunnel;
	struct model_service own = {.protocol = IPPROTO_TCP, .port = port, .target_port = port};

	own.target = tunnel->ipv4;
	lead(build, &tunnel->ipv4, own);
	own.target = tunnel->ipv6;
	lead(build, &tunnel->ipv6, own);
}

static void add_own_ports(struct build *build)
{
	const struct model_tunnel *tunnel = &build->model->tunnel;

	add_own_port(build, tunnel->control_port);
	if (tunnel->enrol_port != tunnel->control_port)
		add_own_port(build, tunnel->enrol_port);
}

/* Each role reaches one port of the gateway's own. ERR_RANGE, -EEXIST. */
static int add_roles(struct build *build)
{
	const struct model *model = build->model;

	build->roles.entries = memory_new(model->role_count + 1, sizeof(struct entry));
	for (size_t i = 0; i < model->role_count; i++) {
		const struct model_role *role = &model->roles[i];
		struct model_service own = {.protocol = IPPROTO_TCP};
		if (role->number == 0 || role->number > MODEL_ROLE_GREATEST)
			return ERR_RANGE;
		own.port = role->kind == MODEL_ROLE_INVITED ? model->tunnel.enrol_port
							    : model->tunnel.control_port;
		grant(build, role->number, &model->tunnel.ipv4, own);
		grant(build, role->number, &model->tunnel.ipv6, own);
		build->roles.entries[build->roles.count++] =
			(struct entry){.id = role->number, .index = (uint32_t)i};
	}
	return index_sort(&build->roles);
}

/* One address of a device. ERR_RANGE. */
static int add_device_address(struct build *build, const struct address *address, uint32_t role,
	enum address_family family)
{
	if (address->family == ADDRESS_NONE)
		return 0;
	if (!can_be_inside(build->model, address, family))
		return ERR_RANGE;
	struct nftset_element element = elements_device(address);
	memcpy(element.data, &role, sizeof role);
	elements_append(&build->elements, of_family(ELEMENTS_ROLES4, address), &element);
	return 0;
}

/* ERR_RANGE, -ENOENT. */
static int add_devices(struct build *build)
{
	for (size_t i = 0; i < build->model->device_count; i++) {
		const struct model_device *device = &build->model->devices[i];
		if (index_find(&build->roles, device->role) < 0)
			return -ENOENT;
		int result = add_device_address(build, &device->ipv4, device->role, ADDRESS_IPV4);
		if (result == 0)
			result = add_device_address(
				build, &device->ipv6, device->role, ADDRESS_IPV6);
		if (result < 0)
			return result;
	}
	return 0;
}

/* Whether a service is one that can be. */
static bool is_service(const struct model *model, const struct model_service *service)
{
	if (service->protocol != IPPROTO_TCP && service->protocol != IPPROTO_UDP)
		return false;
	if (service->port == 0 || service->target_port == 0 ||
		!can_be_target(model, &service->target))
		return false;
	return (service->vip_ipv4.family == ADDRESS_NONE ||
		       can_be_inside(model, &service->vip_ipv4, ADDRESS_IPV4)) &&
	       (service->vip_ipv6.family == ADDRESS_NONE ||
		       can_be_inside(model, &service->vip_ipv6, ADDRESS_IPV6));
}

/* ERR_RANGE, -EEXIST. */
static int add_services(struct build *build)
{
	const struct model *model = build->model;

	build->services.entries = memory_new(model->service_count + 1, sizeof(struct entry));
	for (size_t i = 0; i < model->service_count; i++) {
		const struct model_service *service = &model->services[i];
		if (!is_service(model, service))
			return ERR_RANGE;
		lead(build, vip_of(service), *service);
		build->services.entries[build->services.count++] =
			(struct entry){.id = service->id, .index = (uint32_t)i};
	}
	return index_sort(&build->services);
}

/* -ENOENT; ERR_RANGE: the role is an invited one. */
static int add_grants(struct build *build)
{
	const struct model *model = build->model;

	for (size_t i = 0; i < model->grant_count; i++) {
		const struct model_grant *granted = &model->grants[i];
		int64_t role = index_find(&build->roles, granted->role);
		int64_t service = index_find(&build->services, granted->service);
		if (role < 0 || service < 0)
			return -ENOENT;
		if (model->roles[role].kind != MODEL_ROLE_ENROLLED)
			return ERR_RANGE;
		grant(build, granted->role, vip_of(&model->services[service]),
			model->services[service]);
	}
	return 0;
}

int elements_build(const struct model *model, struct elements *ret_elements)
{
	struct build build = {.model = model};

	int result = model_check_tunnel(&model->tunnel);
	if (result == 0) {
		add_own_ports(&build);
		result = add_roles(&build);
	}
	if (result == 0)
		result = add_devices(&build);
	if (result == 0)
		result = add_services(&build);
	if (result == 0)
		result = add_grants(&build);
	if (result == 0)
		result = elements_sort(&build.elements);
	free(build.roles.entries);
	free(build.services.entries);
	if (result < 0)
		elements_done(&build.elements);
	else
		*ret_elements = build.elements;
	return result;
}
