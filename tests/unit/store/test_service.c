/* SPDX-License-Identifier: ISC */
/* Gateways, and the services behind them. */
#include "base/error.h"
#include "store_lab.h"
#include "tap.h"

static struct lab lab;

static const struct {
	const char *name;
	struct store_service_target target;
	int result;
} targets[] = {
	{"a service", {"intranet", STORE_TCP, "127.0.0.1", 80, 0, "gw"}, 0},
	{"another port", {"db", STORE_UDP, "db.example.net", 5432, 5433, "gw"}, 0},
	{"the name again", {"intranet", STORE_TCP, "127.0.0.1", 81, 0, "gw"}, ERR_EXISTS},
	{"no label", {"intra.net", STORE_TCP, "127.0.0.1", 80, 0, "gw"}, ERR_LABEL},
	{"port 0", {"web", STORE_TCP, "127.0.0.1", 0, 80, "gw"}, ERR_RANGE},
	{"another protocol", {"web", (enum store_protocol)1, "127.0.0.1", 80, 0, "gw"}, ERR_RANGE},
	{"no host", {"web", STORE_TCP, "", 80, 0, "gw"}, ERR_SYNTAX},
	{"no such gateway", {"web", STORE_TCP, "127.0.0.1", 80, 0, "gx"}, ERR_NOT_FOUND},
};

static int count_service(void *context, const struct store_service *service)
{
	(void)service;
	++*(int *)context;
	return 0;
}

static void test_services(void)
{
	const struct store_actor by = lab_root(1);
	struct store_service service, got;
	char text[ADDRESS_TEXT_SIZE];
	int count = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
		tap_is_int(store_service_add(lab.store, &by, &targets[i].target, &service),
			targets[i].result, targets[i].name);
	}
	tap_is_int(store_service_get(lab.store, "db", &got), 0, "get it");
	tap_is_bytes(&got, &service, sizeof got, "as it was given");
	tap_ok(got.port == 5432 && got.vip_port == 5433 && got.protocol == STORE_UDP, "its ports");
	tap_ok(strcmp(address_format(&got.vip_ipv4, text), "100.80.64.2") == 0, "its address");
	tap_is_int(store_service_get(lab.store, "intranet", &got), 0, "get the other");
	tap_is_int(got.vip_port, 80, "its port is the target's");
	tap_is_int(store_service_each(lab.store, count_service, &count), 0, "list");
	tap_is_int(count, 2, "two services");
	tap_is_int(store_service_remove(lab.store, &by, "db"), 0, "remove one");
	tap_is_int(store_service_remove(lab.store, &by, "db"), ERR_NOT_FOUND, "twice");
	tap_is_int(store_service_add(lab.store, &by, &targets[1].target, &service), 0, "once more");
	tap_ok(strcmp(address_format(&service.vip_ipv4, text), "100.80.64.3") == 0,
		"at an address of its own");
}

static int count_gateway(void *context, const struct store_gateway *gateway)
{
	(void)gateway;
	++*(int *)context;
	return 0;
}

static void test_gateways(void)
{
	const struct store_actor by = lab_root(2);
	struct store_gateway gateway, got;
	uint8_t key[STORE_KEY_SIZE];
	char text[ADDRESS_TEXT_SIZE];
	int count = 0;

	tap_is_int(store_gateway_get(lab.store, "gw", &gateway), 0, "the first gateway");
	tap_ok(strcmp(address_format(&gateway.ipv4, text), "100.80.0.1") == 0, "its address");
	lab_key('g', 1, key);
	tap_is_int(store_gateway_add(lab.store, &by, "gw", key, "h:1", &got), ERR_EXISTS, "name");
	tap_is_int(store_gateway_add(lab.store, &by, "g.w", key, "h:1", &got), ERR_LABEL, "label");
	tap_is_int(store_gateway_add(lab.store, &by, "gx", key, "h 1", &got), ERR_SYNTAX, "host");
	tap_is_int(store_gateway_add(lab.store, &by, "gx", gateway.public_key, "h:1", &got),
		ERR_EXISTS, "key");
	tap_is_int(store_gateway_add(lab.store, &by, "gx", key, "h:1", &got), 0, "another");
	tap_is_int(store_gateway_set_endpoint(lab.store, &by, "gx", "h:2"), 0, "it moves");
	tap_is_int(store_gateway_set_endpoint(lab.store, &by, "gy", "h:2"), ERR_NOT_FOUND, "none");
	tap_is_int(store_gateway_get(lab.store, "gx", &got), 0, "get it");
	tap_ok(strcmp(got.endpoint, "h:2") == 0, "it has moved");
	tap_is_int(store_gateway_each(lab.store, count_gateway, &count), 0, "list");
	tap_is_int(count, 2, "two gateways");
	tap_is_int(store_gateway_remove(lab.store, &by, "gw"), ERR_IN_USE, "one with services");
	tap_is_int(store_gateway_remove(lab.store, &by, "gx"), 0, "one without");
	tap_is_int(store_gateway_remove(lab.store, &by, "gx"), ERR_NOT_FOUND, "twice");
	tap_ok(lab_is_sound(lab.store), "the log is sound");
}

