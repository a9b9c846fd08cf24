/* SPDX-License-Identifier: ISC */
/* Invites and netmaps: what a one-time key can, for how long, and what devices are told when. */
#include "base/base64.h"
#include "base/error.h"
#include "control/enrolment.h"
#include "control/netmap.h"
#include "control/token.h"
#include "controller_lab.h"
#include "crypto/x25519.h"
#include "tap.h"
#include "world_same.h"

static struct controller_lab lab;

#define POLICY "rules:\n  - {who: [alice], may: [intranet]}\n"

static void fill(struct store *store)
{
	const struct store_actor by = lab_root(1);
	const struct store_policy_change change = {.text = POLICY, .size = sizeof POLICY - 1};
	const struct store_service_target targets[] = {
		{"intranet", STORE_TCP, "127.0.0.1", 80, 0, "gw"},
		{"db", STORE_TCP, "10.0.0.7", 5432, 0, "gw"},
	};
	struct store_service service;
	uint64_t version;

	lab_must(store_user_add(store, &by, "alice", NULL, 0) == 0, "add alice");
	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++)
		lab_must(
			store_service_add(store, &by, &targets[i], &service) == 0, "add a service");
	lab_must(store_policy_apply(store, &by, &change, &version) == 0, "apply a policy");
}

/* Invites alice; the token as it is read. */
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

static unsigned enrol(const struct token *token, uint64_t number, json_t **ret_json)
{
	struct enrolment enrolment = {.name = "laptop"};

	lab_key('d', number, enrolment.public_key);
	lab_key('s', number, enrolment.preshared_key);
	(void)snprintf(enrolment.name, sizeof enrolment.name, "laptop-%u", (unsigned)number);
	controller_lab_be(&lab, &token->ipv4);
	return controller_lab_ask_tunnel(
		&lab, lab.enrol_port, "POST", "/v1/enrol", enrolment_encode(&enrolment), ret_json);
}

/* Whether the text of a problem says so, which is then released. */
static bool has_alarm(const char *words)
{
	json_t *json = NULL;
	bool has = false;

	(void)controller_lab_ask(&lab, "GET", "/v1/status", NULL, &json);
	const json_t *alarms = json_object_get(json, "alarms");
	for (size_t i = 0; i < json_array_size(alarms); i++)
		has |= strstr(json_string_value(json_array_get(alarms, i)), words) != NULL;
	json_decref(json);
	return has;
}

static void test_token(const struct token *token)
{
	uint8_t public_key[X25519_KEY_SIZE];
	struct x25519_private *private = NULL;

	tap_ok(token->kind == TOKEN_DEVICE && strcmp(token->network, "tacet") == 0, "of a device");
	tap_ok(strcmp(token->endpoint, "gw.example.net:51820") == 0, "the endpoint");
	tap_is_int(token->enrol_port, 7412, "the port");
	tap_is_int(x25519_private_new(token->one_time_key, &private, public_key), 0, "its key");
	x25519_private_free(private);
	(void)pthread_mutex_lock(&lab.lock);
	const struct message_peer *peer = &lab.plan.peers[lab.plan.head.peers - 1];
	tap_is_bytes(peer->public_key, public_key, sizeof public_key, "is a peer's in the plan");
	tap_is_bytes(peer->preshared_key, token->preshared_key, TOKEN_KEY_SIZE, "with its secret");
	(void)pthread_mutex_unlock(&lab.lock);
}

