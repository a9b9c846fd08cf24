/* SPDX-License-Identifier: ISC */
/* Gateways on hosts of their own: how they come, what they are told, and who waits for them. */
#include "base/clock.h"
#include "base/error.h"
#include "control/enrolment.h"
#include "control/gatewayplan.h"
#include "control/token.h"
#include "controller_lab.h"
#include "tap.h"
#include "world_same.h"

static struct controller_lab lab;
static struct address berlin; /* its address, once it has one */

#define POLICY                                                                                     \
	"rules:\n"                                                                                 \
	"  - {who: [alice], may: [intranet, wiki]}\n"                                              \
	"  - {who: [bob], may: [intranet]}\n"

static void add_device(struct store *store, const char *user, uint64_t number)
{
	const struct store_actor by = lab_root(1);
	uint8_t key[STORE_KEY_SIZE], preshared_key[STORE_KEY_SIZE];
	const struct store_enrolment enrolment = {"laptop", key, preshared_key};
	struct store_device device;

	lab_key('d', number, key);
	lab_key('s', number, preshared_key);
	lab_must(store_user_add(store, &by, user, NULL, 0) == 0, "add a user");
	lab_must(store_device_add(store, &by, user, &enrolment, &device) == 0, "add a device");
}

/* Its device is the first, 100.80.128.1; bob's the second. */
static void fill(struct store *store)
{
	const struct store_actor by = lab_root(1);
	const struct store_service_target target = {
		"intranet", STORE_TCP, "127.0.0.1", 80, 0, "gw"};
	struct store_service service;

	lab_must(store_service_add(store, &by, &target, &service) == 0, "add a service");
	add_device(store, "alice", 1);
	add_device(store, "bob", 2);
}

static void be(const char *address)
{
	struct address own;

	lab_must(address_parse(address, strlen(address), &own) == 0, "read an address");
	controller_lab_be(&lab, &own);
}

static void must_act(const char *method, const char *path, const char *body)
{
	tap_is_int(controller_lab_ask(&lab, method, path,
			   body ? json_loads(body, JSON_DECODE_ANY, NULL) : NULL, NULL),
		200, path);
}

static json_t *ask_ok(const char *path)
{
	json_t *json = NULL;

	tap_is_int(controller_lab_ask(&lab, "GET", path, NULL, &json), 200, path);
	return json;
}

/* ---- enrolment ---- */

static unsigned enrol(
	const struct token *token, uint64_t number, const char *endpoint, json_t **ret_json)
{
	struct enrolment enrolment = {.name = "whatever"};

	lab_key('e', number, enrolment.public_key);
	lab_key('f', number, enrolment.preshared_key);
	(void)snprintf(enrolment.endpoint, sizeof enrolment.endpoint, "%s", endpoint);
	controller_lab_be(&lab, &token->ipv4);
	return controller_lab_ask_tunnel(
		&lab, lab.enrol_port, "POST", "/v1/enrol", enrolment_encode(&enrolment), ret_json);
}

static struct token invite(const char *body)
{
	struct token token = {0};
	json_t *json = NULL;

	tap_is_int(
		controller_lab_ask(&lab, "POST", "/v1/invites", json_loads(body, 0, NULL), &json),
		200, body);
	const char *text = json_string_value(json_object_get(json, "token"));
	tap_is_int(token_parse(text, strlen(text), &token), 0, "its token can be read");
	json_decref(json);
	return token;
}

/* Whether one of the alarms has the words. */
static bool has_alarm(const char *words)
{
	json_t *json = ask_ok("/v1/status");
	const json_t *alarms = json_object_get(json, "alarms");
	bool has = false;

	for (size_t i = 0; i < json_array_size(alarms); i++)
		has |= strstr(json_string_value(json_array_get(alarms, i)), words) != NULL;
	json_decref(json);
	return has;
}

/* The peer of that key in the last plan has this pre-shared key. */
static bool is_peer(uint64_t number)
{
	uint8_t key[STORE_KEY_SIZE], preshared_key[STORE_KEY_SIZE];
	bool found = false;

	lab_key('e', number, key);
	lab_key('f', number, preshared_key);
	(void)pthread_mutex_lock(&lab.lock);
	for (size_t i = 0; i < lab.plan.head.peers; i++) {
		const struct message_peer *peer = &lab.plan.peers[i];

		found |= memcmp(peer->public_key, key, sizeof key) == 0 &&
			 memcmp(peer->preshared_key, preshared_key, sizeof key) == 0;
	}
	(void)pthread_mutex_unlock(&lab.lock);
	return found;
}