static const struct store_service_target by_policy[] = {
	{"wiki", STORE_TCP, "10.0.0.1", 80, 0, "gw"},
	{"intranet", STORE_TCP, "127.0.0.1", 80, 0, "gw"},
	{"dns", STORE_UDP, "10.0.0.1", 53, 0, "gw"},
};
static const struct store_service_target moved[] = {{"wiki", STORE_TCP, "10.0.0.2", 8080, 0, "gw"}};
static const struct store_service_target conflict[] = {
	{"fresh", STORE_TCP, "10.0.0.2", 8080, 0, "gw"},
	{"intranet", STORE_TCP, "10.0.0.2", 80, 0, "gw"},
};

/* Policies in a row, and the services that they leave. The store has "intranet" by command. */
static const struct {
	const char *name;
	const struct store_service_target *services;
	size_t count;
	int result;
	const char *names;
} policies[] = {
	{"without services", NULL, 0, 0, "intranet "},
	{"with some", by_policy, 3, 0, "dns(policy) intranet wiki(policy) "},
	{"the same again", by_policy, 3, 0, "dns(policy) intranet wiki(policy) "},
	{"with one elsewhere", moved, 1, 0, "intranet wiki(policy) "},
	{"in conflict with a command", conflict, 2, ERR_EXISTS, "intranet wiki(policy) "},
	{"with none", NULL, 0, 0, "intranet "},
};

struct names {
	char text[256];
	size_t size;
};

static int write_name(void *context, const struct store_service *service)
{
	struct names *names = context;

	names->size += (size_t)snprintf(names->text + names->size, sizeof names->text - names->size,
		"%s%s ", service->name, service->from_policy ? "(policy)" : "");
	return 0;
}

static void test_policies(void)
{
	const struct store_actor by = lab_root(3);
	struct store_service wiki = {0};
	char text[ADDRESS_TEXT_SIZE];
	uint64_t version;

	lab_must(store_service_remove(lab.store, &by, "db") == 0, "remove a service");
	for (size_t i = 0; i < ARRAY_LENGTH(policies); i++) {
		const struct store_policy_change change = {
			"rules: []", 9, policies[i].services, policies[i].count};
		struct names names = {.size = 0};

		tap_is_int(store_policy_apply(lab.store, &by, &change, &version),
			policies[i].result, policies[i].name);
		tap_is_int(store_service_each(lab.store, write_name, &names), 0, "list");
		tap_ok(strcmp(names.text, policies[i].names) == 0, names.text);
		if (policies[i].services != moved)
			continue;
		tap_is_int(store_service_get(lab.store, "wiki", &wiki), 0, "the one that moved");
		tap_ok(strcmp(address_format(&wiki.vip_ipv4, text), "100.80.64.4") == 0,
			"keeps its address");
		tap_ok(wiki.port == 8080 && wiki.vip_port == 8080 && wiki.id == 4, "and its id");
	}
	tap_is_int((intmax_t)version, 5, "what was refused is no version");
	tap_ok(lab_is_sound(lab.store), "the log is sound");
}

int main(void)
{
	lab_open(&lab);
	test_services();
	test_gateways();
	test_policies();
	lab_end(&lab);
	return tap_done();
}
