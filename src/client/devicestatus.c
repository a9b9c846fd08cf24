/* SPDX-License-Identifier: ISC */
#include "client/devicestatus.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

/* "" where there is none. */
static json_t *address_json(const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE] = "";

	if (address->family != ADDRESS_NONE)
		(void)address_format(address, text);
	return json_string(text);
}

static json_t *endpoint_json(const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_SIZE] = "";

	if (endpoint->remote.family != ADDRESS_NONE)
		(void)endpoint_format(endpoint, text);
	return json_string(text);
}

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static uint64_t seconds(uint64_t realtime_ns)
{
	return realtime_ns / NS_PER_S;
}

static const char *state_word(enum netmap_state state)
{
	switch (state) {
	case NETMAP_ACTIVE:
		return "active";
	case NETMAP_PENDING:
		return "pending";
	case NETMAP_QUARANTINED:
		return "quarantined";
	}
	abort();
}

static json_t *gateway_json(const struct devicestatus *status)
{
	const struct netmap_gateway *gateway = &status->netmap->gateways[0];
	const struct contact *contact = status->contact;

	if (status->netmap->gateway_count == 0)
		return json_null();
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name", gateway->name, "endpoint",
		gateway->endpoint, "address", endpoint_json(&status->address), "last_handshake",
		number(seconds(contact->handshake_ns)), "rx_bytes", number(contact->rx_bytes),
		"tx_bytes", number(contact->tx_bytes));
}

static json_t *service_json(const struct netmap *netmap, const struct netmap_service *service)
{
	char host[2 * NETMAP_NAME_SIZE];

	(void)snprintf(host, sizeof host, "%s.%s", service->name, netmap->network); /* fits */
	return json_pack("{s:s, s:s, s:o, s:i, s:s}", "name", service->name, "host", host, "vip",
		address_json(&service->vip), "port", (int)service->port, "protocol",
		service->protocol == IPPROTO_UDP ? "udp" : "tcp");
}

static json_t *services_json(const struct netmap *netmap)
{
	json_t *services = json_array();

	for (size_t i = 0; i < netmap->service_count; i++)
		(void)json_array_append_new(
			services, service_json(netmap, &netmap->services[i])); /* or no memory */
	return services;
}

void devicestatus_explain(const struct devicestatus *status, struct silence_hints *ret_hints)
{
	const struct netmap *netmap = status->netmap;
	const struct contact *contact = status->contact;
	const struct silence silence = {
		.endpoint = netmap->gateway_count ? netmap->gateways[0].endpoint : "",
		.address = status->address,
		.now_s = seconds(status->now.realtime_ns),
		.written_s = status->written_s,
		.tx_bytes = contact->tx_bytes,
		.lacks_knock = netmap->gateway_count && !netmap->gateways[0].knock.is_there,
		.has_tunnel = contact->has_tunnel,
	};

	silence_explain(&silence, ret_hints);
}

static json_t *silence_json(const struct devicestatus *status)
{
	struct silence_hints hints;
	json_t *texts = json_array();

	devicestatus_explain(status, &hints);
	for (unsigned i = 0; i < hints.count; i++)
		(void)json_array_append_new(texts, json_string(hints.text[i])); /* or no memory */
	return json_pack("{s:o, s:I, s:o}", "since",
		number(seconds(status->contact->since.realtime_ns)), "tried",
		(json_int_t)status->contact->tried, "hints", texts);
}

/* What a gateway enforces. */
static void add_plan(json_t *json, const struct devicestatus *status)
{
	const struct gatewayplan *told = status->told;

	/* without memory there are no texts */
	(void)json_object_set_new(json, "role", json_string("gateway"));
	(void)json_object_set_new(json, "plan",
		json_pack("{s:o, s:b, s:I, s:I, s:I}", "version", number(told->version), "in_force",
			(int)(told->version && told->version == status->in_force), "devices",
			(json_int_t)told->device_count, "services", (json_int_t)told->service_count,
			"grants", (json_int_t)told->grant_count));
}

json_t *devicestatus_encode(const struct devicestatus *status)
{
	const struct netmap *netmap = status->netmap;
	const struct contact *contact = status->contact;
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:b, s:o, s:o, s:o}",
		"role", "client", "version", TACET_VERSION, "network", netmap->network, "user",
		netmap->user, "device", netmap->device, "state", state_word(netmap->state), "ipv4",
		address_json(&netmap->ipv4), "ipv6", address_json(&netmap->ipv6), "connected",
		(int)contact->is_connected, "since", number(seconds(contact->since.realtime_ns)),
		"gateway", gateway_json(status), "services", services_json(netmap));

	if (!json)
		abort(); /* no memory: nothing else can fail, for all texts are ASCII */
	if (status->told)
		add_plan(json, status);
	if (contact->is_silent)
		(void)json_object_set_new(json, "silence", silence_json(status)); /* or no memory */
	return json;
}
