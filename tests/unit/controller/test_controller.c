/* SPDX-License-Identifier: ISC */
/* The local API of a server, over HTTP, to a parent of the test's own. */
#include "base/error.h"
#include "controller_lab.h"
#include "tap.h"
#include "world_same.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct controller_lab lab;

/* Asks with a body as it is written. */
static unsigned ask(const char *method, const char *path, const char *body, json_t **ret_json)
{
	json_t *json = body ? json_loads(body, JSON_ALLOW_NUL, NULL) : NULL;

	lab_must(!body || json, "write JSON");
	return controller_lab_ask(&lab, method, path, json, ret_json);
}

/* The answer's text is this, when it is written as compactly as can be. */
static void answers(const char *path, const char *expected)
{
	json_t *json = NULL;

	tap_is_int(ask("GET", path, NULL, &json), 200, path);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	if (!tap_ok(text && strcmp(text, expected) == 0, expected))
		printf("#  got %s\n", text ? text : "nothing");
	free(text);
	json_decref(json);
}

/* The text at "a.b" or NULL. */
static const char *text_at(const json_t *json, const char *member)
{
	return json_string_value(json_object_get(json, member));
}

static json_int_t number_at(const json_t *json, const char *member)
{
	return json_integer_value(json_object_get(json, member));
}

/* Acts in a row, and what they are answered with. */
static const struct {
	const char *method, *path, *body;
	unsigned status;
	const char *error; /* its name, or NULL */
} acts[] = {
	{"POST", "/v1/users", "{\"name\":\"alice\",\"groups\":[\"staff\",\"staff\"]}", 200, NULL},
	{"POST", "/v1/users", "{\"name\":\"bob\"}", 200, NULL},
	{"POST", "/v1/users", "{\"name\":\"bob\"}", 409, "ERR_EXISTS"},
	{"POST", "/v1/users", "{\"name\":\"Bob\"}", 400, "ERR_NAME"},
	{"POST", "/v1/users", "{}", 400, "ERR_SYNTAX"},
	{"POST", "/v1/users", "{\"name\":7}", 400, "ERR_SYNTAX"},
	{"POST", "/v1/users", "{\"name\":\"a\\u0000b\"}", 400, "ERR_SYNTAX"},
	{"POST", "/v1/users", "{\"name\":\"x\",\"groups\":[1]}", 400, "ERR_SYNTAX"},
	{"POST", "/v1/users", "{\"name\":\"x\",\"group\":\"y\"}", 400, "ERR_SYNTAX"},
	{"DELETE", "/v1/users/nobody", NULL, 404, "ERR_NOT_FOUND"},
	{"POST", "/v1/groups", "{\"name\":\"ops\"}", 200, NULL},
	{"POST", "/v1/groups", "{\"name\":\"ops\"}", 409, "ERR_EXISTS"},
	{"POST", "/v1/groups/ops/members", "{\"user\":\"bob\"}", 200, NULL},
	{"POST", "/v1/groups/ops/members", "{\"user\":\"bob\"}", 409, "ERR_EXISTS"},
	{"POST", "/v1/groups/ops/members", "{\"user\":\"eve\"}", 404, "ERR_NOT_FOUND"},
	{"POST", "/v1/groups/opt/members", "{\"user\":\"bob\"}", 404, "ERR_NOT_FOUND"},
	{"DELETE", "/v1/groups/ops/members/alice", NULL, 404, "ERR_NOT_FOUND"},
	{"DELETE", "/v1/groups/nothing", NULL, 404, "ERR_NOT_FOUND"},
	{"POST", "/v1/services", "{\"name\":\"web\",\"target\":\"127.0.0.1:80\"}", 200, NULL},
	{"POST", "/v1/services",
		"{\"name\":\"dns\",\"target\":\"[fd00::7]:53\",\"protocol\":\"udp\",\"port\":5353,"
		"\"gateway\":\"gw\"}",
		200, NULL},
	{"POST", "/v1/services", "{\"name\":\"web\",\"target\":\"127.0.0.1:81\"}", 409,
		"ERR_EXISTS"},
	{"POST", "/v1/services", "{\"name\":\"db\",\"target\":\"db.local:5432\"}", 400,
		"ERR_SYNTAX"},
	{"POST", "/v1/services", "{\"name\":\"db\",\"target\":\"10.0.0.1\"}", 400, "ERR_SYNTAX"},
	{"POST", "/v1/services", "{\"name\":\"d.b\",\"target\":\"10.0.0.1:1\"}", 400, "ERR_LABEL"},
	{"POST", "/v1/services",
		"{\"name\":\"db\",\"target\":\"10.0.0.1:1\",\"protocol\":\"sctp\"}", 400,
		"ERR_UNKNOWN_WORD"},
	{"POST", "/v1/services", "{\"name\":\"db\",\"target\":\"10.0.0.1:1\",\"port\":65536}", 400,
		"ERR_RANGE"},
	{"POST", "/v1/services", "{\"name\":\"db\",\"target\":\"10.0.0.1:1\",\"gateway\":\"gx\"}",
		404, "ERR_NOT_FOUND"},
	{"DELETE", "/v1/services/db", NULL, 404, "ERR_NOT_FOUND"},
	{"PUT", "/v1/network/endpoint", "{\"endpoint\":\"gw2.example.net:51820\"}", 200, NULL},
	{"PUT", "/v1/network/endpoint", "{\"endpoint\":\"gw2.example.net\"}", 400, "ERR_SYNTAX"},
	{"PUT", "/v1/network/endpoint", "{\"endpoint\":\"gw2.example.net:0\"}", 400, "ERR_RANGE"},
	{"POST", "/v1/invites", "{}", 400, "ERR_SYNTAX"},
	{"POST", "/v1/invites", "{\"gateway\":\"gx\"}", 409, "ERR_WRONG_STATE"},
	{"POST", "/v1/invites", "{\"user\":\"eve\"}", 404, "ERR_NOT_FOUND"},
	{"POST", "/v1/invites", "{\"user\":\"bob\",\"expires_s\":0}", 400, "ERR_RANGE"},
	{"POST", "/v1/invites", "{\"user\":\"bob\",\"expires_s\":2592001}", 400, "ERR_RANGE"},
	{"POST", "/v1/invites", "{\"user\":\"bob\",\"approve\":1}", 400, "ERR_SYNTAX"},
	{"DELETE", "/v1/invites/77", NULL, 404, "ERR_NOT_FOUND"},
	{"DELETE", "/v1/invites/x", NULL, 400, "ERR_SYNTAX"},
	{"POST", "/v1/devices",
		"{\"user\":\"bob\",\"name\":\"phone\",\"public_key\":"
		"\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\"}",
		200, NULL},
	{"POST", "/v1/devices",
		"{\"user\":\"bob\",\"name\":\"tablet\",\"public_key\":"
		"\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\"}",
		409, "ERR_EXISTS"},
	{"POST", "/v1/devices", "{\"user\":\"bob\",\"name\":\"x\",\"public_key\":\"AQE=\"}", 400,
		"ERR_SYNTAX"},
	{"POST", "/v1/devices/bob/phone/approve", NULL, 409, "ERR_WRONG_STATE"},
	{"POST", "/v1/devices/bob/phone/release", NULL, 409, "ERR_WRONG_STATE"},
	{"POST", "/v1/devices/bob/laptop/quarantine", NULL, 404, "ERR_NOT_FOUND"},
	{"DELETE", "/v1/devices/alice/phone", NULL, 404, "ERR_NOT_FOUND"},
	{"GET", "/v1/policy", NULL, 404, "ERR_NOT_FOUND"},
	{"GET", "/v1/audit?after=x", NULL, 400, "ERR_SYNTAX"},
	{"GET", "/v1/audit/verify?sequence=1", NULL, 400, "ERR_SYNTAX"},
	{"GET", "/v1/nothing", NULL, 404, "ERR_NOT_FOUND"},
};