static void test_enrol(void)
{
	struct token token = invite("{\"gateway\": \"berlin\"}");
	struct token devices = invite("{\"user\": \"bob\"}");
	struct netmap netmap = {0};
	char where[NETMAP_NAME_SIZE], text[ADDRESS_TEXT_SIZE];
	json_t *json = NULL;

	tap_is_int(token.kind, TOKEN_GATEWAY, "of a gateway");
	tap_is_int(enrol(&token, 1, "", NULL), 409, "no device enrols by it");
	tap_is_int(enrol(&devices, 1, "far:51820", NULL), 409, "nor a gateway by a device's");
	tap_is_int(enrol(&token, 1, "far", NULL), 400, "one that nobody can call");
	tap_is_int(enrol(&token, 1, "far:51820", &json), 200, "a gateway enrols");
	tap_is_int(netmap_decode(json, &netmap, where), 0, "and gets a netmap");
	tap_ok(strcmp(netmap.device, "berlin") == 0, "with the invite's name");
	tap_ok(netmap.gateway_count == 1 && netmap.service_count == 0, "and its controller");
	berlin = netmap.ipv4;
	tap_is_int(controller_lab_role(&lab, address_format(&berlin, text)), PLAN_ROLE_BARE,
		"it reaches the control port");
	tap_ok(is_peer(1), "as a peer with its secret");
	netmap_done(&netmap);
	json_decref(json);
	tap_is_int(enrol(&token, 1, "far:51820", NULL), 200, "the same again");
	tap_is_int(enrol(&token, 2, "thief:51820", NULL), 410, "another");
	tap_ok(has_alarm("used by a second gateway"), "raises an alarm");
	must_act("DELETE", "/v1/invites/2", NULL);
	tap_ok(controller_lab_wait_peers(&lab, 3), "the one-time keys go");
}

/* ---- plans ---- */

enum {
	PATH_ROOM = 128,
};

/* What the gateway is answered; its status. Any thread. */
static int take_plan(const char *path, json_t **ret_json)
{
	return controller_lab_ask_tunnel(&lab, lab.control_port, "GET", path, NULL, ret_json);
}

static uint64_t version_of(const json_t *json)
{
	return (uint64_t)json_integer_value(json_object_get(json, "version"));
}

/* The same, which has to go well; its version. */
static uint64_t ask_plan(const char *path, json_t **ret_json)
{
	json_t *json = NULL;

	controller_lab_be(&lab, &berlin);
	tap_is_int(take_plan(path, &json), 200, "the gateway asks");
	uint64_t version = version_of(json);
	if (ret_json)
		*ret_json = json;
	else
		json_decref(json);
	return version;
}

/* How it asks that has this version in force. */
static char *path_of(uint64_t version, unsigned wait_s, char ret_path[static PATH_ROOM])
{
	(void)snprintf(ret_path, PATH_ROOM, "/v1/plan?version=%llu&in_force=%llu&wait=%u",
		(unsigned long long)version, (unsigned long long)version, wait_s);
	return ret_path;
}

/* Says that it has this in force; it is not told anything where it has the latest. */
static uint64_t confirm(uint64_t version)
{
	char path[PATH_ROOM];

	return ask_plan(path_of(version, 0, path), NULL);
}

static bool is_current(void)
{
	json_t *json = ask_ok("/v1/gateways");
	const json_t *gateway = json_array_get(json_object_get(json, "gateways"), 1);
	bool current = json_is_true(json_object_get(gateway, "current"));

	tap_ok(json_is_true(json_object_get(gateway, "connected")), "it is connected");
	json_decref(json);
	return current;
}

static void test_plan(void)
{
	struct gatewayplan plan = {0};
	char where[NETMAP_NAME_SIZE];
	uint8_t key[STORE_KEY_SIZE];
	json_t *json = NULL;

	must_act("POST", "/v1/services",
		"{\"name\": \"wiki\", \"target\": \"127.0.0.1:81\", \"gateway\": \"berlin\"}");
	json_t *policy = json_string(POLICY);
	tap_is_int(controller_lab_ask(&lab, "PUT", "/v1/policy", policy, NULL), 200, "a policy");
	be("100.80.128.1");
	tap_is_int(controller_lab_ask_tunnel(&lab, lab.control_port, "GET", "/v1/plan", NULL, NULL),
		404, "a device has no plan");
	uint64_t version = ask_plan("/v1/plan", &json);
	tap_is_int(gatewayplan_decode(json, &plan, where), 0, "its plan is one");
	json_decref(json);
	lab_key('d', 1, key);
	tap_ok(plan.device_count == 1 && memcmp(plan.devices[0].public_key, key, sizeof key) == 0,
		"with the device alone that may use something there");
	lab_key('s', 1, key);
	tap_ok(memcmp(plan.devices[0].preshared_key, key, sizeof key) == 0, "and its secret");
	tap_ok(plan.service_count == 1 && plan.services[0].port == 81, "the service behind it");
	tap_ok(plan.grant_count == 1 && plan.grants[0].role == plan.devices[0].role &&
			plan.grants[0].service == plan.services[0].id,
		"and the grant");
	tap_ok(strcmp(plan.netmap.gateways[0].endpoint, "gw.example.net:51820") == 0,
		"it calls the controller");
	gatewayplan_done(&plan);
	tap_ok(!is_current(), "it has not said that it has it");
	tap_is_int((intmax_t)confirm(version), 0, "it has it, and is told nothing");
	tap_ok(is_current(), "and is known to");
	controller_lab_be(&lab, &berlin);
	tap_is_int(
		controller_lab_ask_tunnel(&lab, lab.control_port, "GET", "/v1/netmap", NULL, NULL),
		404, "a gateway has no netmap");
}

