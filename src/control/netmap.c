/* SPDX-License-Identifier: ISC */
#include "control/netmap.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "control/member.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PREFIX_TEXT_SIZE = ADDRESS_TEXT_SIZE + 4,
	/*
	 * Lengths of an overlay. One of a shorter prefix would lead a device's whole traffic into
	 * the tunnel; in one of a longer there is no room.
	 */
	IPV4_LENGTH_MIN = 8,
	IPV4_LENGTH_MAX = 30,
	IPV6_LENGTH_MIN = 8,
	IPV6_LENGTH_MAX = 126,
};

_Static_assert((int)MEMBER_WHERE_SIZE == (int)NETMAP_NAME_SIZE, "a place fits");

static const char *const states[] = {
	[NETMAP_ACTIVE] = "active",
	[NETMAP_PENDING] = "pending",
	[NETMAP_QUARANTINED] = "quarantined",
};

static const char *const protocols[] = {"tcp", "udp"};
static const uint8_t protocol_numbers[] = {IPPROTO_TCP, IPPROTO_UDP};

void netmap_done(struct netmap *netmap)
{
	if (netmap->gateways)
		bytes_wipe(netmap->gateways, netmap->gateway_count * sizeof *netmap->gateways);
	free(netmap->gateways);
	free(netmap->services);
	*netmap = (struct netmap){0};
}

/* ---- writing ---- */

static json_t *must(json_t *json)
{
	if (!json)
		abort(); /* for want of memory, or a name that is not text: a bug */
	return json;
}

/* "100.80.0.0/16"; returns ret_text. */
static char *prefix_format(const struct prefix *prefix, char ret_text[static PREFIX_TEXT_SIZE])
{
	char address[ADDRESS_TEXT_SIZE];

	(void)snprintf(ret_text, PREFIX_TEXT_SIZE, "%s/%u",
		address_format(&prefix->address, address), prefix->length); /* fits */
	return ret_text;
}

json_t *netmap_knock_encode(const struct netmap_knock *knock)
{
	char key[BASE64_KEY_TEXT_SIZE];

	if (!knock->is_there)
		return NULL;
	json_t *json = must(json_pack("{s:i, s:s}", "epoch", (int)knock->epoch, "key",
		base64_key_format(knock->key, key)));
	bytes_wipe(key, sizeof key);
	return json;
}

static json_t *encode_gateway(const struct netmap_gateway *gateway)
{
	char key[BASE64_KEY_TEXT_SIZE], ipv4[ADDRESS_TEXT_SIZE], ipv6[ADDRESS_TEXT_SIZE];

	return must(json_pack("{s:s, s:s, s:s, s:s, s:s, s:o*}", "name", gateway->name, "endpoint",
		gateway->endpoint, "public_key", base64_key_format(gateway->public_key, key),
		"ipv4", address_format(&gateway->ipv4, ipv4), "ipv6",
		address_format(&gateway->ipv6, ipv6), "knock",
		netmap_knock_encode(&gateway->knock)));
}

static json_t *encode_service(const struct netmap_service *service)
{
	const char *protocol = service->protocol == IPPROTO_UDP ? "udp" : "tcp";
	char vip[ADDRESS_TEXT_SIZE];

	return must(json_pack("{s:s, s:s, s:s, s:i, s:s}", "name", service->name, "gateway",
		service->gateway, "vip", address_format(&service->vip, vip), "port", service->port,
		"protocol", protocol));
}

static json_t *encode_gateways(const struct netmap *netmap)
{
	json_t *array = must(json_array());

	for (size_t i = 0; i < netmap->gateway_count; i++) {
		if (json_array_append_new(array, encode_gateway(&netmap->gateways[i])) < 0)
			abort();
	}
	return array;
}

static json_t *encode_services(const struct netmap *netmap)
{
	json_t *array = must(json_array());

	for (size_t i = 0; i < netmap->service_count; i++) {
		if (json_array_append_new(array, encode_service(&netmap->services[i])) < 0)
			abort();
	}
	return array;
}