static void test_acts(void)
{
	char name[256];

	for (size_t i = 0; i < ARRAY_LENGTH(acts); i++) {
		json_t *json = NULL;

		(void)snprintf(name, sizeof name, "%s %s %.150s", acts[i].method, acts[i].path,
			acts[i].body ? acts[i].body : "");
		tap_is_int(ask(acts[i].method, acts[i].path, acts[i].body, &json), acts[i].status,
			name);
		const char *error = json ? text_at(json, "error") : NULL;
		tap_ok(!acts[i].error || (error && strcmp(error, acts[i].error) == 0),
			acts[i].error ? acts[i].error : "fine");
		json_decref(json);
	}
}

static void test_lists(void)
{
	json_t *json = NULL;

	answers("/v1/groups",
		"{\"groups\":[{\"name\":\"ops\",\"members\":[\"bob\"],\"source\":\"store\"},"
		"{\"name\":\"staff\",\"members\":[\"alice\"],\"source\":\"store\"}]}");
	tap_is_int(ask("GET", "/v1/users", NULL, &json), 200, "users");
	const json_t *alice = json_array_get(json_object_get(json, "users"), 0);
	tap_ok(strcmp(text_at(alice, "name"), "alice") == 0, "alice");
	tap_is_int((intmax_t)json_array_size(json_object_get(alice, "groups")), 1, "in one group");
	json_decref(json);
	tap_is_int(ask("GET", "/v1/services", NULL, &json), 200, "services");
	const json_t *dns = json_array_get(json_object_get(json, "services"), 0);
	tap_ok(strcmp(text_at(dns, "target"), "[fd00::7]:53") == 0, "the target as it was given");
	tap_ok(strncmp(text_at(dns, "vip"), "fd", 2) == 0, "a virtual address of its family");
	tap_ok(number_at(dns, "port") == 5353, "the port at it");
	json_decref(json);
	tap_is_int(ask("GET", "/v1/network", NULL, &json), 200, "network");
	tap_ok(strcmp(text_at(json, "endpoint"), "gw2.example.net:51820") == 0, "it has moved");
	tap_ok(strcmp(text_at(json, "overlay_ipv4"), "100.80.0.0/16") == 0, "its overlay");
	tap_is_int((intmax_t)strlen(text_at(json, "server_key")), 44, "its key");
	json_decref(json);
}

