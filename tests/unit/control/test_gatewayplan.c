/* SPDX-License-Identifier: ISC */
/* Plans of gateways: there and back, and one row for each thing that may be wrong with one. */
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "control/edit.h"
#include "control/gatewayplan.h"
#include "tap.h"

#include <netinet/in.h>

static const char document[] =
	"{\"netmap\": {\"version\": 0, \"network\": \"tacet\", \"user\": \"berlin\", \"de"
	"vice\": \"berlin\", \"state\": \"active\", \"ipv4\": \"100.80.0.2\", \"ipv6\": "
	"\"fd12:3456:789a::2\", \"overlay_ipv4\": \"100.80.0.0/16\", \"overlay_ipv6\": \""
	"fd12:3456:789a::/96\", \"control_port\": 7411, \"gateways\": [{\"name\": \"gatew"
	"ay\", \"endpoint\": \"gw.example.net:51820\", \"public_key\": \"AQAAAAAAAAAAAAAA"
	"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\", \"ipv4\": \"100.80.0.1\", \"ipv6\": \"fd12:3456:"
	"789a::1\"}], \"services\": []}, \"devices\": [{\"public_key\": \"AgAAAAAAAAAAAAA"
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAA=\", \"preshared_key\": \"AQAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAAAAAAAAAAAAAAAA=\", \"ipv4\": \"100.80.128.1\", \"ipv6\": \"fd12:3456:789a::80"
	"01\", \"role\": 16}, {\"public_key\": \"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAA=\", \"ipv4\": \"100.80.128.2\", \"ipv6\": \"fd12:3456:789a::8002\", \"role\""
	": 17}], \"services\": [{\"id\": 4, \"protocol\": \"tcp\", \"port\": 80, \"vip_ip"
	"v4\": \"100.80.64.2\", \"vip_ipv6\": \"fd12:3456:789a::4002\", \"target\": \"127"
	".0.0.1:8081\"}, {\"id\": 5, \"protocol\": \"udp\", \"port\": 53, \"vip_ipv4\": "
	"\"100.80.64.3\", \"vip_ipv6\": \"fd12:3456:789a::4003\", \"target\": \"[fd00::7]"
	":53\"}], \"grants\": [[16, 4, 5], [17, 5]], \"knock\": {\"mode\": \"required\""
	", \"keys\": [{\"epoch\": 7, \"key\": \"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""
	", \"budgeted\": true}, {\"epoch\": 65535, \"key\": \"AgAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAAAAAAAAAAAAAA=\", \"budgeted\": false}]}, \"version\": 7}";