static void test_enrol(void)
{
	struct token token = invite("{\"user\": \"alice\"}");
	struct netmap netmap = {0};
	char where[NETMAP_NAME_SIZE], text[ADDRESS_TEXT_SIZE];
	json_t *json = NULL;

	test_token(&token);
	tap_is_int(enrol(&token, 1, &json), 200, "enrol");
	tap_is_int(netmap_decode(json, &netmap, where), 0, "a netmap");
	tap_ok(strcmp(netmap.device, "laptop-1") == 0 && netmap.state == NETMAP_ACTIVE, "active");
	tap_is_int((intmax_t)netmap.service_count, 1, "what it is granted only");
	tap_ok(strcmp(netmap.services[0].name, "intranet") == 0, "by its name");
	tap_ok(controller_lab_role(&lab, address_format(&netmap.ipv4, text)) >= POLICY_ROLE_LEAST,
		"it is in force");
	json_decref(json);
	netmap_done(&netmap);
	tap_is_int(enrol(&token, 1, &json), 200, "the same again, as the answer was lost");
	json_decref(json);
	tap_is_int(enrol(&token, 2, NULL), 410, "another device");
	tap_ok(has_alarm("used by a second device"), "raises an alarm");
	tap_ok(controller_lab_wait_peers(&lab, 1), "the one-time key goes by itself");
	tap_is_int(enrol(&token, 1, NULL), 404, "and is nobody's then");
	json_t *body = json_pack("{s:s}", "name", "x");
	tap_is_int(controller_lab_ask_tunnel(&lab, lab.enrol_port, "POST", "/v1/enrol", body, NULL),
		404, "as a stranger's is");
}

static void test_ends(void)
{
	struct token token = invite("{\"user\": \"alice\", \"expires_s\": 1}");
	json_t *json = NULL;

	tap_ok(controller_lab_wait_peers(&lab, 1), "an invite expires by itself");
	tap_is_int(enrol(&token, 3, NULL), 404, "and can nothing");
	token = invite("{\"user\": \"alice\"}");
	controller_lab_be(&lab, &token.ipv6);
	tap_is_int(controller_lab_ask_tunnel(&lab, lab.enrol_port, "POST", "/v1/enrol",
			   json_pack("{s:s}", "name", "x"), &json),
		400, "one that says too little");
	json_decref(json);
	tap_is_int(controller_lab_ask(&lab, "GET", "/v1/invites", NULL, &json), 200, "list");
	const json_t *open = json_array_get(json_object_get(json, "invites"), 0);
	tap_ok(strcmp(json_string_value(json_object_get(open, "state")), "open") == 0, "one open");
	char path[64];
	(void)snprintf(path, sizeof path, "/v1/invites/%d",
		(int)json_integer_value(json_object_get(open, "id")));
	json_decref(json);
	tap_is_int(controller_lab_ask(&lab, "DELETE", path, NULL, NULL), 200, "revoke it");
	tap_ok(controller_lab_wait_peers(&lab, 1), "it is not in the plan");
	tap_is_int(controller_lab_ask(&lab, "DELETE", path, NULL, NULL), 409, "twice");
	token = invite("{\"user\": \"alice\", \"approve\": true}");
	tap_is_int(enrol(&token, 4, &json), 200, "enrol one that needs approval");
	tap_ok(strcmp(json_string_value(json_object_get(json, "state")), "pending") == 0,
		"pending");
	tap_is_int((intmax_t)json_array_size(json_object_get(json, "services")), 0, "no service");
	json_decref(json);
	tap_is_int(
		controller_lab_ask(&lab, "POST", "/v1/devices/alice/laptop-4/approve", NULL, NULL),
		200, "approve it");
}

/* A device that waits in a thread of its own. */
struct waiting {
	uint64_t version;
	unsigned status, wait_s;
	json_t *json;
};

static void *wait_netmap(void *context)
{
	struct waiting *waiting = context;
	char path[96];

	(void)snprintf(path, sizeof path, "/v1/netmap?version=%llu&wait=%u",
		(unsigned long long)waiting->version, waiting->wait_s);
	waiting->status = controller_lab_ask_tunnel(
		&lab, lab.control_port, "GET", path, NULL, &waiting->json);
	return NULL;
}

static uint64_t version_of(const json_t *json)
{
	return (uint64_t)json_integer_value(json_object_get(json, "version"));
}

