/* SPDX-License-Identifier: ISC */
/*
 * The way in (paper, 5.4; kernel receive.c). Every function that judges a packet says how it dies,
 * or DROP_NONE; then the packet has moved on. In order of cost: shape, mac1, load, keys. Data goes
 * on in receive_data.c.
 */
#include "wireguard/interface_state.h"

#include "base/cursor.h"

/* How many initiations without a knock in full right a shard serves where knocks are asked for. */
enum {
	BUDGET_PER_SECOND = 50, /* half a percent of a core */
	BUDGET_BURST = 100,
};

/* Answers a sender with valid mac1 by a cookie, in the packet that it sent. Consumes packet. */
static enum drop send_cookie_reply(
	const struct turn *turn, uint32_t sender_index, struct packet *packet)
{
	struct interface *interface = turn->interface;
	struct message_cookie_reply reply = {.receiver_index = sender_index};

	if (cookie_reply_create(&interface->cookies, turn->now.monotonic_ns,
		    interface->common->config.entropy, (struct bytes){packet->data, packet->length},
		    &packet->endpoint, &reply) < 0)
		return DROP_CRYPTO_FAILED;
	interface_drop(
		interface, NULL, DROP_UNDER_LOAD); /* the message dies; its buffer lives on */
	message_cookie_reply_encode(&reply, packet->data);
	packet->length = MESSAGE_COOKIE_REPLY_SIZE;
	packet_list_push(&turn->out->datagrams, packet);
	return DROP_NONE;
}

/* What admit() says. */
enum admission {
	ADMITTED,
	ANSWERED, /* a cookie reply took the packet; it is gone */
	REFUSED,
};

/* Whether the sender may be told that we are here. */
static bool may_get_cookie(
	const struct interface *interface, uint64_t now_ns, const struct packet *packet)
{
	const struct common *common = interface->common;

	if (common->gate.mode != KNOCK_OFF)
		return false;
	if (common->config.cookies == COOKIES_FAMILIAR)
		return familiar_has(&common->familiar, &packet->endpoint.remote, now_ns);
	return common->config.cookies == COOKIES_ALWAYS;
}

/* Whether one more initiation without a knock in full right is served: a bucket, as load.c's. */
static bool take_from_budget(struct interface *interface, uint64_t now_ns)
{
	uint64_t empty_ns = interface->budget_empty_ns;

	if (empty_ns < now_ns)
		empty_ns = now_ns;
	if (empty_ns - now_ns >= BUDGET_BURST * (SECONDS_NS / BUDGET_PER_SECOND))
		return false;
	interface->budget_empty_ns = empty_ns + SECONDS_NS / BUDGET_PER_SECOND;
	return true;
}

/*
 * Whether an initiation is worth public-key work by what it is itself, before any load is looked
 * at: it proves that its sender belongs here, and is no copy of one that was taken.
 */
static enum drop judge_initiation(const struct interface *interface, const struct packet *packet,
	const uint8_t *ephemeral, enum knock_class *ret_knock)
{
	const struct knock_gate *gate = &interface->common->gate;

	*ret_knock = gate->mode == KNOCK_OFF ? KNOCK_NONE : knock_check(gate, packet->data);
	if (gate->mode == KNOCK_REQUIRED && *ret_knock == KNOCK_NONE)
		return DROP_KNOCK_MISSING;
	return seen_has(&interface->common->seen, ephemeral) ? DROP_INITIATION_REPLAYED : DROP_NONE;
}

/*
 * Who knocks in full right is not hindered by the load that others make. With a cookie policy, a
 * sender under load may have to own its address; else it may not call too often from it.
 */
static enum admission admit_under_load(const struct turn *turn, uint32_t sender_index,
	bool is_initiation, enum knock_class knock, struct packet *packet, enum drop *ret_drop)
{
	struct interface *interface = turn->interface;
	uint64_t now_ns = turn->now.monotonic_ns;
	bool is_limited =
		is_initiation && interface->common->gate.mode != KNOCK_OFF && knock != KNOCK_FULL;
	bool is_high = load_count(
		knock == KNOCK_FULL ? &interface->member_load : &interface->load, now_ns);

	if (is_high && is_initiation && may_get_cookie(interface, now_ns, packet) &&
		!cookie_mac2_is_valid(&interface->cookies, now_ns, packet->data, packet->length,
			&packet->endpoint)) {
		*ret_drop = send_cookie_reply(turn, sender_index, packet);
		return *ret_drop == DROP_NONE ? ANSWERED : REFUSED;
	}
	*ret_drop = DROP_RATE_LIMITED;
	if (is_high &&
		!ratelimiter_allow(&interface->ratelimiter, now_ns, &packet->endpoint.remote))
		return REFUSED;
	*ret_drop = DROP_KNOCK_BUDGET;
	return is_limited && !take_from_budget(interface, now_ns) ? REFUSED : ADMITTED;
}

