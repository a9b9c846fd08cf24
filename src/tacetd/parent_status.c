/* SPDX-License-Identifier: ISC */
/* Questions for the status: of control's, to the engine, and back with what the parent knows. */
#include "base/bytes.h"
#include "base/log.h"
#include "harden/harden.h"
#include "harden/silence.h"
#include "tacetd/parent_state.h"
#include "wireguard/knock.h"

#include <string.h>

/* By the plan in force; none: nothing is said. */
static enum silence_knock knock_of(const struct parent *parent)
{
	static const enum silence_knock known[] = {
		[KNOCK_OFF] = SILENCE_KNOCK_OFF,
		[KNOCK_PREFERRED] = SILENCE_KNOCK_PREFERRED,
		[KNOCK_REQUIRED] = SILENCE_KNOCK_REQUIRED,
	};
	uint32_t mode = parent->plan ? parent->plan->head.knock_mode : KNOCK_OFF;

	return mode < ARRAY_LENGTH(known) ? known[mode] : SILENCE_KNOCK_OFF;
}

static struct message_silence silence_of(const struct parent *parent)
{
	struct harden_force force = harden_in_force();
	enum door_kind door = parent_door_kind(parent);

	return (struct message_silence){
		.is_hardened = force.is_in_force,
		.level = (uint8_t)force.level,
		.guards_link = force.has_link,
		.has_mark = parent->config->mark != 0,
		.knock = (uint8_t)knock_of(parent),
		.door = door == DOOR_NONE ? SILENCE_DOOR_ENGINE : SILENCE_DOOR_KERNEL,
		.reception =
			door == DOOR_HIDDEN ? SILENCE_RECEPTION_HIDDEN : SILENCE_RECEPTION_NORMAL,
	};
}

/* Fills in what the parent knows, and sends it. */
static void answer(struct parent *parent, struct message_status status)
{
	status.plan_version = parent->plan ? parent->plan->head.version : 0;
	status.planned_ns = parent->planned_ns;
	status.repaired = parent->repaired;
	status.engine_starts = parent->engine.process ? process_starts(parent->engine.process) : 0;
	status.listen_port = parent->listen_port;
	status.is_engine_up = parent->is_engine_ready;
	status.silence = silence_of(parent);
	status.door = parent_door_kind(parent);
	status.door_places = parent->doorman ? doorman_count(parent->doorman) : 0;
	memset(status.door_why, 0, sizeof status.door_why);
	if (!parent->doorman)
		memcpy(status.door_why, parent->door_why, sizeof status.door_why);
	if (parent->control.channel)
		channel_send(parent->control.channel, MESSAGE_STATUS_END, &status, 1);
}

void parent_hear_ask(struct parent *parent, const struct channel_message *message)
{
	const struct message_ask *ask = message->records;

	if (!parent->is_engine_ready || parent->ask_count == PARENT_ASKS_MAX) {
		answer(parent, (struct message_status){.nonce = ask->nonce});
		return;
	}
	parent->asks[parent->ask_count++] = ask->nonce;
	channel_send(parent->engine.channel, MESSAGE_STATUS_ASK, ask, 1);
}

void parent_hear_status_peers(struct parent *parent, const struct channel_message *message)
{
	if (parent->control.channel && parent->ask_count > 0)
		channel_send(parent->control.channel, MESSAGE_STATUS_PEERS, message->records,
			message->head.count);
}

/* Questions are answered in their order. */
void parent_hear_status_end(struct parent *parent, const struct channel_message *message)
{
	const struct message_status *status = message->records;

	if (parent->ask_count == 0 || parent->asks[0] != status->nonce)
		return; /* who asked has died meanwhile */
	parent->ask_count--;
	memmove(parent->asks, parent->asks + 1, parent->ask_count * sizeof parent->asks[0]);
	answer(parent, *status);
}

void parent_status_without_engine(struct parent *parent)
{
	unsigned count = parent->ask_count;

	parent->ask_count = 0;
	for (unsigned i = 0; i < count; i++)
		answer(parent, (struct message_status){.nonce = parent->asks[i]});
}
