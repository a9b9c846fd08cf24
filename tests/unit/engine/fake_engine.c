/* SPDX-License-Identifier: ISC */
#include "fake_engine.h"

#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>

struct fake_peer *fake_engine_find(
	struct engine *engine, const uint8_t public_key[static NOISE_KEY_SIZE])
{
	for (size_t i = 0; i < engine->peer_count; i++) {
		if (memcmp(engine->peers[i]->public_key, public_key, NOISE_KEY_SIZE) == 0)
			return engine->peers[i];
	}
	return NULL;
}

static void peer_remove(struct engine *engine, struct fake_peer *peer)
{
	size_t at = 0;

	while (engine->peers[at] != peer)
		at++;
	engine->peer_count--;
	memmove(&engine->peers[at], &engine->peers[at + 1],
		(engine->peer_count - at) * sizeof engine->peers[0]);
	allowedips_remove_owner(&engine->trie, &peer->allowedips);
	free(peer);
}

static void remove_all(struct engine *engine)
{
	while (engine->peer_count)
		peer_remove(engine, engine->peers[0]);
}

void fake_engine_done(struct engine *engine)
{
	remove_all(engine);
	allowedips_clear(&engine->trie);
	*engine = (struct engine){0};
}

static int prefixes_apply(
	struct engine *engine, struct fake_peer *peer, const struct engine_peer_change *change)
{
	int result = 0;

	if (change->replaces_allowedips)
		allowedips_remove_owner(&engine->trie, &peer->allowedips);
	for (size_t i = 0; i < change->prefix_count && result == 0; i++) {
		const struct engine_prefix_change *prefix = &change->prefixes[i];
		if (prefix->is_removed)
			(void)allowedips_remove(&engine->trie, &prefix->prefix, &peer->allowedips);
		else
			result = allowedips_insert(
				&engine->trie, &prefix->prefix, &peer->allowedips);
	}
	return result;
}

static int peer_apply(struct engine *engine, const struct engine_peer_change *change)
{
	struct fake_peer *peer = fake_engine_find(engine, change->public_key);

	if (change->is_removed && peer)
		peer_remove(engine, peer);
	if (change->is_removed || (!peer && change->is_update_only))
		return 0;
	if (!peer && engine->peer_count == FAKE_PEERS_MAX)
		return -ENOSPC;
	if (!peer) {
		peer = memory_new(1, sizeof *peer);
		memcpy(peer->public_key, change->public_key, NOISE_KEY_SIZE);
		engine->peers[engine->peer_count++] = peer;
	}
	if (change->sets_preshared_key)
		memcpy(peer->preshared_key, change->preshared_key, NOISE_KEY_SIZE);
	if (change->sets_endpoint)
		peer->endpoint = change->endpoint;
	if (change->sets_persistent_keepalive)
		peer->persistent_keepalive_s = change->persistent_keepalive_s;
	if (change->sets_knock)
		peer->knock = change->knock;
	if (change->sets_waits)
		peer->waits = change->waits;
	return prefixes_apply(engine, peer, change);
}

int engine_configure(struct engine *engine, const struct engine_change *change)
{
	engine->configured++;
	engine->last_peer_count = change->peer_count;
	if (engine->result < 0 || engine->only_counts)
		return engine->result;
	if (change->sets_private_key) {
		memcpy(engine->status.private_key, change->private_key, NOISE_KEY_SIZE);
		engine->status.has_private_key =
			!bytes_are_zero(change->private_key, NOISE_KEY_SIZE);
	}
	if (change->sets_listen_port)
		engine->status.listen_port = change->listen_port;
	if (change->sets_mark)
		engine->status.mark = change->mark;
	if (change->sets_knock_gate) {
		engine->gate.mode = change->knock_mode;
		engine->gate.key_count = change->knock_key_count;
		memcpy(engine->gate.keys, change->knock_keys,
			change->knock_key_count * sizeof change->knock_keys[0]);
	}
	if (change->replaces_peers)
		remove_all(engine);
	int result = 0;
	for (size_t i = 0; i < change->peer_count && result == 0; i++)
		result = peer_apply(engine, &change->peers[i]);
	return result;
}

static void peer_inspect(const struct fake_peer *peer, const struct engine_visitor *visitor)
{
	struct engine_peer_status status = {
		.public_key = peer->public_key,
		.preshared_key = peer->preshared_key,
		.endpoint = &peer->endpoint,
		.knock = &peer->knock,
		.waits = peer->waits,
		.allowedips = &peer->allowedips,
		.last_handshake_ns = peer->last_handshake_ns,
		.rx_bytes = peer->rx_bytes,
		.tx_bytes = peer->tx_bytes,
		.persistent_keepalive_s = peer->persistent_keepalive_s,
	};

	visitor->visit_peer(visitor->context, &status);
}

void engine_inspect(struct engine *engine, const struct engine_visitor *visitor)
{
	engine->status.drops = &engine->drops;
	engine->status.gate = &engine->gate;
	visitor->visit_status(visitor->context, &engine->status);
	for (size_t n = 0; n < (engine->repeat ? engine->repeat : 1); n++) {
		for (size_t i = 0; i < engine->peer_count; i++)
			peer_inspect(engine->peers[i], visitor);
	}
}
