/* SPDX-License-Identifier: ISC */
/* What is in force on a device, by its netmap. */
#include "client/deviceplan.h"

#include "base/bytes.h"

#include "tap.h"

#include <netinet/in.h>
#include <stdlib.h>

static struct address address(const char *text)
{
	struct address address = {0};

	if (*text && address_parse(text, strlen(text), &address) < 0)
		abort();
	return address;
}

struct want_peer {
	uint8_t key;
	const char *prefixes; /* "a b c", sorted as bytes */
};

static const struct row {
	const char *label;
	enum netmap_state state;
	struct {
		const char *name, *ipv4, *ipv6;
		uint8_t key;
	} gateways[3];
	struct {
		const char *name, *gateway, *vip;
	} services[5];
	struct want_peer peers[3];
	const char *names; /* "name=address ..." */
} rows[] = {
	{"nothing granted", NETMAP_ACTIVE, {{"gateway", "100.80.0.1", "fd00::1", 1}}, {{0}},
		{{1, "100.80.0.1 fd00::1"}}, ""},
	{"one service", NETMAP_ACTIVE, {{"gateway", "100.80.0.1", "fd00::1", 1}},
		{{"web", "gateway", "100.80.64.1"}}, {{1, "100.80.0.1 100.80.64.1 fd00::1"}},
		"web.net=100.80.64.1"},
	{"a gateway without IPv6", NETMAP_ACTIVE, {{"gateway", "100.80.0.1", "", 1}}, {{0}},
		{{1, "100.80.0.1"}}, ""},
	{"two that share an address", NETMAP_ACTIVE, {{"gateway", "100.80.0.1", "fd00::1", 1}},
		{{"a", "gateway", "fd00::2"}, {"b", "gateway", "fd00::2"}},
		{{1, "100.80.0.1 fd00::1 fd00::2"}}, "a.net=fd00::2 b.net=fd00::2"},
	{"a service at the gateway's own address", NETMAP_ACTIVE,
		{{"gateway", "100.80.0.1", "fd00::1", 1}}, {{"a", "gateway", "100.80.0.1"}},
		{{1, "100.80.0.1 fd00::1"}}, "a.net=100.80.0.1"},
	{"two gateways", NETMAP_ACTIVE,
		{{"one", "100.80.0.1", "fd00::1", 1}, {"two", "100.80.0.2", "fd00::2", 2}},
		{{"a", "two", "100.80.64.1"}, {"b", "one", "100.80.64.2"}},
		{{1, "100.80.0.1 100.80.64.2 fd00::1"}, {2, "100.80.0.2 100.80.64.1 fd00::2"}},
		"a.net=100.80.64.1 b.net=100.80.64.2"},
	{"two gateways that share an address", NETMAP_ACTIVE,
		{{"one", "100.80.0.1", "fd00::1", 1}, {"two", "100.80.0.2", "fd00::2", 2}},
		{{"a", "two", "100.80.64.1"}, {"b", "one", "100.80.64.1"}},
		{{1, "100.80.0.1 100.80.64.1 fd00::1"}, {2, "100.80.0.2 fd00::2"}},
		"a.net=100.80.64.1 b.net=100.80.64.1"},
	{"a service behind nobody", NETMAP_ACTIVE, {{"gateway", "100.80.0.1", "fd00::1", 1}},
		{{"a", "other", "100.80.64.1"}}, {{1, "100.80.0.1 fd00::1"}}, ""},
	{"pending", NETMAP_PENDING, {{"gateway", "100.80.0.1", "fd00::1", 1}},
		{{"a", "gateway", "100.80.64.1"}}, {{1, "100.80.0.1 fd00::1"}}, ""},
	{"quarantined", NETMAP_QUARANTINED, {{"gateway", "100.80.0.1", "fd00::1", 1}},
		{{"a", "gateway", "100.80.64.1"}}, {{1, "100.80.0.1 fd00::1"}}, ""},
};

