/* SPDX-License-Identifier: ISC */
#include "lookout/lookout.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "radar/recognise.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATIENCE_MS = 2000, /* radar and engine answer in some milliseconds */
};

/* A request that waits for the answer. */
struct lookout_asker {
	struct lookout_asker *next;
	struct lookout *lookout;
	struct server_request *request;
};

static const char *const places[] = {
	[MESSAGE_PLACE_LINK] = "link",
	[MESSAGE_PLACE_HOST] = "host",
	[MESSAGE_PLACE_DOOR] = "door",
	[MESSAGE_PLACE_ENGINE] = "engine",
};
_Static_assert(ARRAY_LENGTH(places) == MESSAGE_PLACES, "a word for each place");

/* ---- what is told ---- */

static json_t *encode_source(const struct address *source)
{
	char text[ADDRESS_TEXT_SIZE];

	return json_string(address_format(source, text));
}

static json_t *encode_seconds(uint64_t ns)
{
	return json_integer((json_int_t)(ns / NS_PER_S));
}

/* Consumes it; NULL: no memory. */
static void append(json_t *list, json_t *what)
{
	if (!what || json_array_append_new(list, what) < 0)
		abort();
}

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
		encode_source(&sighting->source), "tool",
		recognise_tool_word((enum recognise_tool)sighting->tool), "scan",
		recognise_scan_word((enum recognise_scan)sighting->scan), "confidence",
		(int)sighting->confidence, "ports", encode_ports(sighting), "packets",
		(json_int_t)sighting->packets, "first", encode_seconds(sighting->first_ns), "last",
		encode_seconds(sighting->last_ns), "lasted_ms", (json_int_t)lasted_ms, "rate",
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
static void begin_lists(struct lookout *lookout)
{
	json_decref(lookout->counters);
	json_decref(lookout->sightings);
	lookout->counters = json_array();
	lookout->sightings = json_array();
	lookout->total = 0;
}

/* ---- who asks ---- */

void lookout_init(struct lookout *lookout, uv_loop_t *loop, bool is_on)
{
	*lookout = (struct lookout){.is_on = is_on};
	if (uv_timer_init(loop, &lookout->patience) < 0)
		abort(); /* cannot fail */
	lookout->patience.data = lookout;
}

void lookout_done(struct lookout *lookout)
{
	while (lookout->askers) {
		struct lookout_asker *asker = lookout->askers;

		lookout->askers = asker->next;
		free(asker);
	}
	json_decref(lookout->counters);
	json_decref(lookout->sightings);
	uv_close((uv_handle_t *)&lookout->patience, NULL);
}

/* Answers all with what there is. */
static void answer(struct lookout *lookout, const struct message_radar *end)
{
	lookout->is_under_way = false;
	(void)uv_timer_stop(&lookout->patience); /* cannot fail */
	while (lookout->askers) {
		struct lookout_asker *asker = lookout->askers;

		lookout->askers = asker->next;
		server_answer(asker->request, 200,
			json_pack("{s:o, s:I, s:O, s:O}", "radar", encode_state(end), "died",
				(json_int_t)lookout->total, "counters", lookout->counters,
				"sightings", lookout->sightings));
		free(asker);
	}
}

static void lose_patience(uv_timer_t *timer)
{
	struct lookout *lookout = timer->data;
	const struct message_radar nothing = {.is_on = lookout->is_on};

	begin_lists(lookout);
	answer(lookout, &nothing);
}

static void ask(struct lookout *lookout, struct channel *channel, bool clears)
{
	const struct message_radar_ask question = {.nonce = ++lookout->nonce, .clears = clears};

	lookout->is_under_way = true;
	begin_lists(lookout);
	if (uv_timer_start(&lookout->patience, lose_patience, PATIENCE_MS, 0) < 0)
		abort(); /* cannot fail */
	channel_send(channel, MESSAGE_RADAR_ASK, &question, 1);
}

static void asker_gone(void *context, struct server_request *request)
{
	struct lookout_asker *asker = context;
	struct lookout_asker **at = &asker->lookout->askers;

	assert(asker->request == request);
	while (*at != asker)
		at = &(*at)->next;
	*at = asker->next;
	free(asker);
}

static void keep(struct lookout *lookout, struct server_request *request)
{
	struct lookout_asker *asker = memory_new(1, sizeof *asker);

	*asker = (struct lookout_asker){lookout->askers, lookout, request};
	lookout->askers = asker;
	server_keep(request, asker_gone, asker);
}

void lookout_ask(struct lookout *lookout, struct channel *channel, struct server_request *request)
{
	keep(lookout, request);
	if (!lookout->is_under_way)
		ask(lookout, channel, false);
}

void lookout_clear(struct lookout *lookout, struct channel *channel, struct server_request *request)
{
	if (lookout->is_under_way) {
		server_refuse(request, ERR_IN_USE, "somebody asks just now; try again");
		return;
	}
	log_info(0, "what the radar saw is forgotten, by the word of user %u",
		(unsigned)server_peer(request)->uid);
	keep(lookout, request);
	ask(lookout, channel, true);
}

/* ---- what the parent answers ---- */

static void take_counts(struct lookout *lookout, const struct message_count *counts, size_t count)
{
	for (size_t i = 0; i < count && lookout->is_under_way; i++) {
		if (counts[i].place >= MESSAGE_PLACES ||
			json_array_size(lookout->counters) >= MESSAGE_COUNTS_MAX)
			continue;
		lookout->total += counts[i].packets;
		append(lookout->counters,
			json_pack("{s:s, s:s, s:I}", "place", places[counts[i].place], "reason",
				counts[i].name, "packets", (json_int_t)counts[i].packets));
	}
}

static void take_sightings(
	struct lookout *lookout, const struct message_sighting *sightings, size_t count)
{
	for (size_t i = 0; i < count && lookout->is_under_way; i++) {
		if (json_array_size(lookout->sightings) < MESSAGE_SIGHTINGS_MAX)
			append(lookout->sightings, encode_sighting(&sightings[i]));
	}
}

static void take_end(struct lookout *lookout, const struct message_radar *end)
{
	/* one that comes after patience was lost tells of a question that is over */
	if (lookout->is_under_way && end->nonce == lookout->nonce)
		answer(lookout, end);
}

void lookout_received(struct lookout *lookout, const struct channel_message *message)
{
	if (message->head.type == MESSAGE_RADAR_COUNTS)
		take_counts(lookout, message->records, message->head.count);
	else if (message->head.type == MESSAGE_RADAR_SIGHTINGS)
		take_sightings(lookout, message->records, message->head.count);
	else if (message->head.type == MESSAGE_RADAR_END)
		take_end(lookout, message->records);
}
