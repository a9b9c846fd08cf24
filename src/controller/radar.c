/* SPDX-License-Identifier: ISC */
#include "controller/radar.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "controller/answer.h"
#include "controller/routes.h"
#include "radar/recognise.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATIENCE_MS = 2000, /* radar and engine answer in some milliseconds */
};

/* A request that waits for the answer. */
struct radar_asker {
	struct radar_asker *next;
	struct controller *controller;
	struct server_request *request;
};

static const char *const places[] = {
	[MESSAGE_PLACE_LINK] = "link",
	[MESSAGE_PLACE_HOST] = "host",
	[MESSAGE_PLACE_ENGINE] = "engine",
};
_Static_assert(ARRAY_LENGTH(places) == MESSAGE_PLACES, "a word for each place");

/* ---- what is told ---- */

static json_t *encode_ports(const struct message_sighting *sighting)
{
	if (sighting->ports == 0)
		return json_null();
	return json_pack("{s:i, s:i, s:I}", "least", (int)sighting->port_least, "greatest",
		(int)sighting->port_greatest, "count", (json_int_t)sighting->ports);
}

/*
 * Packets a second, of those that were sampled. They come by the handful, so that less than a
 * second says nothing; neither does one packet.
 */
static json_t *encode_rate(const struct message_sighting *sighting)
{
	uint64_t lasted_ns = sighting->last_ns - sighting->first_ns;

	if (sighting->packets < 2)
		return json_null();
	if (lasted_ns < NS_PER_S)
		lasted_ns = NS_PER_S;
	return json_real((double)sighting->packets * NS_PER_S / (double)lasted_ns);
}

static json_t *encode_sighting(const struct message_sighting *sighting)
{
	uint64_t lasted_ms = (sighting->last_ns - sighting->first_ns) / NS_PER_MS;

	return json_pack("{s:o, s:s, s:s, s:i, s:o, s:I, s:o, s:o, s:I, s:o}", "source",
		answer_address(&sighting->source), "tool",
		recognise_tool_word((enum recognise_tool)sighting->tool), "scan",
		recognise_scan_word((enum recognise_scan)sighting->scan), "confidence",
		(int)sighting->confidence, "ports", encode_ports(sighting), "packets",
		(json_int_t)sighting->packets, "first", answer_seconds(sighting->first_ns), "last",
		answer_seconds(sighting->last_ns), "lasted_ms", (json_int_t)lasted_ms, "rate",
		encode_rate(sighting));
}

static json_t *encode_state(const struct message_radar *end)
{
	return json_pack("{s:b, s:b, s:b, s:I, s:I, s:I, s:I, s:I}", "on", (int)end->is_on, "up",
		(int)end->is_up, "hardened", (int)end->is_hardened, "starts",
		(json_int_t)end->starts, "sampled", (json_int_t)end->sampled, "unsampled",
		(json_int_t)end->unsampled, "unread", (json_int_t)end->unread, "forgotten",
		(json_int_t)end->forgotten);
}

/* Begins what the next answer is gathered in. */
static void begin_lists(struct radar *radar)
{
	json_decref(radar->counters);
	json_decref(radar->sightings);
	radar->counters = json_array();
	radar->sightings = json_array();
	radar->total = 0;
}

/* ---- who asks ---- */

void radar_init(struct controller *controller)
{
	if (uv_timer_init(controller->loop, &controller->radar.patience) < 0)
		abort(); /* cannot fail */
	controller->radar.patience.data = controller;
}

void radar_done(struct controller *controller)
{
	struct radar *radar = &controller->radar;

	while (radar->askers) {
		struct radar_asker *asker = radar->askers;

		radar->askers = asker->next;
		free(asker);
	}
	json_decref(radar->counters);
	json_decref(radar->sightings);
	uv_close((uv_handle_t *)&radar->patience, NULL);
}

/* Answers all with what there is. */
static void answer(struct controller *controller, const struct message_radar *end)
{
	struct radar *radar = &controller->radar;

	radar->is_under_way = false;
	(void)uv_timer_stop(&radar->patience); /* cannot fail */
	while (radar->askers) {
		struct radar_asker *asker = radar->askers;

		radar->askers = asker->next;
		server_answer(asker->request, 200,
			json_pack("{s:o, s:I, s:O, s:O}", "radar", encode_state(end), "died",
				(json_int_t)radar->total, "counters", radar->counters, "sightings",
				radar->sightings));
		free(asker);
	}
}

static void lose_patience(uv_timer_t *timer)
{
	struct controller *controller = timer->data;
	const struct message_radar nothing = {.is_on = controller->config->radar};

	begin_lists(&controller->radar);
	answer(controller, &nothing);
}

static void ask(struct controller *controller, bool clears)
{
	struct radar *radar = &controller->radar;
	const struct message_radar_ask question = {.nonce = ++radar->nonce, .clears = clears};

	radar->is_under_way = true;
	begin_lists(radar);
	if (uv_timer_start(&radar->patience, lose_patience, PATIENCE_MS, 0) < 0)
		abort(); /* cannot fail */
	channel_send(controller->channel, MESSAGE_RADAR_ASK, &question, 1);
}

static void asker_gone(void *context, struct server_request *request)
{
	struct radar_asker *asker = context;
	struct radar_asker **at = &asker->controller->radar.askers;

	assert(asker->request == request);
	while (*at != asker)
		at = &(*at)->next;
	*at = asker->next;
	free(asker);
}

static void keep(struct controller *controller, struct server_request *request)
{
	struct radar_asker *asker = memory_new(1, sizeof *asker);

	*asker = (struct radar_asker){controller->radar.askers, controller, request};
	controller->radar.askers = asker;
	server_keep(request, asker_gone, asker);
}

void api_radar_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;

	(void)words, (void)body;
	keep(controller, request);
	if (!controller->radar.is_under_way)
		ask(controller, false);
}

void api_radar_delete(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	char name[ANSWER_ACTOR_SIZE];

	(void)words, (void)body;
	if (controller->radar.is_under_way) {
		server_refuse(request, ERR_IN_USE, "somebody asks just now; try again");
		return;
	}
	log_info(0, "what the radar saw is forgotten, by the word of %s",
		answer_actor(request, name).name);
	keep(controller, request);
	ask(controller, true);
}

/* ---- what the parent answers ---- */

void radar_received_counts(
	struct controller *controller, const struct message_count *counts, size_t count)
{
	struct radar *radar = &controller->radar;

	for (size_t i = 0; i < count && radar->is_under_way; i++) {
		if (counts[i].place >= MESSAGE_PLACES ||
			json_array_size(radar->counters) >= MESSAGE_COUNTS_MAX)
			continue;
		radar->total += counts[i].packets;
		answer_append(radar->counters,
			json_pack("{s:s, s:s, s:I}", "place", places[counts[i].place], "reason",
				counts[i].name, "packets", (json_int_t)counts[i].packets));
	}
}

void radar_received_sightings(
	struct controller *controller, const struct message_sighting *sightings, size_t count)
{
	struct radar *radar = &controller->radar;

	for (size_t i = 0; i < count && radar->is_under_way; i++) {
		if (json_array_size(radar->sightings) < MESSAGE_SIGHTINGS_MAX)
			answer_append(radar->sightings, encode_sighting(&sightings[i]));
	}
}

void radar_received_end(struct controller *controller, const struct message_radar *end)
{
	struct radar *radar = &controller->radar;

	/* one that comes after patience was lost tells of a question that is over */
	if (radar->is_under_way && end->nonce == radar->nonce)
		answer(controller, end);
}