#define GOOD                                                                                       \
	"groups:\n  crew: [alice, bob]\n"                                                          \
	"services:\n  wiki: {target: '10.0.0.9:80'}\n"                                             \
	"rules:\n  - {who: [crew], may: [web, wiki]}\n"
#define WRONG "rules:\n  - {who: [crow], may: [wab]}\n"
#define CONFLICT "services:\n  fresh: {target: '10.0.0.9:80'}\n  web: {target: '10.0.0.9:80'}\n"

static unsigned put_policy(const char *path, const char *text, json_t **ret_json)
{
	return controller_lab_ask(&lab, "PUT", path, json_string(text), ret_json);
}

static void test_wrong_policies(void)
{
	json_t *json = NULL;

	tap_is_int(put_policy("/v1/policy", WRONG, &json), 422, "names that mean nothing");
	json_decref(json);
	tap_is_int(put_policy("/v1/policy", "rules: [", &json), 422, "no YAML");
	json_decref(json);
	tap_is_int(put_policy("/v1/policy", CONFLICT, &json), 422, "a service that is another");
	json_decref(json);
	tap_is_int(ask("GET", "/v1/policy", NULL, NULL), 404, "nothing was applied");
	tap_is_int(ask("GET", "/v1/services", NULL, &json), 200, "services");
	tap_is_int((intmax_t)json_array_size(json_object_get(json, "services")), 2,
		"no service was left behind");
	json_decref(json);
}

static void test_policy(void)
{
	json_t *json = NULL;

	tap_is_int(put_policy("/v1/policy?check=1", GOOD, &json), 200, "check a policy");
	tap_ok(number_at(json, "roles") == 1 && number_at(json, "grants") == 2 &&
			number_at(json, "gained") == 2 && number_at(json, "lost") == 0,
		"what it would grant");
	json_decref(json);
	tap_is_int(ask("GET", "/v1/policy", NULL, NULL), 404, "nothing was applied");
	tap_is_int(put_policy("/v1/policy", GOOD, &json), 200, "apply it");
	tap_ok(number_at(json, "version") == 1 && number_at(json, "gained") == 2, "as was said");
	json_decref(json);
	tap_is_int(ask("GET", "/v1/policy", NULL, &json), 200, "show it");
	tap_ok(strcmp(text_at(json, "text"), GOOD) == 0, "as it was written");
	json_decref(json);
	tap_ok(controller_lab_role(&lab, "100.80.128.1") >= POLICY_ROLE_LEAST, "bob's phone may");
	tap_is_int(ask("POST", "/v1/users", "{\"name\":\"crew\"}", &json), 409,
		"a user by the name of a group of the policy");
	json_decref(json);
	tap_is_int(ask("POST", "/v1/groups/crew/members", "{\"user\":\"bob\"}", NULL), 409,
		"a group that only the policy has");
	tap_is_int(ask("POST", "/v1/devices/bob/phone/quarantine", NULL, NULL), 200, "quarantine");
	tap_is_int(controller_lab_role(&lab, "100.80.128.1"), PLAN_ROLE_BARE, "it may nothing");
	tap_is_int(ask("POST", "/v1/devices/bob/phone/release", NULL, NULL), 200, "release");
	tap_ok(controller_lab_role(&lab, "100.80.128.1") >= POLICY_ROLE_LEAST, "it may again");
	tap_is_int(ask("DELETE", "/v1/services/web", NULL, NULL), 200,
		"remove a service that the policy names");
	tap_is_int(put_policy("/v1/policy", "rules: []", &json), 200, "apply another policy");
	tap_ok(number_at(json, "lost") == 1 && number_at(json, "version") == 2, "what is lost");
	json_decref(json);
	tap_is_int(ask("GET", "/v1/services", NULL, &json), 200, "services");
	tap_is_int((intmax_t)json_array_size(json_object_get(json, "services")), 1,
		"what the policy has defined has gone with it");
	json_decref(json);
}

static bool has_alarm(const json_t *status, const char *words)
{
	const json_t *alarms = json_object_get(status, "alarms");

	for (size_t i = 0; i < json_array_size(alarms); i++) {
		if (strstr(json_string_value(json_array_get(alarms, i)), words))
			return true;
	}
	return false;
}

