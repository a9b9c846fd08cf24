/* SPDX-License-Identifier: ISC */
#include "controller/alarms.h"
#include "controller/answer.h"
#include "controller/gateways.h"
#include "controller/live.h"
#include "controller/routes.h"

static json_t *encode_plan(const struct rollout *rollout)
{
	const struct message_plan *head = &rollout->in_force_head;

	return json_pack("{s:I, s:o, s:i, s:i, s:i, s:i}", "version", (json_int_t)head->version,
		"at", answer_seconds(rollout->in_force_ns), "roles", (int)head->roles, "devices",
		(int)head->devices, "services", (int)head->services, "grants", (int)head->grants);
}

static json_t *encode_engine(const struct live *live)
{
	const struct message_status *status = &live->status;

	return json_pack("{s:b, s:i, s:I}", "up", live->is_fresh && status->is_engine_up, "starts",
		(int)status->engine_starts, "dropped", (json_int_t)status->dropped);
}

static size_t count_open(const struct world *world)
{
	size_t count = 0;

	for (size_t i = 0; i < world->invite_count; i++)
		count += world->invites[i].redeemed_ns == 0;
	return count;
}

static void answer(struct controller *controller, struct server_request *request)
{
	const struct world *world = &controller->world;
	const struct message_status *status = &controller->live.status;

	server_answer(request, 200,
		json_pack("{s:s, s:s, s:s, s:s, s:o, s:i, s:o, s:o, s:o, s:{s:I, s:b}, s:I, s:o, "
			  "s:o, s:o}",
			"role", "server", "version", TACET_VERSION, "network", world->network.name,
			"endpoint", world->network.endpoint, "public_key",
			answer_key(world->gateways[0].public_key), "listen_port",
			(int)status->listen_port, "since", answer_seconds(controller->since_ns),
			"plan", encode_plan(&controller->rollout), "engine",
			encode_engine(&controller->live), "enforcement", "repaired",
			(json_int_t)status->repaired, "hardened", (int)status->is_hardened,
			"invites_open", (json_int_t)count_open(world), "alarms",
			alarms_list(controller), "gateways", gateways_list(controller), "devices",
			devices_list(controller)));
}

void api_status_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	(void)words;
	(void)body;
	live_ask(context, request, answer);
}

void api_radar_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;

	(void)words;
	(void)body;
	lookout_ask(&controller->lookout, controller->channel, request);
}

void api_radar_delete(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;

	(void)words;
	(void)body;
	lookout_clear(&controller->lookout, controller->channel, request);
}
