/* SPDX-License-Identifier: ISC */
/* What happens to a peer, whoever makes it happen: packets wait, sessions begin and end. */
#include "wireguard/interface_state.h"

bool peer_has_session(const struct peer *peer, uint64_t now_ns)
{
	const struct keypair *current = peer->keypairs.current;

	return current && keypair_may_send(current, now_ns);
}

struct packet *peer_unstage(struct peer *peer)
{
	struct packet *packet = packet_list_pop(&peer->staged);

	if (packet)
		peer->shard->staged_count--;
	return packet;
}

void peer_stage(struct peer *peer, uint64_t now_ns, struct packet *packet)
{
	struct interface *interface = peer->shard;

	if (!peer_has_session(peer, now_ns) &&
		interface->staged_count >= interface->pool->free.count) {
		interface_drop(interface, packet, DROP_OUT_STAGED_FULL);
		return;
	}
	if (!peer_has_session(peer, now_ns))
		packet = packet_detach(interface->pool, packet); /* it may stay for long */
	if (!packet) {
		interface_drop(interface, NULL, DROP_NO_BUFFER);
		return;
	}
	packet_list_push(&peer->staged, packet);
	interface->staged_count++;
	if (peer->staged.count > MAX_STAGED_PACKETS)
		interface_drop(interface, peer_unstage(peer), DROP_OUT_STAGED_FULL);
}

void peer_detach_staged(struct peer *peer)
{
	struct packet_list all = {0};
	struct packet *packet;

	packet_list_append(&all, &peer->staged);
	while ((packet = packet_list_pop(&all))) {
		packet = packet_detach(peer->shard->pool, packet);
		if (packet) {
			packet_list_push(&peer->staged, packet);
			continue;
		}
		peer->shard->staged_count--;
		interface_drop(peer->shard, NULL, DROP_NO_BUFFER);
	}
}

void peer_drop_staged(struct peer *peer)
{
	struct packet *packet;

	while ((packet = peer_unstage(peer)))
		interface_drop(peer->shard, packet, DROP_OUT_GAVE_UP);
}

void peer_reschedule(struct peer *peer)
{
	uint64_t next_ns = timers_next_ns(&peer->timers);

	if (next_ns < peer->deadline.due_ns)
		deadlines_set(&peer->shard->deadlines, &peer->deadline, next_ns);
}

enum drop peer_begin_session(struct peer *peer, uint64_t now_ns)
{
	struct indextable *indices = &peer->shard->indices;
	uint32_t remote_index = peer->handshake.remote_index;
	struct noise_keys keys;
	struct keypair *keypair;

	send_pending(peer->shard);
	noise_keys_derive(&peer->handshake, &keys);
	int err = keypair_new(peer, &keys, remote_index, now_ns, &keypair);
	bytes_wipe(&keys, sizeof keys);
	if (err < 0)
		return DROP_CRYPTO_FAILED;
	keypair->index.kind = INDEX_KEYPAIR;
	indextable_replace(indices, &peer->handshake_index, &keypair->index);
	keypairs_add(&peer->keypairs, indices, keypair);
	return DROP_NONE;
}

void peer_forget_sessions(struct peer *peer)
{
	struct indextable *indices = &peer->shard->indices;

	send_pending(peer->shard);
	familiar_remove(&peer->shard->common->familiar, &peer->endpoint.remote);
	indextable_remove(indices, &peer->handshake_index);
	noise_handshake_clear(&peer->handshake);
	keypairs_clear(&peer->keypairs, indices);
}

void peer_forget_source(struct peer *peer)
{
	peer->endpoint.source = (struct address){0};
	peer->endpoint.source_ifindex = 0;
}
