/* SPDX-License-Identifier: ISC */
#include "controller/alarms.h"
#include "controller/answer.h"
#include "controller/gateways.h"
#include "controller/live.h"
#include "controller/routes.h"
#include "harden/silence.h"

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

/* The level, and why it is that. Numbers are the parent's, who is us. */
static json_t *encode_silence(const struct message_silence *said)
{
	const struct silence_facts facts = {
		.is_hardened = said->is_hardened,
		.level = said->level == RULES_SEALED ? RULES_SEALED : RULES_STANDARD,
		.guards_link = said->guards_link,
		.has_mark = said->has_mark,
		.knock = said->knock <= SILENCE_KNOCK_REQUIRED ? said->knock : SILENCE_KNOCK_OFF,
		.door = said->door == SILENCE_DOOR_KERNEL ? SILENCE_DOOR_KERNEL
							  : SILENCE_DOOR_ENGINE,
		.reception = said->reception == SILENCE_RECEPTION_HIDDEN ? SILENCE_RECEPTION_HIDDEN
									 : SILENCE_RECEPTION_NORMAL,
	};
	struct silence silence = silence_judge(&facts);
	char text[SILENCE_TEXT_SIZE];
	json_t *reasons = json_array();

	for (size_t i = 0; i < SILENCE_REASONS; i++)
		(void)json_array_append_new(
			reasons, json_string(silence.reasons[i])); /* said less */
	return json_pack("{s:s, s:o, s:s}", "level", silence.level, "reasons", reasons, "text",
		silence_format(&silence, text));
}

static void answer(struct controller *controller, struct server_request *request)
{
	const struct world *world = &controller->world;
	const struct message_status *status = &controller->live.status;

	server_answer(request, 200,
		json_pack("{s:s, s:s, s:s, s:s, s:o, s:i, s:o, s:o, s:o, s:{s:I, s:b}, s:o, s:I, "
			  "s:o, s:o, s:o}",
			"role", "server", "version", TACET_VERSION, "network", world->network.name,
			"endpoint", world->network.endpoint, "public_key",
			answer_key(world->gateways[0].public_key), "listen_port",
			(int)status->listen_port, "since", answer_seconds(controller->since_ns),
			"plan", encode_plan(&controller->rollout), "engine",
			encode_engine(&controller->live), "enforcement", "repaired",
			(json_int_t)status->repaired, "hardened", (int)status->silence.is_hardened,
			"silence", encode_silence(&status->silence), "invites_open",
			(json_int_t)count_open(world), "alarms", alarms_list(controller),
			"gateways", gateways_list(controller), "devices",
			devices_list(controller)));
}

void api_status_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	(void)words;
	(void)body;
	live_ask(context, request, answer);
}