json_t *netmap_encode(const struct netmap *netmap)
{
	char ipv4[ADDRESS_TEXT_SIZE], ipv6[ADDRESS_TEXT_SIZE];
	char overlay_ipv4[PREFIX_TEXT_SIZE], overlay_ipv6[PREFIX_TEXT_SIZE];

	assert(netmap->version <= INT64_MAX);
	return must(json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:o, s:o}",
		"version", (json_int_t)netmap->version, "network", netmap->network, "user",
		netmap->user, "device", netmap->device, "state", states[netmap->state], "ipv4",
		address_format(&netmap->ipv4, ipv4), "ipv6", address_format(&netmap->ipv6, ipv6),
		"overlay_ipv4", prefix_format(&netmap->overlay_ipv4, overlay_ipv4), "overlay_ipv6",
		prefix_format(&netmap->overlay_ipv6, overlay_ipv6), "control_port",
		netmap->control_port, "gateways", encode_gateways(netmap), "services",
		encode_services(netmap)));
}

/* ---- reading ---- */

static void read_port(struct members *members, const char *name, uint16_t *ret_port)
{
	uint64_t port = 0;

	members_number(members, name, 1, UINT16_MAX, &port);
	*ret_port = (uint16_t)port;
}

static void read_overlay(struct members *members, struct netmap *netmap)
{
	struct prefix *ipv4 = &netmap->overlay_ipv4, *ipv6 = &netmap->overlay_ipv6;

	members_prefix(members, "overlay_ipv4", ADDRESS_IPV4, ipv4);
	if (ipv4->length < IPV4_LENGTH_MIN || ipv4->length > IPV4_LENGTH_MAX)
		members_fail(members, ERR_RANGE, "overlay_ipv4");
	members_prefix(members, "overlay_ipv6", ADDRESS_IPV6, ipv6);
	if (ipv6->length < IPV6_LENGTH_MIN || ipv6->length > IPV6_LENGTH_MAX)
		members_fail(members, ERR_RANGE, "overlay_ipv6");
}

/* All but gateways and services. */
static void read_head(struct members *members, struct netmap *netmap)
{
	size_t state = 0;

	members_number(members, "version", 0, INT64_MAX, &netmap->version);
	members_name(members, "network", netmap->network, sizeof netmap->network);
	members_name(members, "user", netmap->user, sizeof netmap->user);
	members_name(members, "device", netmap->device, sizeof netmap->device);
	members_word(members, "state", states, ARRAY_LENGTH(states), &state);
	netmap->state = (enum netmap_state)state;
	read_overlay(members, netmap);
	members_address(members, "ipv4", &netmap->overlay_ipv4, &netmap->ipv4);
	members_address(members, "ipv6", &netmap->overlay_ipv6, &netmap->ipv6);
	read_port(members, "control_port", &netmap->control_port);
}

void netmap_knock_read(struct members *members, const char *name, struct netmap_knock *ret_knock)
{
	const json_t *object = json_object_get(members->object, name);
	struct members inside = members_of(object);
	uint64_t epoch = 0;

	if (!object || members->error < 0)
		return;
	members_number(&inside, "epoch", 0, UINT16_MAX, &epoch);
	members_key(&inside, "key", ret_knock->key);
	ret_knock->epoch = (uint16_t)epoch;
	ret_knock->is_there = inside.error == 0;
	if (inside.error < 0)
		members_fail(members, inside.error, name);
}

static void read_gateway(
	struct members *members, const struct netmap *netmap, struct netmap_gateway *gateway)
{
	members_label(members, "name", gateway->name, sizeof gateway->name);
	members_hostport(members, "endpoint", gateway->endpoint, sizeof gateway->endpoint);
	members_key(members, "public_key", gateway->public_key);
	members_address(members, "ipv4", &netmap->overlay_ipv4, &gateway->ipv4);
	members_address(members, "ipv6", &netmap->overlay_ipv6, &gateway->ipv6);
	netmap_knock_read(members, "knock", &gateway->knock);
	for (size_t i = 0; i < netmap->gateway_count; i++) {
		if (strcmp(netmap->gateways[i].name, gateway->name) == 0)
			members_fail(members, ERR_EXISTS, "name");
	}
}