static void test_status(void)
{
	json_t *json = NULL;

	tap_is_int(ask("GET", "/v1/status", NULL, &json), 200, "status");
	const json_t *engine = json_object_get(json, "engine");
	const json_t *device = json_array_get(json_object_get(json, "devices"), 0);
	tap_ok(json_is_true(json_object_get(engine, "up")) && number_at(engine, "starts") == 2,
		"the engine");
	tap_ok(number_at(json_object_get(json, "enforcement"), "repaired") == 1, "enforcement");
	tap_ok(number_at(json_object_get(json, "plan"), "devices") == 1, "the plan");
	tap_ok(number_at(device, "rx_bytes") == 11 && number_at(device, "last_handshake") == 7,
		"a device");
	tap_ok(strcmp(text_at(device, "endpoint"), "192.0.2.1:1234") == 0, "where it is");
	tap_is_int((intmax_t)json_array_size(json_object_get(json, "alarms")), 0, "no alarms");
	json_decref(json);
	tap_is_int(ask("GET", "/v1/devices?all=1", NULL, &json), 200, "devices");
	tap_is_int((intmax_t)json_array_size(json_object_get(json, "devices")), 1, "one");
	json_decref(json);
}

static void test_failure(void)
{
	json_t *json = NULL;

	controller_lab_hold(&lab, false, -EPERM);
	tap_is_int(ask("DELETE", "/v1/devices/bob/phone", NULL, &json), 500, "not in force");
	tap_ok(strstr(text_at(json, "message"), "the firewall says no") != NULL, "says why");
	json_decref(json);
	tap_is_int(ask("GET", "/v1/status", NULL, &json), 200, "status");
	tap_ok(has_alarm(json, "the firewall says no"), "an alarm");
	json_decref(json);
	size_t plans = controller_lab_plans(&lab);
	controller_lab_hold(&lab, false, 0);
	tap_is_int(ask("DELETE", "/v1/groups/ops", NULL, NULL), 200, "another act is in force");
	tap_ok(controller_lab_plans(&lab) > plans, "and the former with it");
	tap_is_int(controller_lab_role(&lab, "100.80.128.1"), 0, "the device is nowhere");
}

static void test_audit(void)
{
	char path[CONFIG_PATH_SIZE];
	struct stat about;
	struct problem problem = {0};
	struct caller_request request = {.method = "GET", .path = "/v1/backup"};
	json_t *json = NULL;

	tap_is_int(ask("GET", "/v1/audit?last=1&act=device", NULL, &json), 200, "audit");
	const json_t *entry = json_array_get(json_object_get(json, "entries"), 0);
	tap_ok(strcmp(text_at(entry, "act"), "device.revoke") == 0 &&
			strcmp(text_at(entry, "way"), "local") == 0 &&
			strcmp(text_at(entry, "object"), "bob/phone") == 0,
		"the last act");
	json_decref(json);
	tap_is_int(ask("GET", "/v1/audit/verify", NULL, &json), 200, "verify");
	tap_ok(strcmp(text_at(json, "fault"), "sound") == 0, "it is sound");
	json_decref(json);
	lab_path(&lab.lab, "backup", path);
	request.file_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	lab_must(request.file_fd >= 0, "make a file");
	tap_is_int(caller_ask(lab.local, &request, &json, &problem), 0, "backup");
	tap_ok(fstat(request.file_fd, &about) == 0 && about.st_size > 4096, "it is there");
	(void)close(request.file_fd);
	tap_ok(access(config_state_path(&lab.config, "control/backup.db", path), F_OK) != 0,
		"and nothing beside the store");
}

static void test_world(void)
{
	struct world fresh = {0};

	tap_is_int(controller_lab_stop(&lab), 0, "it ends well");
	tap_is_int(world_load(&fresh, lab.lab.store), 0, "read the store anew");
	tap_ok(world_same(&lab.controller.world, &fresh), "memory is as the store");
	tap_ok(lab_is_sound(lab.lab.store), "the log is sound");
	world_done(&fresh);
	controller_lab_end(&lab);
}

int main(void)
{
	controller_lab_start(&lab, LAB_WITHIN, NULL);
	memset(lab.status_peer.public_key, 1, sizeof lab.status_peer.public_key);
	lab.status_peer.rx_bytes = 11;
	lab.status_peer.last_handshake_ns = 7ULL * NS_PER_S;
	lab.status_peer.endpoint = (struct endpoint){
		.remote = {.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 1}}, .port = 1234};
	tap_ok(controller_lab_wait_peers(&lab, 0), "a plan of nobody");
	test_acts();
	test_lists();
	test_wrong_policies();
	test_policy();
	test_status();
	test_failure();
	test_audit();
	test_world();
	return tap_done();
}