static const struct {
	const char *name;
	const char *path, *value; /* the change; value NULL: removed */
	int result;
	const char *where;
} rows[] = {
	{"as it is", "version", "7", 0, ""},
	{"a member that is not known", "more", "{}", 0, ""},
	{"no object", "", "[]", ERR_SYNTAX, ""},
	{"no version", "version", NULL, ERR_SYNTAX, "version"},
	{"version 0, which is none", "version", "0", ERR_RANGE, "version"},
	{"no netmap", "netmap", NULL, ERR_SYNTAX, "netmap"},
	{"a netmap that is wrong", "netmap.user", NULL, ERR_SYNTAX, "user"},
	{"a netmap without a controller", "netmap.gateways", "[]", ERR_RANGE, "gateways"},
	{"no devices", "devices", NULL, ERR_SYNTAX, "devices"},
	{"devices that are none", "devices", "{}", ERR_SYNTAX, "devices"},
	{"a device that is none", "devices.1", "7", ERR_SYNTAX, "devices[1]"},
	{"a device without a key", "devices.0.public_key", NULL, ERR_SYNTAX,
		"devices[0].public_key"},
	{"a key that is none", "devices.0.public_key", "\"AQ==\"", ERR_KEY,
		"devices[0].public_key"},
	{"a secret that is none", "devices.0.preshared_key", "\"x\"", ERR_KEY,
		"devices[0].preshared_key"},
	{"no secret", "devices.0.preshared_key", NULL, 0, ""},
	{"an address outside", "devices.0.ipv4", "\"10.0.0.1\"", ERR_RANGE, "devices[0].ipv4"},
	{"no address", "devices.1.ipv6", NULL, ERR_SYNTAX, "devices[1].ipv6"},
	{"role 0", "devices.0.role", "0", ERR_RANGE, "devices[0].role"},
	{"a role that is too great", "devices.0.role", "4294967295", ERR_RANGE, "devices[0].role"},
	{"no services", "services", NULL, ERR_SYNTAX, "services"},
	{"a service without an id", "services.0.id", NULL, ERR_SYNTAX, "services[0].id"},
	{"an unknown protocol", "services.0.protocol", "\"sctp\"", ERR_UNKNOWN_WORD,
		"services[0].protocol"},
	{"port 0", "services.0.port", "0", ERR_RANGE, "services[0].port"},
	{"a VIP outside", "services.0.vip_ipv4", "\"192.0.2.1\"", ERR_RANGE,
		"services[0].vip_ipv4"},
	{"an IPv6 VIP outside", "services.1.vip_ipv6", "\"fd00::1\"", ERR_RANGE,
		"services[1].vip_ipv6"},
	{"a target that is a name", "services.0.target", "\"db:5432\"", ERR_SYNTAX,
		"services[0].target"},
	{"no target", "services.0.target", NULL, ERR_SYNTAX, "services[0].target"},
	{"no grants", "grants", NULL, ERR_SYNTAX, "grants"},
	{"grants that are no lists", "grants", "[16, 4]", ERR_SYNTAX, "grants"},
	{"a role without grants", "grants.0", "[16]", ERR_SYNTAX, "grants"},
	{"grants of role 0", "grants.0", "[0, 4]", ERR_SYNTAX, "grants"},
	{"a grant that is text", "grants.0", "[16, \"4\"]", ERR_SYNTAX, "grants"},
	{"a grant that is too great", "grants.1", "[17, 4294967295]", ERR_SYNTAX, "grants"},
	{"nothing is granted", "grants", "[]", 0, ""},
	{"nothing said of knocks", "knock", NULL, 0, ""},
	{"knocks that are none", "knock", "7", ERR_SYNTAX, "knock"},
	{"no mode of knocks", "knock.mode", NULL, ERR_SYNTAX, "knock"},
	{"an unknown mode", "knock.mode", "\"polite\"", ERR_UNKNOWN_WORD, "knock"},
	{"no keys", "knock.keys", NULL, ERR_SYNTAX, "knock"},
	{"none of a list", "knock.keys", "[]", 0, ""},
	{"a key that is no object", "knock.keys.1", "7", ERR_SYNTAX, "knock"},
	{"an epoch that is too great", "knock.keys.0.epoch", "65536", ERR_RANGE, "knock"},
	{"an epoch below zero", "knock.keys.0.epoch", "-1", ERR_RANGE, "knock"},
	{"a knock without a key", "knock.keys.0.key", NULL, ERR_SYNTAX, "knock"},
	{"a knock's key of zeros", "knock.keys.0.key",
		"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"", ERR_KEY, "knock"},
	{"a class that is a number", "knock.keys.0.budgeted", "1", ERR_SYNTAX, "knock"},
	{"full right if not said", "knock.keys.0.budgeted", NULL, 0, ""},
};

static void test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		json_t *json = edit(document, rows[i].path, rows[i].value);
		char where[NETMAP_NAME_SIZE] = "";
		struct gatewayplan plan = {.version = 4711};
		int result = gatewayplan_decode(json, &plan, where);
		if (!tap_ok(result == rows[i].result && strcmp(where, rows[i].where) == 0,
			    rows[i].name))
			printf("# %d at %s\n", result, where);
		if (result == 0)
			gatewayplan_done(&plan);
		else if (plan.version != 4711 || plan.devices)
			tap_ok(false, "the result is untouched");
		json_decref(json);
	}
}

