/* SPDX-License-Identifier: ISC */
#include "store/device.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "controller/answer.h"
#include "controller/knocks.h"
#include "controller/live.h"
#include "controller/rollout.h"
#include "controller/routes.h"

#include <stdlib.h>
#include <string.h>

static const char *const states[] = {
	[STORE_DEVICE_PENDING] = "pending",
	[STORE_DEVICE_ACTIVE] = "active",
	[STORE_DEVICE_QUARANTINED] = "quarantined",
	[STORE_DEVICE_REVOKED] = "revoked",
};

/* A list of devices while it is made. Devices of one role share one list of services. */
struct listing {
	struct controller *controller;
	json_t *devices;
	json_t **services; /* by the index of the role in what is in force; NULL: not made yet */
	json_t *none;	   /* of no service */
};

static void begin(struct listing *listing, struct controller *controller)
{
	const struct policy_compiled *compiled = rollout_in_force(controller);
	size_t roles = compiled ? policy_role_count(compiled) : 0;

	*listing = (struct listing){
		.controller = controller,
		.devices = json_array(),
		.services = memory_new(roles, sizeof(json_t *)),
		.none = json_array(),
	};
}

/* Gives the list. */
static json_t *end(struct listing *listing)
{
	const struct policy_compiled *compiled = rollout_in_force(listing->controller);

	for (size_t i = 0; compiled && i < policy_role_count(compiled); i++)
		json_decref(listing->services[i]);
	free(listing->services);
	json_decref(listing->none);
	return listing->devices;
}

/* Where the role is among those of the policy. */
static size_t index_of_role(const struct policy_compiled *compiled, uint32_t role)
{
	size_t from = 0, to = policy_role_count(compiled);

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (policy_role_at(compiled, middle) < role)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static json_t *list_services(struct controller *controller, uint32_t role)
{
	struct policy_grants grants = policy_grants_of(rollout_in_force(controller), role);
	json_t *list = json_array();
	uint32_t id;

	while (policy_grants_next(&grants, &id)) {
		const struct world_service *service = world_service_of_id(&controller->world, id);

		if (service)
			answer_append(list, json_string(service->store.name));
	}
	return list;
}

/* The services of a device, borrowed. */
static json_t *services_of(struct listing *listing, const struct store_device *device)
{
	const struct policy_compiled *compiled = rollout_in_force(listing->controller);

	if (!compiled || device->state != STORE_DEVICE_ACTIVE)
		return listing->none;
	uint32_t role = policy_role_of(compiled, (uint32_t)device->id);
	size_t at = index_of_role(compiled, role);
	if (!listing->services[at])
		listing->services[at] = list_services(listing->controller, role);
	return listing->services[at];
}

/* "O" does not consume the shared list. */
static json_t *encode(struct listing *listing, const struct store_device *device)
{
	static const struct message_peer_status unknown;
	const struct message_peer_status *peer = live_peer(listing->controller, device->public_key);

	if (!peer)
		peer = &unknown;
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:O}", "user",
		device->user, "name", device->name, "state", states[device->state], "public_key",
		answer_key(device->public_key), "ipv4", answer_address(&device->ipv4), "ipv6",
		answer_address(&device->ipv6), "enrolled", answer_seconds(device->enrolled_ns),
		"last_handshake", answer_seconds(peer->last_handshake_ns), "endpoint",
		answer_endpoint(&peer->endpoint), "rx_bytes", (json_int_t)peer->rx_bytes,
		"tx_bytes", (json_int_t)peer->tx_bytes, "services", services_of(listing, device));
}

static int list_device(void *context, const struct store_device *device)
{
	struct listing *listing = context;

	answer_append(listing->devices, encode(listing, device));
	return 0;
}

/* A device, and when it was heard of last. */
struct heard {
	uint64_t last_handshake_ns;
	const struct store_device *device;
};

static int compare_heard(const void *a, const void *b)
{
	const struct heard *left = a, *right = b;

	if (left->last_handshake_ns != right->last_handshake_ns)
		return left->last_handshake_ns > right->last_handshake_ns ? -1 : 1;
	return (left->device->id > right->device->id) - (left->device->id < right->device->id);
}

json_t *devices_list(struct controller *controller)
{
	const struct world *world = &controller->world;
	struct heard *heard = memory_new(world->device_count, sizeof *heard);
	struct listing listing;

	for (size_t i = 0; i < world->device_count; i++) {
		const struct message_peer_status *peer =
			live_peer(controller, world->devices[i].public_key);

		heard[i] = (struct heard){peer ? peer->last_handshake_ns : 0, &world->devices[i]};
	}
	qsort(heard, world->device_count, sizeof *heard, compare_heard);
	begin(&listing, controller);
	for (size_t i = 0; i < world->device_count; i++)
		(void)list_device(&listing, heard[i].device); /* it gives 0 */
	free(heard);
	return end(&listing);
}

static void answer_live(struct controller *controller, struct server_request *request)
{
	struct listing listing;

	begin(&listing, controller);
	for (size_t i = 0; i < controller->world.device_count; i++)
		(void)list_device(&listing, &controller->world.devices[i]); /* it gives 0 */
	server_answer(request, 200, json_pack("{s:o}", "devices", end(&listing)));
}