static void fill(const struct row *row, struct netmap *netmap)
{
	netmap->state = row->state;
	(void)snprintf(netmap->network, sizeof netmap->network, "net");
	for (; netmap->gateway_count < ARRAY_LENGTH(row->gateways) &&
		row->gateways[netmap->gateway_count].name;
		netmap->gateway_count++) {
		size_t i = netmap->gateway_count;
		struct netmap_gateway *gateway = &netmap->gateways[i];
		(void)snprintf(gateway->name, sizeof gateway->name, "%s", row->gateways[i].name);
		gateway->ipv4 = address(row->gateways[i].ipv4);
		gateway->ipv6 = address(row->gateways[i].ipv6);
		gateway->public_key[0] = row->gateways[i].key;
	}
	for (; netmap->service_count < ARRAY_LENGTH(row->services) &&
		row->services[netmap->service_count].name;
		netmap->service_count++) {
		size_t i = netmap->service_count;
		struct netmap_service *service = &netmap->services[i];
		(void)snprintf(service->name, sizeof service->name, "%s", row->services[i].name);
		(void)snprintf(
			service->gateway, sizeof service->gateway, "%s", row->services[i].gateway);
		service->vip = address(row->services[i].vip);
		service->port = 80;
		service->protocol = IPPROTO_TCP;
	}
}

/* The prefixes of a peer as the rows have them. */
static void prefix_text(const struct message_prefix *prefixes, uint32_t count, char *ret_text)
{
	char text[ADDRESS_TEXT_SIZE];
	size_t at = 0;

	ret_text[0] = '\0';
	for (uint32_t i = 0; i < count; i++)
		at += (size_t)snprintf(ret_text + at, 512 - at, "%s%s", i ? " " : "",
			address_format(&prefixes[i].prefix.address, text));
}

static void check_peers(const struct row *row, const struct deviceplan *plan)
{
	const struct message_prefix *prefixes = plan->prefixes;
	char text[512];

	for (uint32_t i = 0; i < plan->head.peers; i++) {
		const struct message_peer *peer = &plan->peers[i];
		tap_is_int(peer->public_key[0], row->peers[i].key, "its key");
		tap_is_int(peer->endpoint.port, 1000 + (intmax_t)i, "its endpoint");
		tap_is_int(peer->keepalive_s, DEVICEPLAN_KEEPALIVE_S, "its keepalive");
		prefix_text(prefixes, peer->prefix_count, text);
		if (!tap_ok(strcmp(text, row->peers[i].prefixes) == 0, row->peers[i].prefixes))
			printf("# it has: %s\n", text);
		for (uint32_t j = 0; j < peer->prefix_count; j++)
			tap_is_int(prefixes[j].prefix.length,
				prefixes[j].prefix.address.family == ADDRESS_IPV4 ? 32 : 128,
				"one address");
		prefixes += peer->prefix_count;
	}
	tap_is_int(prefixes - plan->prefixes, plan->head.prefixes, "no prefix is nobody's");
}

static void check_names(const struct row *row, const struct deviceplan *plan)
{
	char text[512] = "", one[ADDRESS_TEXT_SIZE];
	size_t at = 0;

	for (uint32_t i = 0; i < plan->head.names; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%s=%s", i ? " " : "",
			plan->names[i].name, address_format(&plan->names[i].address, one));
	if (!tap_ok(strcmp(text, row->names) == 0, "its names"))
		printf("# it has: %s\n", text);
}

static void check(const struct row *row)
{
	struct netmap_gateway gateways[3] = {0};
	struct netmap_service services[5] = {0};
	struct netmap netmap = {.gateways = gateways, .services = services};
	struct endpoint endpoints[3] = {{.port = 1000}, {.port = 1001}, {.port = 1002}};
	struct deviceplan plan;
	uint32_t peers = 0;

	fill(row, &netmap);
	while (peers < ARRAY_LENGTH(row->peers) && row->peers[peers].key)
		peers++;
	deviceplan_make(&netmap, endpoints, &plan);
	tap_is_int(plan.head.peers, peers, row->label);
	check_peers(row, &plan);
	check_names(row, &plan);
	tap_is_int(plan.head.roles + plan.head.devices + plan.head.services + plan.head.grants, 0,
		"it enforces nothing");
	uint32_t prefixes = plan.head.prefixes, names = plan.head.names;
	deviceplan_shelve_controller(&plan, entropy_kernel());
	tap_ok(plan.head.prefixes == prefixes && plan.head.names == names, "shelved: same routes");
	tap_ok(peers == 0 ||
			(!bytes_are_zero(plan.peers[0].public_key + 1, MESSAGE_KEY_SIZE - 1) &&
				plan.peers[0].endpoint.port == 0 && plan.peers[0].keepalive_s == 0),
		"shelved: the controller is not called");
	for (uint32_t i = 1; i < plan.head.peers; i++)
		tap_ok(plan.peers[i].keepalive_s == DEVICEPLAN_KEEPALIVE_S, "the others are");
	deviceplan_done(&plan);
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		check(&rows[i]);
	return tap_done();
}
