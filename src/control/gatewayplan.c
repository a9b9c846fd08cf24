/* SPDX-License-Identifier: ISC */
#include "control/gatewayplan.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/siphash.h"
#include "control/member.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum {
	VERSION_BITS = 53, /* that every reader of JSON can hold */
};

static const char *const protocols[] = {"tcp", "udp"};
static const uint8_t protocol_numbers[] = {IPPROTO_TCP, IPPROTO_UDP};

static const char *const modes[] = {
	[KNOCK_OFF] = "off",
	[KNOCK_PREFERRED] = "preferred",
	[KNOCK_REQUIRED] = "required",
};

void gatewayplan_done(struct gatewayplan *plan)
{
	if (plan->devices)
		bytes_wipe(plan->devices, plan->device_count * sizeof *plan->devices);
	if (plan->knocks)
		bytes_wipe(plan->knocks, plan->knock_count * sizeof *plan->knocks);
	netmap_done(&plan->netmap);
	free(plan->knocks);
	free(plan->devices);
	free(plan->services);
	free(plan->grants);
	*plan = (struct gatewayplan){0};
}

/* ---- writing ---- */

static json_t *must(json_t *json)
{
	if (!json)
		abort(); /* for want of memory */
	return json;
}

static void append(json_t *array, json_t *what)
{
	if (json_array_append_new(array, must(what)) < 0)
		abort();
}

static json_t *encode_device(const struct gatewayplan_device *device)
{
	char public_key[BASE64_KEY_TEXT_SIZE], preshared_key[BASE64_KEY_TEXT_SIZE];
	char ipv4[ADDRESS_TEXT_SIZE], ipv6[ADDRESS_TEXT_SIZE];
	bool has_key = !bytes_are_zero(device->preshared_key, sizeof device->preshared_key);

	base64_key_format(device->preshared_key, preshared_key);
	json_t *json = json_pack("{s:s, s:s*, s:s, s:s, s:I}", "public_key",
		base64_key_format(device->public_key, public_key), "preshared_key",
		has_key ? preshared_key : NULL, "ipv4", address_format(&device->ipv4, ipv4), "ipv6",
		address_format(&device->ipv6, ipv6), "role", (json_int_t)device->role);
	bytes_wipe(preshared_key, sizeof preshared_key);
	return json;
}

static json_t *encode_service(const struct gatewayplan_service *service)
{
	const char *protocol = protocols[service->protocol == IPPROTO_UDP];
	char ipv4[ADDRESS_TEXT_SIZE], ipv6[ADDRESS_TEXT_SIZE], target[ENDPOINT_TEXT_SIZE];

	return json_pack("{s:I, s:s, s:i, s:s, s:s, s:s}", "id", (json_int_t)service->id,
		"protocol", protocol, "port", service->port, "vip_ipv4",
		address_format(&service->vip_ipv4, ipv4), "vip_ipv6",
		address_format(&service->vip_ipv6, ipv6), "target",
		endpoint_format(&service->target, target));
}

/* Lists of a role and what it is granted: [role, service, service, ...]. */
static json_t *encode_grants(const struct gatewayplan *plan)
{
	json_t *lists = must(json_array()), *list = NULL;

	for (size_t i = 0; i < plan->grant_count; i++) {
		const struct gatewayplan_grant *grant = &plan->grants[i];

		if (i == 0 || grant[-1].role != grant->role) {
			list = must(json_array());
			append(lists, list);
			append(list, json_integer((json_int_t)grant->role));
		}
		append(list, json_integer((json_int_t)grant->service));
	}
	return lists;
}

static json_t *encode_knock(const struct knock_key *knock)
{
	char key[BASE64_KEY_TEXT_SIZE];

	json_t *json = json_pack("{s:i, s:s, s:b}", "epoch", (int)knock->epoch, "key",
		base64_key_format(knock->key, key), "budgeted", knock->class == KNOCK_BUDGETED);
	bytes_wipe(key, sizeof key);
	return json;
}

static json_t *encode_knocks(const struct gatewayplan *plan)
{
	json_t *keys = must(json_array());

	for (size_t i = 0; i < plan->knock_count; i++)
		append(keys, encode_knock(&plan->knocks[i]));
	return must(json_pack("{s:s, s:o}", "mode", modes[plan->knock_mode], "keys", keys));
}