/*
 * Whether a handshake message is worth public-key work: its sender must know our key and, in an
 * initiation, prove that it belongs here, if that is asked for; and while we are under load it must
 * own its address, or at least not call too often from it. `ephemeral` is that of an initiation,
 * NULL for a response.
 */
static enum admission admit(const struct turn *turn, uint32_t sender_index,
	const uint8_t *ephemeral, struct packet *packet, enum drop *ret_drop)
{
	struct interface *interface = turn->interface;
	enum knock_class knock = KNOCK_NONE;

	*ret_drop = DROP_NO_PRIVATE_KEY;
	if (!noise_identity_is_set(&interface->common->identity))
		return REFUSED;
	if (packet->is_admitted)
		return ADMITTED;
	*ret_drop = DROP_MAC1_INVALID;
	if (!cookie_mac1_is_valid(&interface->cookies, packet->data, packet->length))
		return REFUSED;
	*ret_drop = ephemeral ? judge_initiation(interface, packet, ephemeral, &knock) : DROP_NONE;
	if (*ret_drop != DROP_NONE)
		return REFUSED;
	return admit_under_load(turn, sender_index, ephemeral != NULL, knock, packet, ret_drop);
}

/* Remembers the timestamp, and what must be stored before it may be answered. */
static void enter_in_ledger(const struct turn *turn, struct peer *peer)
{
	struct interface *interface = turn->interface;
	struct ledger_entry *entry = peer->ledger_entry;
	uint64_t now_ns = turn->now.monotonic_ns;
	bool is_unstored = ledger_accept(entry, peer->handshake.latest_timestamp, now_ns);

	if (!interface->common->config.stores_timestamps)
		return;
	if (is_unstored && !entry->is_unstored) {
		entry->is_unstored = true;
		entry->next_unstored = interface->unstored.first;
		interface->unstored.first = entry;
	}
	if (now_ns >= interface->unstored.reach_ns)
		interface->unstored.reach_ns = now_ns + LEDGER_REACH_NS;
}

/*
 * Takes the initiation of a peer that is known, and answers where it came from. The peer does not
 * move there yet: anybody can have recorded and sent it. Only a packet under the new keys moves it.
 */
static enum drop accept_initiation(const struct turn *turn, struct peer *peer,
	const struct message_initiation *message, const struct noise_caller *caller,
	struct packet *packet)
{
	uint64_t now_ns = turn->now.monotonic_ns;

	enum drop drop = noise_initiation_consume(&peer->handshake, message, caller, now_ns);
	if (drop == DROP_NONE || drop == DROP_TIMESTAMP_REPLAYED)
		seen_add(&turn->interface->common->seen, message->ephemeral);
	if (drop != DROP_NONE)
		return drop;
	enter_in_ledger(turn, peer);
	peer->rx_bytes += packet->length;
	timers_any_authenticated_packet_received(&peer->timers);
	timers_any_authenticated_packet_traversed(&peer->timers, now_ns);
	drop = send_response(turn, peer, packet);
	peer_reschedule(peer);
	return drop;
}

/*
 * The peer's own shard begins again with the handshake: cheaper than to share half of it. But not
 * with the admission: a cookie is good at the shard that gave it. Consumes packet.
 */
static void hand_over_admitted(
	const struct turn *turn, const struct interface *shard, struct packet *packet)
{
	packet->is_admitted = true;
	interface_hand_over(turn, shard->number, packet, DIRECTION_IN);
}

static enum drop receive_initiation(const struct turn *turn, struct packet *packet)
{
	struct interface *interface = turn->interface;
	struct message_initiation message;
	struct noise_caller caller;
	enum drop drop;

	message_initiation_decode(packet->data, &message);
	enum admission admission =
		admit(turn, message.sender_index, message.ephemeral, packet, &drop);
	if (admission != ADMITTED)
		return admission == ANSWERED ? DROP_NONE : drop;
	drop = noise_initiation_open(&interface->common->identity, &message, &caller);
	if (drop != DROP_NONE)
		return drop;
	struct peer *peer = interface_peer_find(interface, caller.static_key);
	if (!peer)
		drop = DROP_PEER_UNKNOWN;
	else if (peer->shard != interface)
		hand_over_admitted(turn, peer->shard, packet);
	else
		drop = accept_initiation(turn, peer, &message, &caller, packet);
	bytes_wipe(&caller, sizeof caller);
	return drop;
}

