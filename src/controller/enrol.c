/* SPDX-License-Identifier: ISC */
#include "controller/enrol.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"
#include "control/enrolment.h"
#include "controller/alarms.h"
#include "controller/answer.h"
#include "controller/expiry.h"
#include "controller/gateways.h"
#include "controller/netmaps.h"
#include "controller/rollout.h"

#include <stdio.h>
#include <string.h>

/* An invite lingers no longer than for an answer that was lost. */
static void set_answered(struct controller *controller, uint64_t invite_id)
{
	struct world *world = &controller->world;

	for (size_t i = 0; i < world->invite_count; i++) {
		if (world->invites[i].store.id == invite_id)
			world->invites[i].is_answered = true;
	}
	expiry_set(controller);
}

/* The netmap, once the device is in force. */
static json_t *make_answer(
	struct controller *controller, uint64_t id, const struct message_done *done)
{
	const struct store_device *device = world_device_of_id(&controller->world, id);

	if (device)
		set_answered(controller, device->invite_id);
	return netmaps_encode(controller, id, done);
}

static json_t *make_gateways_answer(
	struct controller *controller, uint64_t id, const struct message_done *done)
{
	const struct store_gateway *gateway = world_gateway_of_id(&controller->world, id);

	if (gateway)
		set_answered(controller, gateway->invite_id);
	return gateways_encode_netmap(controller, id, done);
}

static void refuse(struct controller *controller, struct server_request *request, int err,
	const struct store_invite *invite)
{
	const char *kind = invite->kind == STORE_INVITE_GATEWAY ? "gateway" : "device";

	if (err == ERR_INVITE_USED) {
		alarms_raise(controller,
			"invite %llu for %s was used by a second %s: it may have been stolen, "
			"and the first may be the thief's: look at tacet %s list",
			(unsigned long long)invite->id, invite->subject, kind, kind);
		server_refuse(request, err,
			"this invite was used by another %s already; if that was not yours, "
			"tell your administrator: it may have been stolen",
			kind);
		return;
	}
	answer_refuse(request, err, "enrol");
}

/* NULL: it has none. */
static const uint8_t *preshared_key_of(const struct enrolment *enrolment)
{
	return bytes_are_zero(enrolment->preshared_key, NETMAP_KEY_SIZE) ? NULL
									 : enrolment->preshared_key;
}

/* Redeems, and answers once the new device is in force. */
static void redeem(struct controller *controller, struct server_request *request,
	struct world_invite *invite, const struct enrolment *enrolment)
{
	char actor[ANSWER_ACTOR_SIZE];
	struct moment now = clock_now();
	const struct store_actor by = {actor, STORE_WAY_TUNNEL, now.realtime_ns};
	const struct store_enrolment fresh = {
		.name = enrolment->name,
		.public_key = enrolment->public_key,
		.preshared_key = preshared_key_of(enrolment),
	};
	struct store_device device = {0};

	(void)snprintf(actor, sizeof actor, "invite %llu", (unsigned long long)invite->store.id);
	int result = store_invite_redeem(
		controller->store, &by, invite->store.public_key, &fresh, &device);
	if (result < 0) {
		refuse(controller, request, result, &invite->store);
		return;
	}
	if (result != STORE_INVITE_AGAIN) {
		invite->redeemed_ns = now.monotonic_ns;
		world_put_device(&controller->world, &device);
		log_info(0, "%s: %s/%s has enrolled", actor, device.user, device.name);
	}
	expiry_set(controller);
	rollout_answer(controller, request,
		&(struct rollout_answer){.make = make_answer, .id = device.id});
	bytes_wipe(&device, sizeof device);
}

/* The same for a gateway on a host of its own, which has the invite's name. */
static void redeem_gateway(struct controller *controller, struct server_request *request,
	struct world_invite *invite, const struct enrolment *enrolment)
{
	char actor[ANSWER_ACTOR_SIZE];
	struct moment now = clock_now();
	const struct store_actor by = {actor, STORE_WAY_TUNNEL, now.realtime_ns};
	const struct store_gateway_enrolment fresh = {
		.public_key = enrolment->public_key,
		.preshared_key = preshared_key_of(enrolment),
		.endpoint = enrolment->endpoint,
	};
	struct store_gateway gateway = {0};

	(void)snprintf(actor, sizeof actor, "invite %llu", (unsigned long long)invite->store.id);
	int result = store_invite_redeem_gateway(
		controller->store, &by, invite->store.public_key, &fresh, &gateway);
	if (result < 0) {
		refuse(controller, request, result, &invite->store);
		return;
	}
	if (result != STORE_INVITE_AGAIN) {
		invite->redeemed_ns = now.monotonic_ns;
		world_add_gateway(&controller->world, &gateway);
		log_info(0, "%s: gateway %s has enrolled", actor, gateway.name);
	}
	expiry_set(controller);
	rollout_answer(controller, request,
		&(struct rollout_answer){.make = make_gateways_answer, .id = gateway.id});
	bytes_wipe(&gateway, sizeof gateway);
}

static void (*const redeem_by_kind[])(struct controller *controller, struct server_request *request,
	struct world_invite *invite, const struct enrolment *enrolment) = {
	[STORE_INVITE_DEVICE] = redeem,
	[STORE_INVITE_GATEWAY] = redeem_gateway,
};

/* Whether what enrols is of the kind that was invited; refused where not. */
static bool is_of_kind(struct server_request *request, const struct store_invite *invite,
	const struct enrolment *enrolment)
{
	bool is_gateway = *enrolment->endpoint != '\0';

	if (is_gateway == (invite->kind == STORE_INVITE_GATEWAY))
		return true;
	server_refuse(request, ERR_WRONG_STATE,
		is_gateway ? "this invite is for a device, which has no endpoint"
			   : "this invite is for a gateway, which has an endpoint");
	return false;
}

void enrol_post(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	const struct address address = controller->asker(server_peer(request));
	struct world_invite *invite = world_invite_at(&controller->world, &address);
	char where[NETMAP_NAME_SIZE] = "";
	struct enrolment enrolment = {0};

	(void)words;
	if (!invite) {
		server_refuse(request, ERR_NOT_FOUND, "no invite of that address is open");
		return;
	}
	int err = enrolment_decode(body, &enrolment, where);
	if (err < 0)
		server_refuse(
			request, err, "%s in the request: %s", ANSWER_SHOWN(where), err_str(err));
	else if (is_of_kind(request, &invite->store, &enrolment))
		redeem_by_kind[invite->store.kind](controller, request, invite, &enrolment);
	bytes_wipe(&enrolment, sizeof enrolment);
}
