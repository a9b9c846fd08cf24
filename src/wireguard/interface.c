/* SPDX-License-Identifier: ISC */
/* The life of an interface, and what is due (paper, 6; kernel device.c, timers.c). */
#include "wireguard/interface_state.h"

#include <errno.h>
#include <stdlib.h>

enum {
	RATELIMITER_SOURCES = 4096, /* addresses that are told apart while under load */
};

/* ---- what is due ---- */

static void retransmit_handshake(const struct turn *turn, struct peer *peer)
{
	peer_forget_source(peer); /* perhaps it is our own address that does not work any more */
	if (!timers_handshake_is_hopeless(&peer->timers)) {
		peer->timers.handshake_attempts++;
		send_initiation(turn, peer, SEND_RETRY);
		return;
	}
	timers_handshake_given_up(&peer->timers, turn->now.monotonic_ns);
	peer_drop_staged(peer);
}

static void act_on(const struct turn *turn, struct peer *peer, enum timer timer)
{
	switch (timer) {
	case TIMER_RETRANSMIT_HANDSHAKE:
		retransmit_handshake(turn, peer);
		break;
	case TIMER_SEND_KEEPALIVE:
		timers_keepalive_expired(&peer->timers, turn->now.monotonic_ns);
		send_keepalive(turn, peer);
		break;
	case TIMER_NEW_HANDSHAKE:
		peer_forget_source(peer);
		send_initiation(turn, peer, SEND_FRESH);
		break;
	case TIMER_ZERO_KEY_MATERIAL:
		peer_forget_sessions(peer);
		break;
	case TIMER_PERSISTENT_KEEPALIVE:
		timers_persistent_keepalive_expired(&peer->timers, turn->now.monotonic_ns);
		send_keepalive(turn, peer);
		break;
	case TIMER_COUNT:
		break;
	}
}

void interface_tick(struct interface *interface, struct moment now, struct outbox *out)
{
	const struct turn turn = {.interface = interface, .now = now, .out = out};
	struct deadline *first;

	while ((first = deadlines_first(&interface->deadlines)) &&
		first->due_ns <= now.monotonic_ns) {
		struct peer *peer = container_of(first, struct peer, deadline);
		enum timer timer = timers_take_due(&peer->timers, now.monotonic_ns);
		if (timer != TIMER_COUNT)
			act_on(&turn, peer, timer);
		deadlines_set(&interface->deadlines, first, timers_next_ns(&peer->timers));
	}
	send_finish(&turn);
}

uint64_t interface_deadline_ns(const struct interface *interface)
{
	const struct deadline *first = deadlines_first(&interface->deadlines);
	return first ? first->due_ns : UINT64_MAX;
}

/* ---- life ---- */

static struct siphash_key random_siphash_key(struct entropy entropy)
{
	return (struct siphash_key){.k0 = entropy_u64(entropy), .k1 = entropy_u64(entropy)};
}

static struct common *common_new(const struct interface_config *config)
{
	struct common *common = calloc(1, sizeof *common);

	if (!common)
		return NULL;
	common->config = *config;
	common->seen.key = random_siphash_key(config->entropy);
	common->familiar.key = random_siphash_key(config->entropy);
	common->shard_key = random_siphash_key(config->entropy);
	if (peertable_init(&common->peers, random_siphash_key(config->entropy)) < 0)
		goto err_peers;
	if (ledger_init(&common->ledger, random_siphash_key(config->entropy)) < 0)
		goto err_ledger;
	return common;

err_ledger:
	peertable_done(&common->peers);
err_peers:
	free(common);
	return NULL;
}

static void common_free(struct common *common)
{
	allowedips_clear(&common->allowedips);
	peertable_done(&common->peers);
	ledger_done(&common->ledger);
	noise_identity_done(&common->identity);
	bytes_wipe(common, sizeof *common);
	free(common);
}

