/* SPDX-License-Identifier: ISC */
/* The configuration of an interface: its key, and its peers in all of their tables. */
#include "wireguard/interface_state.h"

#include <errno.h>
#include <stdlib.h>

enum {
	INDICES_PER_PEER = 4, /* a handshake and three sessions */
};

/* Each shard checks mac1 by itself, and makes cookies of its own. */
static void set_cookie_keys(struct common *common)
{
	for (unsigned i = 0; i < common->shard_count; i++)
		cookie_checker_set_key(&common->shards[i]->cookies, common->identity.public_key);
}

int interface_set_private_key(struct interface *interface, const uint8_t *private_key)
{
	struct common *common = interface->common;

	int err = noise_identity_set(&common->identity, private_key);
	if (err < 0)
		return err;
	set_cookie_keys(common);
	struct peer *self = interface_peer_find(interface, common->identity.public_key);
	if (self && noise_identity_is_set(&common->identity))
		interface_peer_remove(interface, self);
	for (struct peer *peer = common->oldest; peer; peer = peer->newer) {
		peer_forget_sessions(peer);
		noise_handshake_rekey(&peer->handshake, &common->identity);
		timers_identity_changed(&peer->timers);
	}
	return 0;
}

const struct noise_identity *interface_identity(const struct interface *interface)
{
	const struct noise_identity *identity = &interface->common->identity;

	return noise_identity_is_set(identity) ? identity : NULL;
}

int interface_set_knock_gate(struct interface *interface, enum knock_mode mode,
	const struct knock_key *keys, size_t key_count)
{
	return knock_gate_set(&interface->common->gate, mode, keys, key_count);
}

const struct knock_gate *interface_knock_gate(const struct interface *interface)
{
	return &interface->common->gate;
}

void interface_set_mirror(struct interface *interface, const struct index_mirror *mirror)
{
	indextable_set_mirror(&interface->indices, mirror);
}

static void knock_set(struct knock_key *knock, const struct knock_key *key)
{
	bytes_wipe(knock, sizeof *knock);
	if (key)
		*knock = *key;
}

void interface_set_knock(struct interface *interface, const struct knock_key *key)
{
	knock_set(&interface->common->knock, key);
}

void interface_peer_set_knock(struct peer *peer, const struct knock_key *key)
{
	knock_set(&peer->knock, key);
}

struct ledger *interface_ledger(struct interface *interface)
{
	return &interface->common->ledger;
}

void interface_recall_timestamps(struct interface *interface)
{
	struct common *common = interface->common;

	for (unsigned i = 0; i < common->shard_count; i++) {
		common->shards[i]->unstored.reach_ns = 0;
		common->shards[i]->reach_ns = 0;
	}
	for (struct peer *peer = common->oldest; peer; peer = peer->newer)
		memcpy(peer->handshake.latest_timestamp, peer->ledger_entry->latest,
			NOISE_TIMESTAMP_SIZE);
}

void interface_set_mtu(struct interface *interface, uint16_t mtu_bytes)
{
	interface->common->config.mtu_bytes = mtu_bytes;
}

void interface_forget_sources(struct interface *interface)
{
	for (struct peer *peer = interface->common->oldest; peer; peer = peer->newer)
		peer_forget_source(peer);
}

/* ---- peers ---- */

struct peer *interface_peer_next(const struct interface *interface, const struct peer *previous)
{
	return previous ? previous->newer : interface->common->oldest;
}

struct peer *interface_peer_find(
	const struct interface *interface, const uint8_t public_key[static NOISE_KEY_SIZE])
{
	struct peertable_entry *entry = peertable_find(&interface->common->peers, public_key);

	return entry ? container_of(entry, struct peer, by_key) : NULL;
}

static void link_newest(struct common *common, struct peer *peer)
{
	peer->older = common->newest;
	if (common->newest)
		common->newest->newer = peer;
	else
		common->oldest = peer;
	common->newest = peer;
	common->peer_count++;
}

static void unlink_peer(struct common *common, struct peer *peer)
{
	if (peer->older)
		peer->older->newer = peer->newer;
	else
		common->oldest = peer->newer;
	if (peer->newer)
		peer->newer->older = peer->older;
	else
		common->newest = peer->older;
	common->peer_count--;
}

/* The shard that a public key belongs to. */
static struct interface *shard_of_key(
	const struct common *common, const uint8_t public_key[static NOISE_KEY_SIZE])
{
	uint64_t hash = siphash(&common->shard_key, public_key, NOISE_KEY_SIZE);

	return common->shards[hash % common->shard_count];
}