/* Acts while a device waits, and what it is told. */
static void check_push(const char *method, const char *path, const char *body, size_t services)
{
	struct waiting waiting = {.wait_s = 20};
	pthread_t thread;
	json_t *json = NULL;

	tap_is_int(
		controller_lab_ask_tunnel(&lab, lab.control_port, "GET", "/v1/netmap", NULL, &json),
		200, "the netmap at once");
	waiting.version = version_of(json);
	json_decref(json);
	lab_must(pthread_create(&thread, NULL, wait_netmap, &waiting) == 0, "start a thread");
	tap_is_int(controller_lab_ask(&lab, method, path,
			   body ? json_loads(body, JSON_DECODE_ANY, NULL) : NULL, NULL),
		200, path);
	lab_must(pthread_join(thread, NULL) == 0, "join a thread");
	tap_is_int(waiting.status, 200, "is told to who waits");
	tap_ok(version_of(waiting.json) != waiting.version, "as another version");
	tap_is_int((intmax_t)json_array_size(json_object_get(waiting.json, "services")),
		(intmax_t)services, "with its services");
	json_decref(waiting.json);
}

static void test_netmap(void)
{
	struct address address = {0};
	struct waiting waiting = {.wait_s = 1};
	json_t *json = NULL;

	tap_is_int(
		controller_lab_ask_tunnel(&lab, lab.control_port, "GET", "/v1/netmap", NULL, NULL),
		404, "nobody's address");
	lab_must(address_parse("100.80.128.1", 12, &address) == 0, "read an address");
	controller_lab_be(&lab, &address);
	tap_is_int(
		controller_lab_ask_tunnel(&lab, lab.control_port, "GET", "/v1/status", NULL, NULL),
		404, "a device has no other routes");
	check_push("POST", "/v1/devices/alice/laptop-1/quarantine", NULL, 0);
	check_push("POST", "/v1/devices/alice/laptop-1/release", NULL, 1);
	check_push(
		"PUT", "/v1/policy", "\"rules:\\n  - {who: [alice], may: [intranet, db]}\\n\"", 2);
	check_push("PUT", "/v1/network/endpoint", "{\"endpoint\": \"192.0.2.1:1\"}", 2);
	tap_is_int(
		controller_lab_ask_tunnel(&lab, lab.control_port, "GET", "/v1/netmap", NULL, &json),
		200, "once more");
	waiting.version = version_of(json);
	json_decref(json);
	tap_is_int(controller_lab_ask(
			   &lab, "POST", "/v1/users", json_pack("{s:s}", "name", "bob"), NULL),
		200, "a change that is none for it");
	(void)wait_netmap(&waiting);
	tap_ok(waiting.status == 200 && !waiting.json, "it waits for nothing, and is told so");
}

static void test_revocation(void)
{
	json_t *json = NULL;

	tap_is_int(controller_lab_ask(&lab, "DELETE", "/v1/devices/alice/laptop-1", NULL, &json),
		200, "revoke");
	tap_is_int(json_integer_value(json_object_get(json, "flows_cut")), 3, "flows were cut");
	json_decref(json);
	tap_is_int(
		controller_lab_ask_tunnel(&lab, lab.control_port, "GET", "/v1/netmap", NULL, NULL),
		404, "it is told nothing");
	tap_is_int(controller_lab_ask(&lab, "DELETE", "/v1/users/alice", NULL, &json), 200,
		"remove the user");
	tap_is_int(
		json_integer_value(json_object_get(json, "devices_revoked")), 1, "with a device");
	json_decref(json);
	tap_ok(controller_lab_wait_peers(&lab, 0), "nobody is left");
	tap_ok(has_alarm("alice"), "the policy names somebody who is not there");
}

int main(void)
{
	struct world fresh = {0};

	controller_lab_start(&lab, LAB_WITHIN, fill);
	test_enrol();
	test_ends();
	test_netmap();
	test_revocation();
	tap_is_int(controller_lab_stop(&lab), 0, "it ends well");
	tap_is_int(world_load(&fresh, lab.lab.store), 0, "read the store anew");
	tap_ok(world_same(&lab.controller.world, &fresh), "memory is as the store");
	tap_ok(lab_is_sound(lab.lab.store), "the log is sound");
	world_done(&fresh);
	controller_lab_end(&lab);
	return tap_done();
}
