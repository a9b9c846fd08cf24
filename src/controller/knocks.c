/* SPDX-License-Identifier: ISC */
#include "controller/knocks.h"

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "controller/answer.h"
#include "controller/netmaps.h"
#include "controller/rollout.h"
#include "policy/list.h"

#include <stdlib.h>

enum {
	LOOK_MS = 5000,	 /* whether the next key is due */
	WRITE_MS = 1000, /* what many say at once is written at once */
};

static const char *const modes[] = {
	[KNOCK_OFF] = "off",
	[KNOCK_PREFERRED] = "preferred",
	[KNOCK_REQUIRED] = "required",
};

/* ---- the next key ---- */

bool knocks_is_due(uint64_t made_realtime_ns, uint64_t seen_monotonic_ns, uint32_t rotation_s,
	struct moment now)
{
	uint64_t rotation_ns = rotation_s * (uint64_t)NS_PER_S;

	if (now.monotonic_ns - seen_monotonic_ns >= rotation_ns)
		return true;
	return now.realtime_ns > made_realtime_ns &&
	       now.realtime_ns - made_realtime_ns >= rotation_ns;
}

void knocks_changed(struct controller *controller)
{
	struct knocks *knocks = &controller->knocks;
	int err = world_load_knocks(&controller->world, controller->store);

	if (err < 0) {
		controller_fail(controller, err, "read the knock keys");
		return;
	}
	const struct store_knock *newest = world_newest_knock(&controller->world);
	if (newest && newest->number != knocks->newest) {
		knocks->newest = newest->number;
		knocks->seen_ns = clock_now().monotonic_ns;
	}
}

static void rotate(struct controller *controller)
{
	const struct store_actor by = {"tacetd", STORE_WAY_SYSTEM, clock_now().realtime_ns};
	int err = store_knock_rotate(controller->store, &by);

	if (err < 0) {
		log_err(err, "cannot make the next knock key, it is tried again");
		return;
	}
	knocks_changed(controller);
	rollout_due(controller);
}

static void look(uv_timer_t *timer)
{
	struct controller *controller = timer->data;
	const struct knocks *knocks = &controller->knocks;
	const struct store_knock *newest = world_newest_knock(&controller->world);

	if (!newest || knocks_is_due(newest->made_ns, knocks->seen_ns,
			       controller->world.knock_rules.rotation_s, clock_now()))
		rotate(controller);
}

/* ---- whom they are told to ---- */

/* Writes it down; then the world knows. False: it may not be told. */
static bool tell(struct controller *controller, const struct store_knock_news *news, size_t count)
{
	int err = count > 0 ? store_knock_tell(controller->store, news, count) : 0;

	if (err < 0) {
		log_err(err, "cannot write down who is told the newest knock key: it is not told");
		return false;
	}
	for (size_t i = 0; i < count; i++)
		world_note_knock(&controller->world, &news[i]);
	return true;
}

/* Gateways that are behind take an older key: the least that one of them has; 0: none is. */
static uint64_t older_needed(const struct controller *controller)
{
	const struct world *world = &controller->world;
	uint64_t newest = rollout_knock(controller), older = 0;

	for (size_t i = 1; i < world->gateway_count; i++) {
		uint64_t has = world->gateways[i].knock_has;

		if (has > 0 && has < newest && (older == 0 || has < older))
			older = has;
	}
	return older;
}

/*
 * All devices are said to have been told it, though only those are that use such a gateway: one
 * act, instead of one for each answer; what is spoiled by a removal then is rather too much.
 */
static void tell_older(struct controller *controller, uint64_t older)
{
	const struct world *world = &controller->world;
	struct store_knock_news *news = memory_new(world->device_count, sizeof *news);
	size_t count = 0;

	for (size_t i = 0; i < world->device_count; i++) {
		if (world->devices[i].knock_told > 0)
			news[count++] = (struct store_knock_news){
				.holder = world->devices[i].id, .told = older};
	}
	if (tell(controller, news, count))
		controller->knocks.older = older;
	free(news);
}

static void look_for_older(struct controller *controller)
{
	uint64_t older = older_needed(controller);

	if (older == 0)
		controller->knocks.older = 0;
	else if (older != controller->knocks.older)
		tell_older(controller, older);
}

/* What a device is to be told; how many of at most two. */
static size_t news_of(const struct controller *controller, const struct store_device *device,
	struct store_knock_news ret_news[static 2])
{
	uint64_t newest = rollout_knock(controller), older = controller->knocks.older;
	size_t count = 0;

	if (device->knock_told >= newest)
		return 0;
	if (device->knock_told == 0 && older > 0)
		ret_news[count++] = (struct store_knock_news){.holder = device->id, .told = older};
	ret_news[count++] = (struct store_knock_news){.holder = device->id, .told = newest};
	return count;
}

void knocks_tell_device(struct controller *controller, const struct store_device *device)
{
	struct store_knock_news news[2];

	(void)tell(controller, news, news_of(controller, device, news)); /* it is logged */
}

