/* SPDX-License-Identifier: ISC */
#include "tacetd/enginestatus.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	PEERS_FIRST = 64,
};

struct count {
	struct message_status status;
	struct message_peer_status *peers;
	size_t peer_count, capacity;
};

static void count_status(void *context, const struct engine_status *status)
{
	struct count *count = context;

	count->status.listen_port = status->listen_port;
	for (enum drop drop = 0; drop < DROP_COUNT; drop++)
		count->status.dropped += status->drops->count[drop];
	count->status.knock_missing = status->drops->count[DROP_KNOCK_MISSING];
	count->status.knock_budget = status->drops->count[DROP_KNOCK_BUDGET];
	if (status->door)
		count->status.knock_missing += status->door->count[DOOR_KNOCK_MISSING];
	for (enum door_reason reason = 0; status->door && reason < DOOR_REASONS; reason++)
		count->status.door_dropped +=
			reason == DOOR_LET_IN ? 0 : status->door->count[reason];
}

static void count_peer(void *context, const struct engine_peer_status *status)
{
	struct count *count = context;

	if (count->peer_count == count->capacity) {
		count->capacity = count->capacity ? count->capacity * 2 : PEERS_FIRST;
		count->peers = memory_grow(count->peers, count->capacity, sizeof *count->peers);
	}
	struct message_peer_status *peer = &count->peers[count->peer_count++];
	*peer = (struct message_peer_status){
		.endpoint = *status->endpoint,
		.last_handshake_ns = status->last_handshake_ns,
		.rx_bytes = status->rx_bytes,
		.tx_bytes = status->tx_bytes,
	};
	memcpy(peer->public_key, status->public_key, sizeof peer->public_key);
}

void enginestatus_send(struct engine *engine, struct channel *channel, uint64_t nonce)
{
	struct count count = {.status = {.nonce = nonce, .is_engine_up = true}};
	const struct engine_visitor visitor = {count_status, count_peer, &count};

	engine_inspect(engine, &visitor);
	channel_send(channel, MESSAGE_STATUS_PEERS, count.peers, count.peer_count);
	channel_send(channel, MESSAGE_STATUS_END, &count.status, 1);
	free(count.peers);
}

/* A record for each way to die. */
struct deaths {
	struct message_count counts[DROP_COUNT + DOOR_REASONS];
	size_t count;
};

static void add_death(
	struct deaths *deaths, enum message_place place, const char *word, uint64_t packets)
{
	struct message_count *count = &deaths->counts[deaths->count++];

	*count = (struct message_count){.place = place, .packets = packets};
	(void)snprintf(count->name, sizeof count->name, "%s", word); /* fits */
}

/* Also of those that nothing died by. */
static void keep_drops(void *context, const struct engine_status *status)
{
	for (enum drop drop = DROP_NONE + 1; drop < DROP_COUNT; drop++)
		add_death(
			context, MESSAGE_PLACE_ENGINE, drop_word(drop), status->drops->count[drop]);
	if (!status->door)
		return;
	for (enum door_reason reason = DOOR_LET_IN + 1; reason < DOOR_REASONS; reason++)
		add_death(context, MESSAGE_PLACE_DOOR, door_word(reason),
			status->door->count[reason]);
}

static void skip_peer(void *context, const struct engine_peer_status *peer)
{
	(void)context, (void)peer; /* it was not asked for peers */
}

void enginestatus_send_drops(struct engine *engine, struct channel *channel, uint64_t nonce)
{
	struct deaths deaths = {.count = 0};
	const struct engine_visitor visitor = {keep_drops, skip_peer, &deaths};
	const struct message_radar end = {.nonce = nonce};

	engine_inspect(engine, &visitor);
	channel_send(channel, MESSAGE_RADAR_COUNTS, deaths.counts, (uint16_t)deaths.count);
	channel_send(channel, MESSAGE_RADAR_END, &end, 1);
}

/* Where what is asked for goes. */
struct identity {
	uint8_t *public_key;
	uint16_t *listen_port;
};

static void keep_identity(void *context, const struct engine_status *status)
{
	const struct identity *identity = context;

	memcpy(identity->public_key, status->public_key, MESSAGE_KEY_SIZE);
	*identity->listen_port = status->listen_port;
}

void enginestatus_identify(struct engine *engine, uint8_t ret_public_key[static MESSAGE_KEY_SIZE],
	uint16_t *ret_listen_port)
{
	struct identity identity = {ret_public_key, ret_listen_port};
	const struct engine_visitor visitor = {keep_identity, skip_peer, &identity};

	engine_inspect(engine, &visitor);
}