/* Adds a shard to those of `common`. */
static int shard_new(
	struct common *common, struct packet_pool *pool, struct interface **ret_interface)
{
	struct entropy entropy = common->config.entropy;
	struct interface *shard = calloc(1, sizeof *shard);
	if (!shard)
		return -ENOMEM;
	shard->common = common;
	shard->number = common->shard_count;
	shard->pool = pool;
	shard->timestamps.limit_ns = UINT64_MAX;
	cookie_checker_set_key(&shard->cookies, common->identity.public_key);
	int err = indextable_init(&shard->indices);
	if (err < 0)
		goto err_indices;
	err = ratelimiter_init(
		&shard->ratelimiter, RATELIMITER_SOURCES, random_siphash_key(entropy));
	if (err < 0)
		goto err_ratelimiter;
	common->shards[common->shard_count++] = shard;
	*ret_interface = shard;
	return 0;

err_ratelimiter:
	indextable_done(&shard->indices);
err_indices:
	free(shard);
	return err;
}

int interface_new(const struct interface_config *config, struct interface **ret_interface)
{
	struct common *common = common_new(config);
	if (!common)
		return -ENOMEM;
	int err = shard_new(common, config->pool, ret_interface);
	if (err < 0)
		common_free(common);
	return err;
}

/* With several shards, each marks its indices as its own. */
static void tag_indices(struct interface *shard)
{
	shard->indices.tag_mask = ~0u << INDEX_TAG_SHIFT;
	shard->indices.tag = shard->number << INDEX_TAG_SHIFT;
}

int interface_new_shard(
	struct interface *first, struct packet_pool *pool, struct interface **ret_interface)
{
	struct common *common = first->common;

	assert(common->peer_count == 0);
	if (common->shard_count == INTERFACE_SHARDS_MAX)
		return -ENOSPC;
	int err = shard_new(common, pool, ret_interface);
	if (err < 0)
		return err;
	tag_indices(first);
	tag_indices(*ret_interface);
	return 0;
}

/* Those of this shard. */
static void remove_peers(struct interface *interface)
{
	struct peer *next;

	for (struct peer *peer = interface->common->oldest; peer; peer = next) {
		next = peer->newer;
		if (peer->shard == interface)
			interface_peer_remove(interface, peer);
	}
}

void interface_free(struct interface *interface)
{
	if (!interface)
		return;
	struct common *common = interface->common;
	remove_peers(interface);
	deadlines_done(&interface->deadlines);
	ratelimiter_done(&interface->ratelimiter);
	indextable_done(&interface->indices);
	bytes_wipe(interface, sizeof *interface);
	free(interface);
	if (--common->shard_count == 0)
		common_free(common);
}

void interface_lose(struct interface *interface, struct packet *packet)
{
	interface_drop(interface, packet, DROP_SHARD_FULL);
}

const struct drop_counters *interface_drops(const struct interface *interface)
{
	return &interface->drops;
}

struct timestamp_clock *interface_timestamps(struct interface *interface)
{
	return &interface->timestamps;
}

bool interface_unstored(const struct interface *interface, struct unstored *ret_unstored)
{
	*ret_unstored = interface->unstored;
	return interface->unstored.first || interface->unstored.reach_ns > interface->reach_ns;
}

uint64_t interface_reach_ns(const struct interface *interface)
{
	return interface->reach_ns;
}

void interface_stored(struct interface *interface, int err, struct outbox *out)
{
	struct ledger_entry *entry = interface->unstored.first;
	struct packet *packet;

	for (; entry; entry = entry->next_unstored) {
		entry->is_unstored = false;
		if (err < 0)
			entry->stored = (struct horizon){.lead_ns = HORIZON_NO_LEAD};
	}
	interface->reach_ns = err < 0 ? 0 : interface->unstored.reach_ns;
	interface->unstored = (struct unstored){.reach_ns = interface->reach_ns};
	if (err == 0)
		packet_list_append(&out->datagrams, &out->held);
	while ((packet = packet_list_pop(&out->held)))
		interface_drop(interface, packet, DROP_OUT_UNSTORED);
}

void interface_start(struct interface *interface, uint64_t now_ns)
{
	struct common *common = interface->common;

	if (common->is_up)
		return;
	common->is_up = true;
	for (struct peer *peer = common->oldest; peer; peer = peer->newer) {
		timers_started(&peer->timers, now_ns);
		peer_reschedule(peer);
	}
}

void interface_stop(struct interface *interface)
{
	struct common *common = interface->common;

	common->is_up = false;
	for (struct peer *peer = common->oldest; peer; peer = peer->newer) {
		peer_drop_staged(peer);
		timers_stop(&peer->timers);
		peer_forget_sessions(peer);
		peer_forget_source(peer);
	}
}
