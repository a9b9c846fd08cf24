/* SPDX-License-Identifier: ISC */
/*
 * The way in of data (paper, 5.4.6). Packets are collected and opened together, then taken in the
 * order in which they came. All is as if each had been opened before the next was looked at: what
 * collecting asks for is changed by no packet that it collects, as no session ends by one. The
 * handshakes, by which they do, are not collected.
 */
#include "wireguard/inner.h"
#include "wireguard/interface_state.h"

/* Renewal is begun by receiving, too, when the session is about to end (kernel keep_key_fresh). */
#define REKEY_LAST_MINUTE_NS (REJECT_AFTER_TIME_NS - KEEPALIVE_TIMEOUT_NS - REKEY_TIMEOUT_NS)

/* Whose index this is; NULL where it is no session's. */
static struct keypair *keypair_of(const struct interface *interface, uint32_t index)
{
	struct indextable_entry *entry = indextable_find(&interface->indices, index);

	if (!entry || entry->kind != INDEX_KEYPAIR)
		return NULL;
	return container_of(entry, struct keypair, index);
}

/* Begins the session's renewal while it can still be used, if that is ours to do. */
static void renew_in_last_minute(const struct turn *turn, struct peer *peer)
{
	const struct keypair *current = peer->keypairs.current;

	if (peer->timers.has_sent_last_minute_handshake || !current || !current->is_initiator ||
		turn->now.monotonic_ns - current->created_ns < REKEY_LAST_MINUTE_NS)
		return;
	peer->timers.has_sent_last_minute_handshake = true;
	send_initiation(turn, peer, SEND_FRESH);
}

/* The peer sent something under these keys, whatever it was. */
static void peer_was_heard(const struct turn *turn, struct peer *peer,
	const struct keypair *keypair, const struct endpoint *from)
{
	struct interface *interface = turn->interface;

	peer->endpoint = *from;
	if (interface->common->config.cookies == COOKIES_FAMILIAR)
		familiar_add(&interface->common->familiar, &peer->endpoint.remote,
			keypair->created_ns + REJECT_AFTER_TIME_NS);
	if (keypairs_confirm(&peer->keypairs, keypair)) {
		timers_handshake_completed(&peer->timers, turn->now.realtime_ns);
		send_staged(turn, peer);
	}
	renew_in_last_minute(turn, peer);
	timers_any_authenticated_packet_received(&peer->timers);
	timers_any_authenticated_packet_traversed(&peer->timers, turn->now.monotonic_ns);
}

/* Strips the padding; the inner packet must come from an address of this peer. */
static enum drop check_inner(
	const struct interface *interface, const struct peer *peer, struct packet *packet)
{
	struct inner inner;

	if (inner_parse(packet->data, packet->length, &inner) < 0)
		return DROP_INNER_MALFORMED;
	if (allowedips_lookup(&interface->common->allowedips, &inner.source) != &peer->allowedips)
		return DROP_SOURCE_NOT_ALLOWED;
	packet->length = inner.length;
	return DROP_NONE;
}

/* A run of packets under one session from one endpoint: it is heard once for all of them. */
struct run {
	struct keypair *keypair; /* NULL: none yet */
	struct endpoint from;
};

/* Takes a packet as one more of the run, or as the first of the next. */
static void go_on(const struct turn *turn, struct run *run, struct keypair *keypair,
	const struct packet *packet)
{
	if (run->keypair == keypair && endpoint_equal(&run->from, &packet->endpoint))
		return;
	if (run->keypair)
		peer_reschedule(run->keypair->peer);
	*run = (struct run){.keypair = keypair, .from = packet->endpoint};
	peer_was_heard(turn, keypair->peer, keypair, &packet->endpoint);
}

/* Takes a packet that has been opened: what is inside, if anything, goes on. */
static enum drop take(const struct turn *turn, struct run *run, const struct aead_job *job,
	struct keypair *keypair, struct packet *packet)
{
	struct peer *peer = keypair->peer;

	if (job->result < 0)
		return DROP_DATA_FORGED;
	if (!replay_accept(&keypair->replay, job->counter))
		return DROP_COUNTER_REPLAYED;
	peer->rx_bytes += packet->length;
	packet->data += MESSAGE_DATA_HEADER_SIZE;
	packet->length -= MESSAGE_DATA_OVERHEAD;
	go_on(turn, run, keypair, packet);
	if (packet->length == 0) {
		packet_put(turn->interface->pool, packet); /* a keepalive has done its work */
		return DROP_NONE;
	}
	timers_data_received(&peer->timers, turn->now.monotonic_ns);
	enum drop drop = check_inner(turn->interface, peer, packet);
	if (drop == DROP_NONE)
		packet_list_push(&turn->out->inner, packet);
	return drop;
}

void receive_pending(const struct turn *turn)
{
	struct batch *batch = &turn->interface->opening;
	struct run run = {0};

	if (batch->count == 0)
		return;
	aead_open_batch(batch->jobs, batch->count);
	for (size_t i = 0; i < batch->count; i++) {
		struct packet *packet = batch->items[i].packet;
		enum drop drop = take(turn, &run, &batch->jobs[i], batch->items[i].keypair, packet);
		if (drop != DROP_NONE)
			interface_drop(turn->interface, packet, drop);
	}
	batch->count = 0;
	if (run.keypair)
		peer_reschedule(run.keypair->peer);
}

/* Adds a packet to those that are opened together; there is room. */
static void collect(
	struct batch *batch, struct keypair *keypair, uint64_t counter, struct packet *packet)
{
	batch->items[batch->count].packet = packet;
	batch->items[batch->count].keypair = keypair;
	batch->jobs[batch->count++] = (struct aead_job){
		.aead = keypair->receiving,
		.counter = counter,
		.text = packet->data + MESSAGE_DATA_HEADER_SIZE,
		.size = packet->length - MESSAGE_DATA_HEADER_SIZE,
	};
}

enum drop receive_data(const struct turn *turn, struct packet *packet)
{
	struct batch *batch = &turn->interface->opening;
	struct message_data_header header;

	message_data_header_decode(packet->data, &header);
	struct keypair *keypair = keypair_of(turn->interface, header.receiver_index);
	if (!keypair)
		return DROP_INDEX_UNKNOWN;
	if (!keypair_may_receive(keypair, turn->now.monotonic_ns) ||
		header.counter >= REJECT_AFTER_MESSAGES)
		return DROP_SESSION_EXPIRED;
	if (batch->count == BATCH_MAX)
		receive_pending(turn);
	collect(batch, keypair, header.counter, packet);
	return DROP_NONE;
}
