/* SPDX-License-Identifier: ISC */
#include "controller/enrol.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"
#include "control/enrolment.h"
#include "controller/alarms.h"
#include "controller/answer.h"
#include "controller/expiry.h"
#include "controller/netmaps.h"
#include "controller/rollout.h"

#include <stdio.h>
#include <string.h>

/* Whom an answer is for. */
static struct world_invite *invite_of_device(struct world *world, uint64_t device_id)
{
	const struct store_device *device = world_device_of_id(world, device_id);

	for (size_t i = 0; device && i < world->invite_count; i++) {
		if (world->invites[i].store.id == device->invite_id)
			return &world->invites[i];
	}
	return NULL;
}

/* The netmap, once the device is in force; its invite lingers no longer than for what was lost. */
static json_t *make_answer(
	struct controller *controller, uint64_t device, const struct message_done *done)
{
	struct world_invite *invite = invite_of_device(&controller->world, device);

	if (invite)
		invite->is_answered = true;
	expiry_set(controller);
	return netmaps_encode(controller, device, done);
}

static void refuse(struct controller *controller, struct server_request *request, int err,
	const struct store_invite *invite)
{
	if (err == ERR_INVITE_USED) {
		alarms_raise(controller,
			"invite %llu for %s was used by a second device: it may have been stolen, "
			"and the first may be the thief's: look at tacet device list",
			(unsigned long long)invite->id, invite->subject);
		server_refuse(request, err,
			"this invite was used by another device already; if that was not yours, "
			"tell your administrator: it may have been stolen");
		return;
	}
	answer_refuse(request, err, "enrol");
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
		.preshared_key = bytes_are_zero(enrolment->preshared_key, NETMAP_KEY_SIZE)
					 ? NULL
					 : enrolment->preshared_key,
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
	else
		redeem(controller, request, invite, &enrolment);
	bytes_wipe(&enrolment, sizeof enrolment);
}
