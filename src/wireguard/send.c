/* SPDX-License-Identifier: ISC */
/* The way out (paper, 5.4; kernel send.c): staging, sealing, handshakes, keepalives. */
#include "wireguard/inner.h"
#include "wireguard/interface_state.h"

#include "base/error.h"

/* The longest inner packet, so that header, padding and tag still fit a datagram. */
enum {
	INNER_MAX_SIZE = MESSAGE_MAX_SIZE - MESSAGE_DATA_OVERHEAD,
};
_Static_assert(INNER_MAX_SIZE + MESSAGE_PADDING + NOISE_TAG_SIZE <= PACKET_DATA_MAX,
	"a padded and sealed packet fits its buffer");

/* An empty packet from the pool, with `size` bytes in use; NULL and a counted drop otherwise. */
static struct packet *new_packet(const struct turn *turn, size_t size)
{
	struct packet *packet = packet_get(turn->interface->pool);
	if (!packet) {
		interface_drop(turn->interface, NULL, DROP_NO_BUFFER);
		return NULL;
	}
	packet->length = size;
	return packet;
}

/* Puts a finished datagram on its way to where the peer was last heard. Consumes packet. */
static void post(const struct turn *turn, struct peer *peer, struct packet *packet)
{
	packet->endpoint = peer->endpoint;
	peer->tx_bytes += packet->length;
	packet_list_push(&turn->out->datagrams, packet);
}

/*
 * Bytes of zero behind an inner packet: to a multiple of 16, but not beyond the MTU
 * (kernel calculate_skb_padding), nor beyond what a datagram carries.
 */
static size_t padding(size_t size, size_t mtu_bytes)
{
	size_t room = INNER_MAX_SIZE - size;

	if (mtu_bytes && size > mtu_bytes)
		size %= mtu_bytes;
	size_t padded = (size + MESSAGE_PADDING - 1) / MESSAGE_PADDING * MESSAGE_PADDING;
	if (mtu_bytes && padded > mtu_bytes)
		padded = mtu_bytes;
	return padded - size < room ? padded - size : room;
}

void send_pending(struct interface *interface)
{
	struct batch *batch = &interface->sealing;

	if (batch->count == 0)
		return;
	aead_seal_batch(batch->jobs, batch->count);
	for (size_t i = 0; i < batch->count; i++) {
		struct packet *packet = batch->items[i].packet;
		if (batch->jobs[i].result == 0)
			continue;
		batch->items[i].keypair->peer->tx_bytes -= packet->length;
		packet->length = 0; /* no datagram of ours is empty: send_finish() finds it */
		interface->has_unsealed = true;
	}
	batch->count = 0;
}

void send_finish(const struct turn *turn)
{
	struct packet_list all = {0};
	struct packet *packet;

	send_pending(turn->interface);
	if (!turn->interface->has_unsealed)
		return;
	turn->interface->has_unsealed = false;
	packet_list_append(&all, &turn->out->datagrams);
	while ((packet = packet_list_pop(&all))) {
		if (packet->length > 0)
			packet_list_push(&turn->out->datagrams, packet);
		else
			interface_drop(turn->interface, packet, DROP_CRYPTO_FAILED);
	}
}

/* Turns an inner packet into a data message under the keypair, in place, but for its sealing. */
static void seal_later(struct interface *interface, struct keypair *keypair, struct packet *packet)
{
	struct batch *batch = &interface->sealing;
	size_t pad = padding(packet->length, interface->common->config.mtu_bytes);
	const struct message_data_header header = {
		.receiver_index = keypair->remote_index,
		.counter = keypair->sending_counter++,
	};

	assert(packet_room(packet) >= packet->length + pad + NOISE_TAG_SIZE);
	memset(packet->data + packet->length, 0, pad);
	if (batch->count == BATCH_MAX)
		send_pending(interface);
	batch->items[batch->count].packet = packet;
	batch->items[batch->count].keypair = keypair;
	batch->jobs[batch->count++] = (struct aead_job){
		.aead = keypair->sending,
		.counter = header.counter,
		.text = packet->data,
		.size = packet->length + pad,
	};
	packet->data -= MESSAGE_DATA_HEADER_SIZE;
	packet->length += pad + MESSAGE_DATA_OVERHEAD;
	packet->may_join = true; /* handshake messages may not: rules look for their lengths */
	message_data_header_encode(&header, packet->data);
}