static void test_round(void)
{
	json_t *json = edit_load(document);
	char where[NETMAP_NAME_SIZE];
	struct gatewayplan plan;

	if (!tap_is_int(gatewayplan_decode(json, &plan, where), 0, "a plan is read"))
		return;
	tap_is_int((intmax_t)plan.version, 7, "its version");
	tap_ok(plan.device_count == 2 && plan.devices[0].role == 16, "devices");
	tap_ok(plan.devices[0].preshared_key[0] == 1 && plan.devices[1].preshared_key[0] == 0,
		"a secret, and none");
	tap_ok(plan.service_count == 2 && plan.services[1].protocol == IPPROTO_UDP &&
			plan.services[1].target.port == 53,
		"services");
	tap_ok(plan.grant_count == 3 && plan.grants[1].role == 16 && plan.grants[1].service == 5 &&
			plan.grants[2].role == 17,
		"grants");
	tap_ok(plan.knock_mode == KNOCK_REQUIRED && plan.knock_count == 2 &&
			plan.knocks[0].class == KNOCK_BUDGETED && plan.knocks[0].epoch == 7 &&
			plan.knocks[1].class == KNOCK_FULL && plan.knocks[1].key[0] == 2,
		"knocks");
	json_t *again = gatewayplan_encode(&plan), *same = gatewayplan_encode(&plan);
	tap_ok(json_equal(again, same), "the same again has the same version");
	plan.devices[1].role = 16;
	json_t *other = gatewayplan_encode(&plan);
	tap_ok(json_integer_value(json_object_get(other, "version")) !=
			json_integer_value(json_object_get(again, "version")),
		"another has another");
	json_object_set_new(again, "version", json_integer(7));
	tap_ok(json_equal(json, again), "it is written as it was");
	gatewayplan_done(&plan);
	tap_ok(bytes_are_zero((const uint8_t *)&plan, sizeof plan), "it is zero when done");
	json_decref(other);
	json_decref(same);
	json_decref(again);
	json_decref(json);
}

/* So many lists of as many grants in all; the decoding's result. */
static int decode_grants(size_t lists, size_t grants)
{
	json_t *json = edit_load(document), *all = json_array();
	char where[NETMAP_NAME_SIZE];
	struct gatewayplan plan;

	for (size_t i = 0; i < lists; i++) {
		json_t *list = json_pack("[i]", (int)i + 1);
		for (size_t j = 0; j < grants / lists; j++)
			json_array_append_new(list, json_integer(4));
		json_array_append_new(all, list);
	}
	json_object_set_new(json, "grants", all);
	int result = gatewayplan_decode(json, &plan, where);
	if (result == 0)
		gatewayplan_done(&plan);
	json_decref(json);
	return result;
}

static void test_limits(void)
{
	json_t *json = edit_load(document);
	json_t *services = json_object_get(json, "services"), *one = json_array_get(services, 0);
	char where[NETMAP_NAME_SIZE];
	struct gatewayplan plan;

	while (json_array_size(services) < GATEWAYPLAN_SERVICES_MAX)
		json_array_append(services, one);
	tap_is_int(gatewayplan_decode(json, &plan, where), 0, "all services there can be");
	gatewayplan_done(&plan);
	json_array_append(services, one);
	tap_is_int(gatewayplan_decode(json, &plan, where), ERR_RANGE, "one too many");
	json_decref(json);
	json = edit_load(document);
	json_t *devices = json_object_get(json, "devices");
	one = json_array_get(devices, 0);
	while (json_array_size(devices) < GATEWAYPLAN_DEVICES_MAX)
		json_array_append(devices, one);
	tap_is_int(gatewayplan_decode(json, &plan, where), 0, "all devices there can be");
	gatewayplan_done(&plan);
	json_array_append(devices, one);
	tap_is_int(gatewayplan_decode(json, &plan, where), ERR_RANGE, "one too many");
	json_decref(json);
	json = edit_load(document);
	json_t *keys = json_object_get(json_object_get(json, "knock"), "keys");
	one = json_array_get(keys, 0);
	while (json_array_size(keys) < GATEWAYPLAN_KNOCKS_MAX)
		json_array_append(keys, one);
	tap_is_int(gatewayplan_decode(json, &plan, where), 0, "all knocks there can be");
	gatewayplan_done(&plan);
	json_array_append(keys, one);
	tap_is_int(gatewayplan_decode(json, &plan, where), ERR_RANGE, "one too many");
	json_decref(json);
	tap_is_int(decode_grants(16, GATEWAYPLAN_GRANTS_MAX), 0, "all grants there can be");
	tap_is_int(decode_grants(1, GATEWAYPLAN_GRANTS_MAX + 1), ERR_RANGE, "one too many");
}

int main(void)
{
	test_round();
	test_rows();
	test_limits();
	return tap_done();
}