static bool has_gateway(const struct netmap *netmap, const char *name)
{
	for (size_t i = 0; i < netmap->gateway_count; i++) {
		if (strcmp(netmap->gateways[i].name, name) == 0)
			return true;
	}
	return false;
}

/* An address of the overlay, of the family that it is written in. */
static void read_vip(struct members *members, const struct netmap *netmap, struct address *ret_vip)
{
	const char *text = json_string_value(json_object_get(members->object, "vip"));
	bool is_ipv6 = text && strchr(text, ':');

	members_address(
		members, "vip", is_ipv6 ? &netmap->overlay_ipv6 : &netmap->overlay_ipv4, ret_vip);
}

static void read_service(
	struct members *members, const struct netmap *netmap, struct netmap_service *service)
{
	size_t protocol = 0;

	members_label(members, "name", service->name, sizeof service->name);
	members_label(members, "gateway", service->gateway, sizeof service->gateway);
	if (members->error == 0 && !has_gateway(netmap, service->gateway))
		members_fail(members, ERR_NOT_FOUND, "gateway");
	read_vip(members, netmap, &service->vip);
	read_port(members, "port", &service->port);
	members_word(members, "protocol", protocols, ARRAY_LENGTH(protocols), &protocol);
	service->protocol = protocol_numbers[protocol];
}

/* Takes over what an element's reading failed with. True: it did. */
static bool has_failed(struct members *members, const struct members *element)
{
	if (element->error == 0)
		return false;
	members->error = element->error;
	memcpy(members->where, element->where, sizeof members->where);
	return true;
}

static void read_gateways(struct members *members, struct netmap *netmap)
{
	static const char name[] = "gateways";
	const json_t *array = members_array(members, name, NETMAP_GATEWAYS_MAX);
	size_t count = json_array_size(array);

	if (!array)
		return;
	if (count == 0)
		members_fail(members, ERR_RANGE, name); /* nobody to call */
	netmap->gateways = memory_new(count, sizeof netmap->gateways[0]);
	for (size_t i = 0; i < count; i++) {
		struct members element = members_of_element(array, name, i);
		read_gateway(&element, netmap, &netmap->gateways[i]);
		if (has_failed(members, &element))
			return;
		netmap->gateway_count++;
	}
}

static int compare_services(const void *a, const void *b)
{
	const struct netmap_service *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

/* Fails where two services have one name. */
static void check_names(struct members *members, const struct netmap *netmap)
{
	const struct netmap_service **sorted =
		memory_new(netmap->service_count, sizeof(struct netmap_service *));

	for (size_t i = 0; i < netmap->service_count; i++)
		sorted[i] = &netmap->services[i];
	qsort(sorted, netmap->service_count, sizeof(struct netmap_service *), compare_services);
	for (size_t i = 1; i < netmap->service_count; i++) {
		if (compare_services(&sorted[i - 1], &sorted[i]) == 0)
			members_fail(members, ERR_EXISTS, "services");
	}
	free(sorted);
}

static void read_services(struct members *members, struct netmap *netmap)
{
	static const char name[] = "services";
	size_t most = netmap->state == NETMAP_ACTIVE ? NETMAP_SERVICES_MAX : 0;
	const json_t *array = members_array(members, name, most);
	size_t count = json_array_size(array);

	if (!array)
		return;
	netmap->services = memory_new(count, sizeof netmap->services[0]);
	for (size_t i = 0; i < count; i++) {
		struct members element = members_of_element(array, name, i);
		read_service(&element, netmap, &netmap->services[i]);
		if (has_failed(members, &element))
			return;
		netmap->service_count++;
	}
	check_names(members, netmap);
}

int netmap_decode(
	const json_t *json, struct netmap *ret_netmap, char ret_where[static NETMAP_NAME_SIZE])
{
	struct members members = members_of(json);
	struct netmap netmap = {0};

	read_head(&members, &netmap);
	read_gateways(&members, &netmap);
	read_services(&members, &netmap);
	if (members.error < 0) {
		memcpy(ret_where, members.where, MEMBER_WHERE_SIZE);
		netmap_done(&netmap);
		return members.error;
	}
	*ret_netmap = netmap;
	return 0;
}