/* Posts all that waits, to be sealed; false where the session ends before the list does. */
static bool seal_staged(const struct turn *turn, struct peer *peer, struct keypair *keypair)
{
	bool has_data = false;
	struct packet *packet;

	while (keypair_may_send(keypair, turn->now.monotonic_ns)) {
		packet = peer_unstage(peer);
		if (!packet)
			break;
		has_data |= packet->length > 0;
		seal_later(turn->interface, keypair, packet);
		post(turn, peer, packet);
	}
	timers_any_authenticated_packet_traversed(&peer->timers, turn->now.monotonic_ns);
	timers_any_authenticated_packet_sent(&peer->timers);
	if (has_data)
		timers_data_sent(&peer->timers, turn->now.monotonic_ns,
			turn->interface->common->config.entropy);
	peer_detach_staged(peer);
	return peer->staged.count == 0;
}

/* Whether the session is to be renewed by us, seen when sending (paper, 6.2). */
static bool wants_rekey(const struct keypair *keypair, uint64_t now_ns)
{
	return keypair->sending_counter > REKEY_AFTER_MESSAGES ||
	       (keypair->is_initiator && now_ns - keypair->created_ns >= REKEY_AFTER_TIME_NS);
}

void send_staged(const struct turn *turn, struct peer *peer)
{
	struct keypair *keypair = peer->keypairs.current;
	uint64_t now_ns = turn->now.monotonic_ns;

	if (peer->staged.count == 0 || !peer_is_heard(peer, now_ns))
		return;
	if (!peer_has_session(peer, now_ns)) {
		send_initiation(turn, peer, SEND_FRESH);
		return;
	}
	bool sent_all = seal_staged(turn, peer, keypair);
	if (!sent_all || wants_rekey(keypair, now_ns))
		send_initiation(turn, peer, SEND_FRESH);
	peer_reschedule(peer);
}

void send_keepalive(const struct turn *turn, struct peer *peer)
{
	if (peer->endpoint.remote.family == ADDRESS_NONE ||
		!peer_is_heard(peer, turn->now.monotonic_ns))
		return;
	if (!peer_has_session(peer, turn->now.monotonic_ns)) {
		send_initiation(
			turn, peer, SEND_FRESH); /* what begins a session confirms it, too */
		return;
	}
	if (peer->staged.count == 0) {
		struct packet *packet = new_packet(turn, 0);
		if (!packet)
			return;
		peer_stage(peer, turn->now.monotonic_ns, packet);
	}
	send_staged(turn, peer);
}

/*
 * Where there is a cookie, every second initiation has it, the others the knock: a stock responder
 * under load wants the cookie; but who reads the wire can forge one, and a gateway that requires
 * the knock must hear it all the same.
 */
static void write_knock(const struct common *common, struct peer *peer, struct packet *packet)
{
	const struct knock_key *key =
		peer->knock.class == KNOCK_NONE ? &common->knock : &peer->knock;
	bool has_cookie = !bytes_are_zero(packet->data + packet->length - MAC_SIZE, MAC_SIZE);

	if (key->class == KNOCK_NONE)
		return;
	peer->sent_cookie = has_cookie && !peer->sent_cookie;
	if (!peer->sent_cookie)
		knock_write(key, packet->data);
}

/* Writes the initiation into the packet; the peer's handshake is under way then. */
static enum drop build_initiation(const struct turn *turn, struct peer *peer, struct packet *packet)
{
	struct interface *interface = turn->interface;
	struct message_initiation message;
	uint8_t timestamp[NOISE_TIMESTAMP_SIZE];

	if (timestamp_next(&interface->timestamps,
		    timestamp_time_ns(&interface->timestamps, turn->now), timestamp) < 0)
		return DROP_OUT_TIMESTAMPS;
	int err = noise_initiation_create(&peer->handshake, &interface->common->identity,
		interface->common->config.entropy, timestamp, &message);
	if (err < 0)
		return DROP_CRYPTO_FAILED;
	peer->handshake_index.kind = INDEX_HANDSHAKE;
	indextable_add(
		&interface->indices, interface->common->config.entropy, &peer->handshake_index);
	message.sender_index = peer->handshake_index.index;
	message_initiation_encode(&message, packet->data);
	cookie_macs_write(&peer->cookie, turn->now.monotonic_ns, packet->data, packet->length);
	write_knock(turn->interface->common, peer, packet);
	return DROP_NONE;
}

