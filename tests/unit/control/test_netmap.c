/* SPDX-License-Identifier: ISC */
/* Netmaps: there and back, and one row for each thing that may be wrong with one. */
#include "base/base64.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "control/edit.h"
#include "control/netmap.h"
#include "tap.h"

#include <netinet/in.h>

#define KEY_A "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""
#define KEY_0 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""
#define TEN "aaaaaaaaaa"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const char document[] =
	"{\"version\": 7, \"network\": \"tacet\", \"user\": \"alice\", \"device\": \"laptop\","
	"\"state\": \"active\", \"ipv4\": \"100.80.128.1\", \"ipv6\": \"fd12:3456:789a::8001\","
	"\"overlay_ipv4\": \"100.80.0.0/16\", \"overlay_ipv6\": \"fd12:3456:789a::/96\","
	"\"control_port\": 7411,"
	"\"gateways\": [{\"name\": \"gateway\", \"endpoint\": \"gw.example.net:51820\","
	"\"public_key\": " KEY_A ", \"ipv4\": \"100.80.0.1\", \"ipv6\": \"fd12:3456:789a::1\","
	"\"knock\": {\"epoch\": 65535, \"key\": " KEY_A "}}],"
	"\"services\": [{\"name\": \"intranet\", \"gateway\": \"gateway\","
	"\"vip\": \"100.80.64.1\", \"port\": 80, \"protocol\": \"tcp\"},"
	"{\"name\": \"dns\", \"gateway\": \"gateway\", \"vip\": \"fd12:3456:789a::4002\","
	"\"port\": 53, \"protocol\": \"udp\"}]}";

