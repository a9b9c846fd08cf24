/* SPDX-License-Identifier: ISC */
/* Questions for the status: of control's, to the engine, and back with what the parent knows. */
#include "base/log.h"
#include "harden/harden.h"
#include "tacetd/parent_state.h"

#include <string.h>

/* Knock, door and reception are filled in by whoever has them. */
static struct message_silence silence_of(const struct config *config)
{
	struct harden_force force = harden_in_force();

	return (struct message_silence){
		.is_hardened = force.is_in_force,
		.level = (uint8_t)force.level,
		.guards_link = force.has_link,
		.has_mark = config->mark != 0,
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
	status.silence = silence_of(parent->config);
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