void send_initiation(const struct turn *turn, struct peer *peer, enum send_attempt attempt)
{
	struct interface *interface = turn->interface;
	uint64_t now_ns = turn->now.monotonic_ns;

	if (peer->waits)
		return;
	if (attempt == SEND_FRESH)
		peer->timers.handshake_attempts = 0;
	if (!timers_may_initiate(&peer->timers, now_ns))
		return;
	if (peer->endpoint.remote.family == ADDRESS_NONE ||
		!noise_identity_is_set(&interface->common->identity))
		return;
	/* Set even where nothing can be sent below: the retransmission tries again later. */
	peer->timers.last_handshake_sent_ns = now_ns;
	timers_handshake_initiated(&peer->timers, now_ns, interface->common->config.entropy);
	peer_reschedule(peer);
	struct packet *packet = new_packet(turn, MESSAGE_INITIATION_SIZE);
	if (!packet)
		return;
	enum drop drop = build_initiation(turn, peer, packet);
	if (drop != DROP_NONE) {
		interface_drop(interface, packet, drop);
		return;
	}
	timers_any_authenticated_packet_traversed(&peer->timers, now_ns);
	timers_any_authenticated_packet_sent(&peer->timers);
	post(turn, peer, packet);
	peer_reschedule(peer);
}

enum drop send_response(const struct turn *turn, struct peer *peer, struct packet *packet)
{
	struct interface *interface = turn->interface;
	uint64_t now_ns = turn->now.monotonic_ns;
	struct message_response message;

	int err = noise_response_create(
		&peer->handshake, interface->common->config.entropy, &message);
	if (err < 0)
		return err == ERR_WEAK_KEY ? DROP_EPHEMERAL_WEAK : DROP_CRYPTO_FAILED;
	peer->handshake_index.kind = INDEX_HANDSHAKE;
	indextable_add(
		&interface->indices, interface->common->config.entropy, &peer->handshake_index);
	message.sender_index = peer->handshake_index.index;
	message.receiver_index = peer->handshake.remote_index;

	enum drop drop = peer_begin_session(peer, turn->now.monotonic_ns);
	if (drop != DROP_NONE)
		return drop;
	packet->length = MESSAGE_RESPONSE_SIZE;
	message_response_encode(&message, packet->data);
	cookie_macs_write(&peer->cookie, now_ns, packet->data, packet->length);

	peer->timers.last_handshake_sent_ns = now_ns;
	timers_session_derived(&peer->timers, now_ns);
	timers_any_authenticated_packet_traversed(&peer->timers, now_ns);
	timers_any_authenticated_packet_sent(&peer->timers);
	peer->tx_bytes += packet->length;
	bool is_held = peer->ledger_entry->is_unstored ||
		       interface->unstored.reach_ns > interface->reach_ns;
	packet_list_push(is_held ? &turn->out->held : &turn->out->datagrams, packet);
	return DROP_NONE;
}

/* The peer that an inner packet is for; NULL and the reason where there is none. */
static struct peer *route(
	const struct common *common, const struct packet *packet, enum drop *ret_drop)
{
	struct inner inner;

	*ret_drop = DROP_DOWN;
	if (!common->is_up)
		return NULL;
	*ret_drop = DROP_OUT_MALFORMED;
	if (inner_parse(packet->data, packet->length, &inner) < 0)
		return NULL;
	*ret_drop = DROP_OUT_TOO_LONG;
	if (packet->length > INNER_MAX_SIZE)
		return NULL;
	*ret_drop = DROP_OUT_NO_PEER;
	struct allowedips_owner *owner = allowedips_lookup(&common->allowedips, &inner.destination);
	return owner ? container_of(owner, struct peer, allowedips) : NULL;
}

/*
 * Lets a packet wait for its peer's session, if it can be sent to, or has called: then it will be
 * known from where with its first packet. Consumes packet.
 */
static void stage(const struct turn *turn, struct peer *peer, struct packet *packet)
{
	if (peer->endpoint.remote.family == ADDRESS_NONE && !peer->keypairs.next)
		interface_drop(turn->interface, packet, DROP_OUT_NO_ENDPOINT);
	else if (peer_has_gone(peer, turn->now.monotonic_ns))
		interface_drop(turn->interface, packet, DROP_OUT_NOT_HEARD);
	else
		peer_stage(peer, turn->now.monotonic_ns, packet);
}

void interface_send(struct interface *interface, struct moment now, struct packet_list *inner,
	struct outbox *out)
{
	const struct turn turn = {.interface = interface, .now = now, .out = out};
	struct peer *waiting = NULL; /* has packets staged in this turn, not yet sealed */
	struct packet *packet;

	while ((packet = packet_list_pop(inner))) {
		enum drop drop;
		struct peer *peer = route(interface->common, packet, &drop);
		if (!peer) {
			interface_drop(interface, packet, drop);
			continue;
		}
		if (peer->shard != interface) {
			interface_hand_over(&turn, peer->shard->number, packet, DIRECTION_OUT);
			continue;
		}
		if (waiting && (waiting != peer || peer->staged.count == MAX_STAGED_PACKETS))
			send_staged(&turn, waiting);
		stage(&turn, peer, packet);
		waiting = peer;
	}
	if (waiting)
		send_staged(&turn, waiting);
	send_finish(&turn);
}