/* Of the text, which says all: nothing of a struct's padding gets in. */
static uint64_t version_of(const json_t *json)
{
	const struct siphash_key key = {0};
	char *text = json_dumps(json, JSON_COMPACT);

	if (!text)
		abort();
	uint64_t hash = siphash(&key, text, strlen(text)) >> (64 - VERSION_BITS);
	bytes_wipe(text, strlen(text));
	free(text);
	return hash ? hash : 1;
}

json_t *gatewayplan_encode(const struct gatewayplan *plan)
{
	json_t *devices = must(json_array()), *services = must(json_array());

	for (size_t i = 0; i < plan->device_count; i++)
		append(devices, encode_device(&plan->devices[i]));
	for (size_t i = 0; i < plan->service_count; i++)
		append(services, encode_service(&plan->services[i]));
	json_t *json = must(json_pack("{s:o, s:o, s:o, s:o, s:o}", "netmap",
		netmap_encode(&plan->netmap), "devices", devices, "services", services, "grants",
		encode_grants(plan), "knock", encode_knocks(plan)));
	if (json_object_set_new(json, "version", json_integer((json_int_t)version_of(json))) < 0)
		abort();
	return json;
}

/* ---- reading ---- */

static void read_number32(struct members *members, const char *name, uint32_t *ret_number)
{
	uint64_t number = 0;

	members_number(members, name, 1, UINT32_MAX - 1, &number);
	*ret_number = (uint32_t)number;
}

static void read_device(struct members *members, const struct gatewayplan *plan, void *element)
{
	struct gatewayplan_device *device = element;

	members_key(members, "public_key", device->public_key);
	if (json_object_get(members->object, "preshared_key"))
		members_key(members, "preshared_key", device->preshared_key);
	members_address(members, "ipv4", &plan->netmap.overlay_ipv4, &device->ipv4);
	members_address(members, "ipv6", &plan->netmap.overlay_ipv6, &device->ipv6);
	read_number32(members, "role", &device->role);
}

static void read_target(struct members *members, struct endpoint *ret_target)
{
	char text[ENDPOINT_TEXT_SIZE] = "";

	members_text(members, "target", text, sizeof text);
	if (members->error == 0 && endpoint_parse(text, strlen(text), ret_target) < 0)
		members_fail(members, ERR_SYNTAX, "target");
}

static void read_service(struct members *members, const struct gatewayplan *plan, void *element)
{
	struct gatewayplan_service *service = element;
	size_t protocol = 0;
	uint64_t port = 0;

	read_number32(members, "id", &service->id);
	members_word(members, "protocol", protocols, ARRAY_LENGTH(protocols), &protocol);
	service->protocol = protocol_numbers[protocol];
	members_number(members, "port", 1, UINT16_MAX, &port);
	service->port = (uint16_t)port;
	members_address(members, "vip_ipv4", &plan->netmap.overlay_ipv4, &service->vip_ipv4);
	members_address(members, "vip_ipv6", &plan->netmap.overlay_ipv6, &service->vip_ipv6);
	read_target(members, &service->target);
}

/* An array of objects: where they go, and how one is read. */
struct list {
	const char *name;
	size_t most, size;
	void (*read)(struct members *members, const struct gatewayplan *plan, void *element);
};

static void *read_list(struct members *members, const struct gatewayplan *plan,
	const struct list *list, size_t *ret_count)
{
	const json_t *array = members_array(members, list->name, list->most);
	size_t count = json_array_size(array);

	if (!array)
		return NULL;
	char *elements = memory_new(count, list->size);
	*ret_count = count;
	for (size_t i = 0; i < count && members->error == 0; i++) {
		struct members element = members_of_element(array, list->name, i);

		list->read(&element, plan, elements + i * list->size);
		if (element.error == 0)
			continue;
		members->error = element.error;
		memcpy(members->where, element.where, sizeof members->where);
	}
	return elements;
}