void knocks_tell_waiting(struct controller *controller)
{
	struct store_knock_news *news = NULL, one[2];
	size_t count = 0, capacity = 0;

	look_for_older(controller);
	for (const struct poll *poll = controller->netmaps.first; poll; poll = poll->next) {
		const struct store_device *device =
			world_device_of_id(&controller->world, poll->id);
		size_t more = device ? news_of(controller, device, one) : 0;

		for (size_t i = 0; i < more; i++) {
			news = list_room(news, count, &capacity, sizeof *news);
			news[count++] = one[i];
		}
	}
	(void)tell(controller, news, count); /* it is logged */
	free(news);
}

void knocks_tell_gateways(struct controller *controller)
{
	const struct world *world = &controller->world;
	const struct store_knock *newest = world_newest_knock(world);
	struct store_knock_news *news = memory_new(world->gateway_count, sizeof *news);
	size_t count = 0;

	for (size_t i = 1; newest && i < world->gateway_count; i++) {
		if (world->gateways[i].knock_told < newest->number)
			news[count++] = (struct store_knock_news){.is_gateway = true,
				.holder = world->gateways[i].id,
				.told = newest->number};
	}
	(void)tell(controller, news, count); /* all are spoiled when a gateway goes, told or not */
	free(news);
}

uint64_t knocks_number_at(const struct controller *controller, size_t gateway, uint64_t told)
{
	uint64_t has = controller->world.gateways[gateway].knock_has;

	if (gateway == 0 || told == 0 || has >= told)
		return gateway == 0 || has > 0 ? told : 0;
	return has > 0 && controller->knocks.older <= has ? controller->knocks.older : 0;
}

/* ---- what they say ---- */

static void write_heard(uv_timer_t *timer)
{
	struct controller *controller = timer->data;
	struct knocks *knocks = &controller->knocks;
	int err = store_knock_tell(controller->store, knocks->heard, knocks->heard_count);

	if (err < 0)
		log_err(err, "cannot write down which knock keys are in use: old ones stay longer");
	knocks->heard_count = 0;
}

/* Whether it is what the world knew. */
static bool is_known(const struct controller *controller, const struct store_knock_news *news)
{
	const struct world *world = &controller->world;

	if (news->is_gateway) {
		const struct store_gateway *gateway = world_gateway_of_id(world, news->holder);
		return !gateway || gateway->knock_has >= news->has;
	}
	const struct store_device *device = world_device_of_id(world, news->holder);
	return !device || device->knock_has >= news->has || device->knock_told < news->has;
}

void knocks_heard(struct controller *controller, const struct store_knock_news *news)
{
	struct knocks *knocks = &controller->knocks;

	if (is_known(controller, news))
		return;
	world_note_knock(&controller->world, news);
	knocks->heard = list_room(
		knocks->heard, knocks->heard_count, &knocks->heard_capacity, sizeof *knocks->heard);
	knocks->heard[knocks->heard_count++] = *news;
	if (!uv_is_active((const uv_handle_t *)&knocks->writing) &&
		uv_timer_start(&knocks->writing, write_heard, WRITE_MS, 0) < 0)
		abort(); /* cannot fail */
	if (news->is_gateway && !controller->rollout.is_settling)
		netmaps_changed(controller); /* its devices may use the newer key there */
}

/* ---- for people ---- */

json_t *knocks_encode(const struct controller *controller)
{
	const struct world *world = &controller->world;
	const struct store_knock *newest = world_newest_knock(world);
	const struct message_status *status = &controller->live.status;
	size_t joining = 0, spoiled = 0;

	for (size_t i = 0; i < world->knock_count; i++) {
		joining += world->knocks[i].is_joining;
		spoiled += world->knocks[i].is_spoiled;
	}
	return json_pack("{s:s, s:I, s:I, s:I, s:i, s:o, s:I, s:I}", "mode",
		modes[world->knock_rules.mode], "rotation_s",
		(json_int_t)world->knock_rules.rotation_s, "epochs",
		(json_int_t)(world->knock_count - joining), "budgeted", (json_int_t)spoiled,
		"newest", newest ? (int)store_knock_epoch(newest->number) : -1, "since",
		answer_seconds(newest ? newest->made_ns : 0), "missing",
		(json_int_t)status->knock_missing, "over_budget", (json_int_t)status->knock_budget);
}

/* ---- life ---- */

void knocks_init(struct controller *controller)
{
	struct knocks *knocks = &controller->knocks;
	const struct store_knock *newest = world_newest_knock(&controller->world);

	knocks->newest = newest ? newest->number : 0;
	knocks->seen_ns = clock_now().monotonic_ns;
	if (uv_timer_init(controller->loop, &knocks->timer) < 0 ||
		uv_timer_init(controller->loop, &knocks->writing) < 0)
		abort(); /* cannot fail */
	knocks->timer.data = knocks->writing.data = controller;
	look(&knocks->timer);
	if (uv_timer_start(&knocks->timer, look, LOOK_MS, LOOK_MS) < 0)
		abort(); /* cannot fail */
}

void knocks_done(struct controller *controller)
{
	struct knocks *knocks = &controller->knocks;

	if (knocks->heard_count > 0)
		write_heard(&knocks->writing);
	free(knocks->heard);
	knocks->heard = NULL;
	uv_close((uv_handle_t *)&knocks->timer, NULL);
	uv_close((uv_handle_t *)&knocks->writing, NULL);
}