/* Room for the peer in all tables; on failure it is in none. */
static int enter_tables(struct common *common, struct peer *peer)
{
	struct interface *shard = peer->shard;

	int err = indextable_reserve(
		&shard->indices, (shard->deadlines.count + 1) * INDICES_PER_PEER);
	if (err < 0)
		return err;
	err = deadlines_add(&shard->deadlines, &peer->deadline);
	if (err < 0)
		return err;
	err = peertable_add(&common->peers, &peer->by_key);
	if (err < 0)
		goto err_peers;
	err = ledger_open(&common->ledger, peer->by_key.public_key, &peer->ledger_entry);
	if (err < 0)
		goto err_ledger;
	return 0;

err_ledger:
	peertable_remove(&common->peers, &peer->by_key);
err_peers:
	deadlines_remove(&shard->deadlines, &peer->deadline);
	return err;
}

int interface_peer_add(struct interface *interface, const uint8_t public_key[static NOISE_KEY_SIZE],
	struct peer **ret_peer)
{
	struct common *common = interface->common;

	if (common->peer_count >= MAX_PEERS)
		return -ENOSPC;
	if (noise_identity_is_set(&common->identity) &&
		bytes_equal(public_key, common->identity.public_key, NOISE_KEY_SIZE))
		return -EINVAL;
	struct peer *peer = calloc(1, sizeof *peer);
	if (!peer)
		return -ENOMEM;
	memcpy(peer->by_key.public_key, public_key, NOISE_KEY_SIZE);
	peer->shard = shard_of_key(common, public_key);
	peer->waits = common->config.waits;
	timers_init(&peer->timers);
	int err = enter_tables(common, peer);
	if (err < 0) {
		free(peer);
		return err;
	}
	cookie_maker_set_key(&peer->cookie, public_key);
	noise_handshake_init(&peer->handshake, &common->identity, public_key);
	memcpy(peer->handshake.latest_timestamp, peer->ledger_entry->latest, NOISE_TIMESTAMP_SIZE);
	link_newest(common, peer);
	*ret_peer = peer;
	return 0;
}

void interface_peer_remove(struct interface *interface, struct peer *peer)
{
	struct common *common = interface->common;

	peer_drop_staged(peer);
	peer_forget_sessions(peer);
	noise_handshake_done(&peer->handshake);
	allowedips_remove_owner(&common->allowedips, &peer->allowedips);
	deadlines_remove(&peer->shard->deadlines, &peer->deadline);
	peertable_remove(&common->peers, &peer->by_key);
	ledger_close(&common->ledger, peer->ledger_entry);
	unlink_peer(common, peer);
	bytes_wipe(peer, sizeof *peer);
	free(peer);
}

void interface_peer_set_preshared_key(
	struct peer *peer, const uint8_t preshared_key[static NOISE_KEY_SIZE])
{
	memcpy(peer->handshake.preshared_key, preshared_key, NOISE_KEY_SIZE);
}

void interface_peer_set_waits(struct peer *peer, bool waits)
{
	peer->waits = waits;
}

void interface_peer_set_steady(struct peer *peer, bool is_steady)
{
	peer->timers.is_steady = is_steady;
}

void interface_peer_set_endpoint(struct peer *peer, const struct endpoint *endpoint)
{
	peer->endpoint = *endpoint;
}

void interface_peer_set_persistent_keepalive(
	struct interface *interface, struct peer *peer, uint16_t seconds, uint64_t now_ns)
{
	bool was_off = peer->timers.persistent_keepalive_ns == 0;

	timers_set_persistent_keepalive(&peer->timers, seconds);
	if (was_off && interface->common->is_up)
		timers_started(&peer->timers, now_ns);
	peer_reschedule(peer);
}

int interface_peer_allow(
	struct interface *interface, struct peer *peer, const struct prefix *prefix)
{
	return allowedips_insert(&interface->common->allowedips, prefix, &peer->allowedips);
}

bool interface_peer_disallow(
	struct interface *interface, struct peer *peer, const struct prefix *prefix)
{
	return allowedips_remove(&interface->common->allowedips, prefix, &peer->allowedips);
}

void interface_peer_disallow_all(struct interface *interface, struct peer *peer)
{
	allowedips_remove_owner(&interface->common->allowedips, &peer->allowedips);
}