/* 0: it is none. */
static uint32_t number_at(const json_t *list, size_t at)
{
	json_int_t number = json_integer_value(json_array_get(list, at)); /* or 0 */

	return number < 1 || number >= UINT32_MAX ? 0 : (uint32_t)number;
}

/* Those of one role, as encode_grants() has them. An error. */
static int read_role(const json_t *list, struct gatewayplan *plan)
{
	size_t count = json_array_size(list); /* 0: it is no list */
	uint32_t role = number_at(list, 0);

	if (count < 2 || role == 0)
		return ERR_SYNTAX;
	if (count - 1 > GATEWAYPLAN_GRANTS_MAX - plan->grant_count)
		return ERR_RANGE;
	plan->grants =
		memory_grow(plan->grants, plan->grant_count + count - 1, sizeof *plan->grants);
	for (size_t i = 1; i < count; i++) {
		const struct gatewayplan_grant grant = {role, number_at(list, i)};

		if (grant.service == 0)
			return ERR_SYNTAX;
		plan->grants[plan->grant_count++] = grant;
	}
	return 0;
}

static void read_grants(struct members *members, struct gatewayplan *plan)
{
	const json_t *lists = members_array(members, "grants", GATEWAYPLAN_DEVICES_MAX);

	for (size_t i = 0; i < json_array_size(lists) && members->error == 0; i++) {
		int err = read_role(json_array_get(lists, i), plan);

		if (err < 0)
			members_fail(members, err, "grants");
	}
}

static void read_knock(struct members *members, const struct gatewayplan *plan, void *element)
{
	struct knock_key *knock = element;
	uint64_t epoch = 0;
	const json_t *budgeted = json_object_get(members->object, "budgeted");

	(void)plan;
	members_number(members, "epoch", 0, UINT16_MAX, &epoch);
	members_key(members, "key", knock->key);
	if (budgeted && !json_is_boolean(budgeted))
		members_fail(members, ERR_SYNTAX, "budgeted");
	knock->epoch = (uint16_t)epoch;
	knock->class = json_is_true(budgeted) ? KNOCK_BUDGETED : KNOCK_FULL;
}

/* That an epoch is there once is for the enforcement to check. */
static void read_knocks(struct members *members, struct gatewayplan *plan)
{
	static const struct list keys = {
		"keys", GATEWAYPLAN_KNOCKS_MAX, sizeof(struct knock_key), read_knock};
	const json_t *object = json_object_get(members->object, "knock");
	struct members inside = members_of(object);
	size_t mode = 0;

	if (!object || members->error < 0)
		return;
	members_word(&inside, "mode", modes, ARRAY_LENGTH(modes), &mode);
	plan->knock_mode = (enum knock_mode)mode;
	plan->knocks = read_list(&inside, plan, &keys, &plan->knock_count);
	if (inside.error < 0)
		members_fail(members, inside.error, "knock");
}

static void read_netmap(struct members *members, struct gatewayplan *plan)
{
	char where[NETMAP_NAME_SIZE] = "";
	int err = netmap_decode(json_object_get(members->object, "netmap"), &plan->netmap, where);

	if (err < 0)
		members_fail(members, err, *where ? where : "netmap");
}

int gatewayplan_decode(
	const json_t *json, struct gatewayplan *ret_plan, char ret_where[static NETMAP_NAME_SIZE])
{
	static const struct list devices = {
		"devices", GATEWAYPLAN_DEVICES_MAX, sizeof(struct gatewayplan_device), read_device};
	static const struct list services = {"services", GATEWAYPLAN_SERVICES_MAX,
		sizeof(struct gatewayplan_service), read_service};
	struct members members = members_of(json);
	struct gatewayplan plan = {0};

	members_number(&members, "version", 1, INT64_MAX, &plan.version);
	read_netmap(&members, &plan);
	plan.devices = read_list(&members, &plan, &devices, &plan.device_count);
	plan.services = read_list(&members, &plan, &services, &plan.service_count);
	read_grants(&members, &plan);
	read_knocks(&members, &plan);
	if (members.error < 0) {
		memcpy(ret_where, members.where, MEMBER_WHERE_SIZE);
		gatewayplan_done(&plan);
		return members.error;
	}
	*ret_plan = plan;
	return 0;
}
