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

static struct gatewayplan_device device_of(const char *ipv4, uint8_t key, uint32_t role)
{
	struct gatewayplan_device device = {
		.ipv4 = address(ipv4), .ipv6 = address("fd00::9"), .role = role};

	device.public_key[0] = key;
	device.preshared_key[0] = (uint8_t)(key + 100);
	return device;
}

static void check_gateway_peers(const struct deviceplan *plan)
{
	const struct message_peer *peers = plan->peers;

	tap_is_int(plan->head.peers, 4, "the controller and three devices are peers");
	tap_ok(peers[0].public_key[0] == 1 && peers[0].endpoint.port == 1000 &&
			peers[0].keepalive_s == DEVICEPLAN_KEEPALIVE_S,
		"the controller is called");
	tap_ok(bytes_are_zero(peers[0].preshared_key, MESSAGE_KEY_SIZE),
		"by a secret that is the parent's to add");
	tap_ok(peers[1].public_key[0] == 2 && peers[1].preshared_key[0] == 102 &&
			peers[1].keepalive_s == 0 &&
			peers[1].endpoint.remote.family == ADDRESS_NONE,
		"a device calls, by its own");
	tap_ok(peers[0].prefix_count == 2 && peers[3].prefix_count == 2 && plan->head.prefixes == 8,
		"of two addresses each");
}

static void check_gateway(void)
{
	struct netmap_gateway controller = {
		.ipv4 = address("100.80.0.1"), .ipv6 = address("fd00::1"), .public_key = {1}};
	struct netmap netmap = {.gateways = &controller, .gateway_count = 1};
	struct gatewayplan_device devices[] = {device_of("100.80.128.1", 2, 17),
		device_of("100.80.128.2", 3, 16), device_of("100.80.128.3", 4, 17)};
	struct gatewayplan_service services[] = {{.id = 5,
		.protocol = IPPROTO_UDP,
		.port = 53,
		.vip_ipv4 = address("100.80.64.1"),
		.target = {.remote = address("10.0.0.1"), .port = 5353}}};
	struct gatewayplan_grant grants[] = {{16, 5}, {17, 5}, {18, 5}};
	const struct gatewayplan told = {.devices = devices,
		.device_count = 3,
		.services = services,
		.service_count = 1,
		.grants = grants,
		.grant_count = 3};
	const struct endpoint endpoint = {.port = 1000};
	struct deviceplan plan;

	deviceplan_make_gateway(&netmap, &told, &endpoint, &plan);
	check_gateway_peers(&plan);
	tap_ok(plan.head.roles == 2 && plan.roles[0].number == 16 && plan.roles[1].number == 17,
		"each role of theirs is there once");
	tap_ok(plan.head.devices == 3 && plan.devices[0].role == 17, "devices are in theirs");
	tap_ok(plan.head.services == 1 && plan.services[0].target_port == 5353 &&
			plan.services[0].port == 53 && plan.services[0].protocol == IPPROTO_UDP,
		"the service");
	tap_is_int(plan.head.grants, 2, "a grant of a role that nobody is in is left out");
	tap_is_int(plan.head.names, 0, "no names");
	deviceplan_shelve_controller(&plan, entropy_kernel());
	tap_ok(plan.peers[0].keepalive_s == 0 && plan.peers[1].public_key[0] == 2,
		"shelved: the controller alone");
	deviceplan_done(&plan);
	deviceplan_make_gateway(&netmap, &(struct gatewayplan){0}, &endpoint, &plan);
	tap_ok(plan.head.peers == 1 && plan.head.roles == 0 && plan.head.grants == 0,
		"nothing told yet: the controller alone");
	deviceplan_done(&plan);
}

int main(void)
{
	check_gateway();
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		check(&rows[i]);
	return tap_done();
}
