/* SPDX-License-Identifier: ISC */
/* GET, PUT /v1/knock; POST /v1/knock/rotate. */
#include "store/knock.h"

#include "base/error.h"
#include "controller/answer.h"
#include "controller/knocks.h"
#include "controller/live.h"
#include "controller/rollout.h"
#include "controller/routes.h"

#include <string.h>

static const char *const modes[] = {
	[KNOCK_OFF] = "off",
	[KNOCK_PREFERRED] = "preferred",
	[KNOCK_REQUIRED] = "required",
};

static void answer(struct controller *controller, struct server_request *request)
{
	server_answer(request, 200, knocks_encode(controller));
}

void api_knock_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	(void)words;
	(void)body;
	live_ask(context, request, answer);
}

/*
 * Devices that never said that they have a key: stock WireGuard, an older program that was told one
 * and does not know what it is, or not heard of since there are knocks.
 */
static json_t *list_without(const struct world *world)
{
	json_t *list = json_array();

	for (size_t i = 0; i < world->device_count; i++) {
		const struct store_device *device = &world->devices[i];

		if (device->knock_has == 0)
			answer_append(list, json_sprintf("%s/%s", device->user, device->name));
	}
	return list;
}

static bool find_mode(const char *word, enum knock_mode *ret_mode)
{
	for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
		if (strcmp(modes[i], word) == 0) {
			*ret_mode = (enum knock_mode)i;
			return true;
		}
	}
	return false;
}

/* Sets what was asked for, and answers once it is in force. */
static void set(struct controller *controller, struct server_request *request,
	const struct store_knock_rules *rules)
{
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);
	int err = store_knock_set_rules(controller->store, &by, rules);

	if (err < 0) {
		answer_refuse(request, err, "set what is asked of initiations");
		return;
	}
	controller->world.knock_rules = *rules;
	rollout_answer(controller, request,
		&(struct rollout_answer){
			.json = json_pack("{s:s, s:I, s:o}", "mode", modes[rules->mode],
				"rotation_s", (json_int_t)rules->rotation_s, "without",
				list_without(&controller->world))});
}

void api_knock_put(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	struct store_knock_rules rules = controller->world.knock_rules;
	const char *mode = modes[rules.mode];
	uint64_t rotation_s = rules.rotation_s;
	const struct answer_member members[] = {
		{"mode", ANSWER_TEXT, true, &mode},
		{"rotation_s", ANSWER_NUMBER, true, &rotation_s},
	};

	(void)words;
	if (!answer_read(request, body, members, ARRAY_LENGTH(members)))
		return;
	if (!find_mode(mode, &rules.mode)) {
		server_refuse(request, ERR_UNKNOWN_WORD,
			"mode %s: expected required, preferred or off", ANSWER_SHOWN(mode));
		return;
	}
	if (rotation_s < STORE_KNOCK_ROTATION_MIN_S || rotation_s > STORE_KNOCK_ROTATION_MAX_S) {
		server_refuse(request, ERR_RANGE,
			"rotation_s in the request: expected %d to %d seconds, which are 90 days",
			STORE_KNOCK_ROTATION_MIN_S, STORE_KNOCK_ROTATION_MAX_S);
		return;
	}
	rules.rotation_s = (uint32_t)rotation_s;
	set(controller, request, &rules);
}

static json_t *make_rotated(
	struct controller *controller, uint64_t number, const struct message_done *done)
{
	(void)done;
	(void)controller;
	return json_pack("{s:i}", "epoch", (int)store_knock_epoch(number));
}

void api_knock_rotate(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);
	int err = store_knock_rotate(controller->store, &by);

	(void)words;
	(void)body;
	if (err < 0) {
		answer_refuse(request, err, "make the next knock key");
		return;
	}
	knocks_changed(controller);
	rollout_answer(controller, request,
		&(struct rollout_answer){.make = make_rotated, .id = controller->knocks.newest});
}