static const struct {
	const char *name;
	const char *path, *value; /* the change; value NULL: removed */
	int result;
	const char *where;
} rows[] = {
	{"as it is", "version", "7", 0, ""},
	{"a member that is not known", "more", "{}", 0, ""},
	{"no object", "", "[]", ERR_SYNTAX, ""},
	{"no value", "", "null", ERR_SYNTAX, ""},
	{"no version", "version", NULL, ERR_SYNTAX, "version"},
	{"a version that is text", "version", "\"7\"", ERR_SYNTAX, "version"},
	{"a version that is no integer", "version", "7.0", ERR_SYNTAX, "version"},
	{"a negative version", "version", "-1", ERR_RANGE, "version"},
	{"no network", "network", NULL, ERR_SYNTAX, "network"},
	{"a network without a name", "network", "\"\"", ERR_NAME, "network"},
	{"a network with a capital", "network", "\"Tacet\"", ERR_NAME, "network"},
	{"a user with a slash", "user", "\"a/b\"", ERR_NAME, "user"},
	{"a user that is a number", "user", "1", ERR_SYNTAX, "user"},
	{"a user of 63", "user", "\"" SIXTY "aaa\"", 0, ""},
	{"a user of 64", "user", "\"" SIXTY "aaaa\"", ERR_NAME, "user"},
	{"a zero in a user", "user", "\"a\\u0000b\"", ERR_NAME, "user"},
	{"no device", "device", NULL, ERR_SYNTAX, "device"},
	{"a device with a space", "device", "\"a b\"", ERR_NAME, "device"},
	{"an unknown state", "state", "\"gone\"", ERR_UNKNOWN_WORD, "state"},
	{"a state with a zero", "state", "\"active\\u0000\"", ERR_UNKNOWN_WORD, "state"},
	{"no state", "state", NULL, ERR_SYNTAX, "state"},
	{"no address", "ipv4", NULL, ERR_SYNTAX, "ipv4"},
	{"an address that is none", "ipv4", "\"100.80.128\"", ERR_SYNTAX, "ipv4"},
	{"an address outside", "ipv4", "\"100.81.0.1\"", ERR_RANGE, "ipv4"},
	{"an address of the other family", "ipv4", "\"fd12:3456:789a::1\"", ERR_RANGE, "ipv4"},
	{"an IPv6 address outside", "ipv6", "\"fd12:3456:789b::1\"", ERR_RANGE, "ipv6"},
	{"an overlay that is none", "overlay_ipv4", "\"100.80.0.0/33\"", ERR_RANGE, "overlay_ipv4"},
	{"an overlay that is everything", "overlay_ipv4", "\"0.0.0.0/0\"", ERR_RANGE,
		"overlay_ipv4"},
	{"an overlay of half", "overlay_ipv4", "\"64.0.0.0/7\"", ERR_RANGE, "overlay_ipv4"},
	{"the widest overlay", "overlay_ipv4", "\"100.0.0.0/8\"", 0, ""},
	{"an overlay of two", "overlay_ipv4", "\"100.80.0.0/31\"", ERR_RANGE, "overlay_ipv4"},
	{"an overlay of the other family", "overlay_ipv4", "\"fd12::/96\"", ERR_SYNTAX,
		"overlay_ipv4"},
	{"an IPv6 overlay that is everything", "overlay_ipv6", "\"::/0\"", ERR_RANGE,
		"overlay_ipv6"},
	{"an IPv6 overlay of two", "overlay_ipv6", "\"fd12:3456:789a::/127\"", ERR_RANGE,
		"overlay_ipv6"},
	{"no port", "control_port", "0", ERR_RANGE, "control_port"},
	{"a port beyond all", "control_port", "65536", ERR_RANGE, "control_port"},
	{"a port that is text", "control_port", "\"80\"", ERR_SYNTAX, "control_port"},

	{"no gateways", "gateways", NULL, ERR_SYNTAX, "gateways"},
	{"an empty list of gateways", "gateways", "[]", ERR_RANGE, "gateways"},
	{"gateways that are no list", "gateways", "{}", ERR_SYNTAX, "gateways"},
	{"a gateway that is none", "gateways.0", "7", ERR_SYNTAX, "gateways[0]"},
	{"a gateway's name", "gateways.0.name", "\"a.b\"", ERR_LABEL, "gateways[0].name"},
	{"an endpoint without a port", "gateways.0.endpoint", "\"gw.example.net\"", ERR_SYNTAX,
		"gateways[0].endpoint"},
	{"an endpoint with port 0", "gateways.0.endpoint", "\"gw.example.net:0\"", ERR_RANGE,
		"gateways[0].endpoint"},
	{"an endpoint with a space", "gateways.0.endpoint", "\"gw example:1\"", ERR_SYNTAX,
		"gateways[0].endpoint"},
	{"an endpoint by address", "gateways.0.endpoint", "\"[2001:db8::1]:51820\"", 0, ""},
	{"a key that is short", "gateways.0.public_key", "\"AQ==\"", ERR_KEY,
		"gateways[0].public_key"},
	{"a key of zeros", "gateways.0.public_key", KEY_0, ERR_KEY, "gateways[0].public_key"},
	{"a gateway outside", "gateways.0.ipv4", "\"192.0.2.1\"", ERR_RANGE, "gateways[0].ipv4"},
	{"a gateway without IPv6", "gateways.0.ipv6", NULL, ERR_SYNTAX, "gateways[0].ipv6"},
	{"no knock", "gateways.0.knock", NULL, 0, ""},
	{"a knock that is none", "gateways.0.knock", "7", ERR_SYNTAX, "gateways[0].knock"},
	{"a knock without an epoch", "gateways.0.knock.epoch", NULL, ERR_SYNTAX,
		"gateways[0].knock"},
	{"an epoch beyond all", "gateways.0.knock.epoch", "65536", ERR_RANGE, "gateways[0].knock"},
	{"a knock without a key", "gateways.0.knock.key", NULL, ERR_SYNTAX, "gateways[0].knock"},
	{"a knock's key of zeros", "gateways.0.knock.key", KEY_0, ERR_KEY, "gateways[0].knock"},

	{"no services", "services", NULL, ERR_SYNTAX, "services"},
	{"an empty list of services", "services", "[]", 0, ""},
	{"a service that is none", "services.1", "null", ERR_SYNTAX, "services[1]"},
	{"a service's name", "services.1.name", "\"-a\"", ERR_LABEL, "services[1].name"},
	{"a name that hosts(5) would break on", "services.1.name", "\"a\\nb\"", ERR_LABEL,
		"services[1].name"},
	{"a name twice", "services.1.name", "\"intranet\"", ERR_EXISTS, "services"},
	{"an unknown gateway", "services.0.gateway", "\"other\"", ERR_NOT_FOUND,
		"services[0].gateway"},
	{"a VIP outside", "services.0.vip", "\"192.0.2.1\"", ERR_RANGE, "services[0].vip"},
	{"an IPv6 VIP outside", "services.0.vip", "\"fd00::1\"", ERR_RANGE, "services[0].vip"},
	{"a VIP that is a prefix", "services.0.vip", "\"100.80.64.1/32\"", ERR_SYNTAX,
		"services[0].vip"},
	{"a service at port 0", "services.0.port", "0", ERR_RANGE, "services[0].port"},
	{"an unknown protocol", "services.0.protocol", "\"sctp\"", ERR_UNKNOWN_WORD,
		"services[0].protocol"},
	{"services while quarantined", "state", "\"quarantined\"", ERR_RANGE, "services"},
	{"services while pending", "state", "\"pending\"", ERR_RANGE, "services"},
};