/* The peer whose handshake or session has this index; NULL where there is none of that kind. */
static struct peer *peer_of_handshake(const struct interface *interface, uint32_t index)
{
	struct indextable_entry *entry = indextable_find(&interface->indices, index);

	if (!entry || entry->kind != INDEX_HANDSHAKE)
		return NULL;
	return container_of(entry, struct peer, handshake_index);
}

static enum drop receive_response(const struct turn *turn, struct packet *packet)
{
	struct interface *interface = turn->interface;
	struct message_response message;
	enum drop drop;

	message_response_decode(packet->data, &message);
	struct peer *peer = peer_of_handshake(interface, message.receiver_index);
	if (!peer)
		return DROP_RESPONSE_UNEXPECTED;
	enum admission admission = admit(turn, message.sender_index, NULL, packet, &drop);
	if (admission != ADMITTED)
		return admission == ANSWERED ? DROP_NONE : drop;
	drop = noise_response_consume(&peer->handshake, &interface->common->identity, &message);
	if (drop != DROP_NONE)
		return drop;
	drop = peer_begin_session(peer, turn->now.monotonic_ns);
	if (drop != DROP_NONE)
		return drop;

	peer->endpoint = packet->endpoint;
	peer->rx_bytes += packet->length;
	timers_session_derived(&peer->timers, turn->now.monotonic_ns);
	timers_handshake_completed(&peer->timers, turn->now.realtime_ns);
	timers_any_authenticated_packet_received(&peer->timers);
	timers_any_authenticated_packet_traversed(&peer->timers, turn->now.monotonic_ns);
	send_keepalive(turn, peer); /* the responder waits for a packet under the new keys */
	peer_reschedule(peer);
	packet_put(interface->pool, packet);
	return DROP_NONE;
}

static enum drop receive_cookie_reply(const struct turn *turn, struct packet *packet)
{
	struct interface *interface = turn->interface;
	struct message_cookie_reply reply;

	message_cookie_reply_decode(packet->data, &reply);
	struct indextable_entry *entry = indextable_find(&interface->indices, reply.receiver_index);
	if (!entry)
		return DROP_COOKIE_UNEXPECTED;
	struct peer *peer = entry->kind == INDEX_HANDSHAKE
				    ? container_of(entry, struct peer, handshake_index)
				    : container_of(entry, struct keypair, index)->peer;
	enum drop drop = cookie_reply_consume(&peer->cookie, turn->now.monotonic_ns, &reply);
	if (drop == DROP_NONE)
		packet_put(interface->pool, packet);
	return drop;
}

/* The shard that a datagram of this type is for, by the index that it is addressed to. */
static unsigned shard_of(
	const struct interface *interface, enum message_type type, const struct packet *packet)
{
	struct cursor cursor = cursor_over(packet->data, packet->length);
	size_t before =
		type == MESSAGE_RESPONSE ? 8 : 4; /* the type word, and the sender's index */

	if (interface->common->shard_count == 1)
		return interface->number;
	(void)cursor_take(&cursor, before); /* it is there, as message_classify() said */
	unsigned shard = cursor_le32(&cursor) >> INDEX_TAG_SHIFT;
	return shard < interface->common->shard_count ? shard : interface->number;
}

static enum drop receive_one(const struct turn *turn, struct packet *packet)
{
	struct interface *interface = turn->interface;
	enum message_type type = message_classify(packet->data, packet->length);

	if (type == MESSAGE_INVALID)
		return DROP_MALFORMED;
	if (type != MESSAGE_DATA)
		receive_pending(turn); /* sessions begin and end by the others */
	if (type == MESSAGE_INITIATION)
		return receive_initiation(turn, packet);
	unsigned shard = shard_of(interface, type, packet);
	if (shard != interface->number) {
		interface_hand_over(turn, shard, packet, DIRECTION_IN);
		return DROP_NONE;
	}
	if (type == MESSAGE_RESPONSE)
		return receive_response(turn, packet);
	if (type == MESSAGE_COOKIE_REPLY)
		return receive_cookie_reply(turn, packet);
	return receive_data(turn, packet);
}

void interface_receive(struct interface *interface, struct moment now,
	struct packet_list *datagrams, struct outbox *out)
{
	const struct turn turn = {.interface = interface, .now = now, .out = out};
	struct packet *packet;

	while ((packet = packet_list_pop(datagrams))) {
		enum drop drop = interface->common->is_up ? receive_one(&turn, packet) : DROP_DOWN;
		if (drop != DROP_NONE)
			interface_drop(interface, packet, drop);
	}
	receive_pending(&turn);
	send_finish(&turn);
}