/* How many gateways the netmap of the device at an address has. */
static size_t count_gateways(const char *address)
{
	json_t *json = NULL;

	be(address);
	tap_is_int(
		controller_lab_ask_tunnel(&lab, lab.control_port, "GET", "/v1/netmap", NULL, &json),
		200, "a netmap");
	size_t count = json_array_size(json_object_get(json, "gateways"));
	json_decref(json);
	return count;
}

static void test_netmaps(void)
{
	tap_is_int((intmax_t)count_gateways("100.80.128.1"), 2, "who may use both knows both");
	tap_is_int((intmax_t)count_gateways("100.80.128.2"), 1, "the other does not");
}

/* ---- who waits ---- */

struct follower {
	uint64_t version;
	int told, confirmed; /* statuses */
};

/* A gateway in a thread of its own, that puts in force what it is told. */
static void *follow(void *context)
{
	struct follower *self = context;
	json_t *json = NULL;
	char path[PATH_ROOM];

	self->told = take_plan(path_of(self->version, 20, path), &json);
	self->version = version_of(json);
	json_decref(json);
	self->confirmed = take_plan(path_of(self->version, 0, path), NULL);
	return NULL;
}

/* An act on a device; how long it took in ms, and how many were behind. */
static uint64_t act_on(const char *path, size_t *ret_behind)
{
	json_t *json = NULL;
	uint64_t began_ns = clock_now().monotonic_ns;

	tap_is_int(controller_lab_ask(&lab, "POST", path, NULL, &json), 200, path);
	*ret_behind = json_array_size(json_object_get(json, "behind"));
	json_decref(json);
	return (clock_now().monotonic_ns - began_ns) / NS_PER_MS;
}

static void test_waits(void)
{
	struct follower follower = {.version = ask_plan("/v1/plan", NULL)};
	pthread_t thread;
	size_t behind = 77;

	(void)confirm(follower.version);
	lab_must(pthread_create(&thread, NULL, follow, &follower) == 0, "start a thread");
	uint64_t took_ms = act_on("/v1/devices/alice/laptop/quarantine", &behind);
	lab_must(pthread_join(thread, NULL) == 0, "join a thread");
	tap_is_int(follower.told, 200, "it is told");
	tap_is_int(follower.confirmed, 200, "and says that it has it");
	tap_ok(took_ms < 900 && behind == 0, "one that follows is waited for no longer than that");
	took_ms = act_on("/v1/devices/alice/laptop/release", &behind);
	tap_ok(took_ms >= 1000 && behind == 1, "one that does not is, for a second, and is named");
	tap_ok(!is_current(), "and remembered");
	(void)confirm(ask_plan("/v1/plan", NULL));
	took_ms = act_on("/v1/devices/bob/laptop/quarantine", &behind);
	tap_ok(took_ms < 900 && behind == 0, "what is none of its own changes nothing there");
}

static void test_remove(void)
{
	json_t *json = NULL;

	tap_is_int(controller_lab_ask(&lab, "DELETE", "/v1/gateways/berlin", NULL, &json), 409,
		"not while a service stands behind it");
	json_decref(json);
	must_act("DELETE", "/v1/services/wiki", NULL);
	must_act("DELETE", "/v1/gateways/berlin", NULL);
	tap_ok(!is_peer(1), "its key is gone");
	controller_lab_be(&lab, &berlin);
	tap_is_int(controller_lab_ask_tunnel(&lab, lab.control_port, "GET", "/v1/plan", NULL, NULL),
		404, "and it is told nothing");
}

int main(void)
{
	struct world fresh = {0};

	controller_lab_start(&lab, LAB_WITHIN, fill);
	test_enrol();
	test_plan();
	test_netmaps();
	test_waits();
	test_remove();
	tap_is_int(controller_lab_stop(&lab), 0, "it ends well");
	tap_is_int(world_load(&fresh, lab.lab.store), 0, "read the store anew");
	tap_ok(world_same(&lab.controller.world, &fresh), "memory is as the store");
	tap_ok(lab_is_sound(lab.lab.store), "the log is sound");
	world_done(&fresh);
	controller_lab_end(&lab);
	return tap_done();
}