/* With those that were revoked, whom only the store knows. */
static void answer_all(struct controller *controller, struct server_request *request)
{
	struct listing listing;

	begin(&listing, controller);
	int err = store_device_each(
		controller->store, NULL, STORE_DEVICES_ALL, list_device, &listing);
	json_t *devices = end(&listing);
	if (err == 0) {
		server_answer(request, 200, json_pack("{s:o}", "devices", devices));
		return;
	}
	json_decref(devices);
	answer_refuse(request, err, "list devices");
}

void api_devices_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	(void)words;
	(void)body;
	live_ask(context, request, answer_query_flag(request, "all") ? answer_all : answer_live);
}

/* One device, once it is in force. */
static json_t *make_device(
	struct controller *controller, uint64_t id, const struct message_done *done)
{
	const struct store_device *device = world_device_of_id(&controller->world, id);
	struct listing listing;

	(void)done;
	if (!device)
		return NULL;
	begin(&listing, controller);
	json_t *json = encode(&listing, device);
	json_decref(end(&listing));
	return json;
}

void api_devices_post(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);
	uint8_t public_key[STORE_KEY_SIZE], preshared_key[STORE_KEY_SIZE] = {0};
	const char *user = NULL;
	struct store_enrolment enrolment = {.public_key = public_key};
	const struct answer_member members[] = {
		{"user", ANSWER_TEXT, false, &user},
		{"name", ANSWER_TEXT, false, &enrolment.name},
		{"public_key", ANSWER_KEY, false, public_key},
		{"preshared_key", ANSWER_KEY, true, preshared_key},
	};
	struct store_device device = {0};

	(void)words;
	if (!answer_read(request, body, members, ARRAY_LENGTH(members)))
		return;
	if (!bytes_are_zero(preshared_key, sizeof preshared_key))
		enrolment.preshared_key = preshared_key;
	int err = store_device_add(controller->store, &by, user, &enrolment, &device);
	bytes_wipe(preshared_key, sizeof preshared_key);
	if (err == ERR_NOT_FOUND) {
		server_refuse(request, err, "no user named %s: tacet user list shows who there is",
			ANSWER_SHOWN(user));
		return;
	}
	if (err < 0) {
		answer_refuse(request, err, "add the device %s of %s", ANSWER_SHOWN(enrolment.name),
			ANSWER_SHOWN(user));
		return;
	}
	world_put_device(&controller->world, &device);
	bytes_wipe(device.preshared_key, sizeof device.preshared_key);
	rollout_answer(controller, request,
		&(struct rollout_answer){.make = make_device, .id = device.id});
}

/* What can be done to a device by its name, as a table. */
struct deed {
	const char *word;
	int (*act)(struct store *store, const struct store_actor *by, uint64_t id);
	enum store_device_state state; /* afterwards */
	const char *needs;	       /* what its state has to be */
};

static const struct deed to_approve = {
	"approve", store_device_approve, STORE_DEVICE_ACTIVE, "it does not wait for approval"};
static const struct deed to_quarantine = {
	"quarantine", store_device_quarantine, STORE_DEVICE_QUARANTINED, "it is not active"};
static const struct deed to_release = {
	"release", store_device_release, STORE_DEVICE_ACTIVE, "it is not quarantined"};
static const struct deed to_revoke = {
	"revoke", store_device_revoke, STORE_DEVICE_REVOKED, "it is revoked already"};

static json_t *make_revoked(
	struct controller *controller, uint64_t id, const struct message_done *done)
{
	(void)controller;
	(void)id;
	return json_pack("{s:I}", "flows_cut", (json_int_t)done->flows_cut);
}

static json_t *make_nothing(
	struct controller *controller, uint64_t id, const struct message_done *done)
{
	(void)controller;
	(void)id;
	(void)done;
	return json_object();
}

/* The act has succeeded. */
static void follow(struct controller *controller, const struct store_device *device,
	enum store_device_state state)
{
	struct store_device changed = *device;

	changed.state = state;
	if (state == STORE_DEVICE_REVOKED) {
		world_remove_device(&controller->world, changed.id);
		knocks_changed(controller);
	} else
		world_put_device(&controller->world, &changed);
	bytes_wipe(&changed, sizeof changed);
}

static void perform(struct controller *controller, struct server_request *request,
	const char *const words[], const struct deed *deed)
{
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);
	const struct store_device *device = world_device(&controller->world, words[0], words[1]);

	if (!device) {
		server_refuse(request, ERR_NOT_FOUND,
			"no device %s of %s: tacet device list shows them", ANSWER_SHOWN(words[1]),
			ANSWER_SHOWN(words[0]));
		return;
	}
	uint64_t id = device->id;
	int err = deed->act(controller->store, &by, id);
	if (err < 0) {
		answer_refuse(request, err, "%s the device %s of %s%s%s", deed->word,
			ANSWER_SHOWN(words[1]), ANSWER_SHOWN(words[0]),
			err == ERR_WRONG_STATE ? ", as " : "",
			err == ERR_WRONG_STATE ? deed->needs : "");
		return;
	}
	follow(controller, device, deed->state);
	rollout_answer(controller, request,
		&(struct rollout_answer){
			.make = deed == &to_revoke ? make_revoked : make_nothing, .id = id});
}

void api_devices_approve(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	(void)body;
	perform(context, request, words, &to_approve);
}

void api_devices_quarantine(void *context, struct server_request *request,
	const char *const words[], const json_t *body)
{
	(void)body;
	perform(context, request, words, &to_quarantine);
}

void api_devices_release(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	(void)body;
	perform(context, request, words, &to_release);
}

void api_devices_delete(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	(void)body;
	perform(context, request, words, &to_revoke);
}