static void test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		json_t *json = edit(document, rows[i].path, rows[i].value);
		char where[NETMAP_NAME_SIZE] = "";
		struct netmap netmap = {.version = 4711};
		int result = netmap_decode(json, &netmap, where);
		if (!tap_ok(result == rows[i].result && strcmp(where, rows[i].where) == 0,
			    rows[i].name))
			printf("# %d at %s\n", result, where);
		if (result == 0)
			netmap_done(&netmap);
		else if (netmap.version != 4711 || netmap.gateways)
			tap_ok(false, "the result is untouched");
		json_decref(json);
	}
}

static void test_round(void)
{
	json_t *json = edit_load(document);
	char where[NETMAP_NAME_SIZE];
	struct netmap netmap;

	if (!tap_is_int(netmap_decode(json, &netmap, where), 0, "a netmap is read"))
		return;
	tap_is_int(netmap.version, 7, "its version");
	tap_is_int(netmap.state, NETMAP_ACTIVE, "its state");
	tap_is_int(netmap.gateways[0].public_key[0], 1, "a key");
	tap_ok(netmap.gateways[0].knock.is_there && netmap.gateways[0].knock.epoch == 65535 &&
			netmap.gateways[0].knock.key[0] == 1,
		"a knock");
	tap_is_int(netmap.services[1].protocol, IPPROTO_UDP, "a protocol");
	tap_is_int(netmap.services[1].vip.family, ADDRESS_IPV6, "a VIP of the other family");
	tap_is_int(netmap.overlay_ipv6.length, 96, "a prefix");
	json_t *again = netmap_encode(&netmap);
	tap_ok(json_equal(json, again), "and written as it was");
	netmap_done(&netmap);
	tap_ok(bytes_are_zero((const uint8_t *)&netmap, sizeof netmap), "it is zero when done");
	json_decref(again);
	json_decref(json);
}

/* A netmap of so many gateways and services, all of different names; its decoding's result. */
static int decode_many(size_t gateways, size_t services, char ret_where[static NETMAP_NAME_SIZE])
{
	json_t *json = edit_load(document);
	char where[NETMAP_NAME_SIZE] = "";
	struct netmap netmap;

	if (netmap_decode(json, &netmap, where) < 0)
		abort();
	json_decref(json);
	netmap.gateways = memory_grow(netmap.gateways, gateways, sizeof netmap.gateways[0]);
	netmap.services = memory_grow(netmap.services, services, sizeof netmap.services[0]);
	for (size_t i = 1; i < gateways; i++) {
		netmap.gateways[i] = netmap.gateways[0];
		(void)snprintf(netmap.gateways[i].name, NETMAP_NAME_SIZE, "g%zu", i);
	}
	for (size_t i = 1; i < services; i++) {
		netmap.services[i] = netmap.services[0];
		(void)snprintf(netmap.services[i].name, NETMAP_NAME_SIZE, "s%zu", i);
	}
	netmap.gateway_count = gateways;
	netmap.service_count = services;
	json = netmap_encode(&netmap);
	netmap_done(&netmap);
	int result = netmap_decode(json, &netmap, where);
	if (result == 0)
		netmap_done(&netmap);
	json_decref(json);
	memcpy(ret_where, where, sizeof where);
	return result;
}

static void test_limits(void)
{
	char where[NETMAP_NAME_SIZE];

	tap_is_int(decode_many(NETMAP_GATEWAYS_MAX, NETMAP_SERVICES_MAX, where), 0,
		"all there can be");
	tap_is_int(decode_many(NETMAP_GATEWAYS_MAX + 1, 1, where), ERR_RANGE, "a gateway too many");
	tap_ok(strcmp(where, "gateways") == 0, "is named");
	tap_is_int(decode_many(1, NETMAP_SERVICES_MAX + 1, where), ERR_RANGE, "a service too many");
	tap_ok(strcmp(where, "services") == 0, "is named");
}

/* Two gateways of one name. */
static void test_twice(void)
{
	json_t *json = edit_load(document);
	json_t *gateways = json_object_get(json, "gateways");
	char where[NETMAP_NAME_SIZE] = "";
	struct netmap netmap;

	json_array_append_new(gateways, json_deep_copy(json_array_get(gateways, 0)));
	tap_is_int(netmap_decode(json, &netmap, where), ERR_EXISTS, "a gateway twice");
	tap_ok(strcmp(where, "gateways[1].name") == 0, "is named");
	json_decref(json);
}

int main(void)
{
	test_round();
	test_rows();
	test_limits();
	test_twice();
	return tap_done();
}
