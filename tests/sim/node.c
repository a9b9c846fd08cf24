/* SPDX-License-Identifier: ISC */
#include "world.h"

#include "fault.h"
#include "network.h"

#include <assert.h>

/* Timestamps are stored that far ahead, and anew when less than a third of that is left. */
#define TIMESTAMPS_AHEAD_NS (30 * SECOND)

struct moment node_now(const struct world *world, const struct node *node)
{
	return (struct moment){
		.monotonic_ns = world->now_ns + node->boot_ns,
		.realtime_ns = world->now_ns + node->realtime_ns,
	};
}

struct peer *node_peer(const struct world *world, const struct node *node, int other)
{
	if (!world->relations[node->number][other].is_linked)
		return NULL;
	return interface_peer_find(node->shards[0], world->nodes[other].identity.public_key);
}

struct packet *node_packet(struct node *node)
{
	return packet_get(&node->pools[node->entry]);
}

/* Moves the limits of the timestamps, after having stored them; as a program must. */
static void store_timestamps(const struct world *world, struct node *node)
{
	uint64_t latest = node_now(world, node).realtime_ns;
	uint64_t least_limit = UINT64_MAX;

	for (int i = 0; i < node->shard_count; i++) {
		const struct timestamp_clock *clock = interface_timestamps(node->shards[i]);
		uint64_t farthest = timestamp_farthest_ns(clock);
		latest = farthest > latest ? farthest : latest;
		least_limit = clock->limit_ns < least_limit ? clock->limit_ns : least_limit;
	}
	if (node->disk_is_broken || least_limit > latest + TIMESTAMPS_AHEAD_NS / 3)
		return;
	node->stored_timestamp_ns = latest + TIMESTAMPS_AHEAD_NS;
	for (int i = 0; i < node->shard_count; i++)
		interface_timestamps(node->shards[i])->limit_ns = node->stored_timestamp_ns;
}

/* ---- timestamps of peers, on disk ---- */

/* Whose entry of the ledger this is. */
static struct relation *relation_of(
	struct world *world, const struct node *node, const struct ledger_entry *entry)
{
	int other = 0;

	while (memcmp(world->nodes[other].identity.public_key, entry->by_key.public_key,
		       NOISE_KEY_SIZE) != 0)
		other++;
	return &world->relations[node->number][other];
}

/* As a program must before it answers. A disk that breaks may have taken some of it. */
static void store_ledger(struct world *world, struct node *node, int shard, struct outbox *fresh)
{
	bool takes_some = dice_permille(&node->disk_dice, 500);
	struct unstored unstored;

	if (!interface_unstored(node->shards[shard], &unstored))
		return;
	for (struct ledger_entry *entry = unstored.first; entry; entry = entry->next_unstored) {
		if (!node->disk_is_broken || takes_some)
			relation_of(world, node, entry)->disk = entry->stored;
	}
	if (!node->disk_is_broken && unstored.reach_ns > node->disk_reach_ns)
		node->disk_reach_ns = unstored.reach_ns;
	world->statistics->syncs++;
	interface_stored(node->shards[shard], node->disk_is_broken ? -1 : 0, fresh);
}

/* What was stored, of this boot of the machine or another. */
static void load_ledger(struct world *world, struct node *node, bool is_same_boot)
{
	struct ledger *ledger = interface_ledger(node->shards[0]);
	uint64_t now_ns = node_now(world, node).monotonic_ns;
	uint64_t until_ns = node->disk_reach_ns;

	if (is_same_boot && now_ns < until_ns)
		until_ns = now_ns;
	for (int other = 0; other < (int)world->node_count; other++) {
		struct horizon *disk = &world->relations[node->number][other].disk;
		uint8_t bound[NOISE_TIMESTAMP_SIZE];

		if (world->sabotage == SABOTAGE_RESTART || disk->lead_ns == 0)
			continue; /* nothing is stored */
		horizon_bound(disk, until_ns, bound);
		memcpy(disk->greatest, bound, sizeof bound);
		if (!is_same_boot)
			disk->lead_ns = HORIZON_NO_LEAD;
		int err = ledger_remember(
			ledger, world->nodes[other].identity.public_key, bound, disk->lead_ns);
		assert(err == 0);
	}
	node->disk_reach_ns = 0;
	interface_recall_timestamps(node->shards[0]);
}

/* The earliest of all shards. */
static uint64_t deadline_of(const struct node *node)
{
	uint64_t earliest_ns = UINT64_MAX;

	for (int i = 0; i < node->shard_count; i++) {
		uint64_t deadline_ns = interface_deadline_ns(node->shards[i]);
		earliest_ns = deadline_ns < earliest_ns ? deadline_ns : earliest_ns;
	}
	return earliest_ns;
}

/* Draws the time of the next tick where the deadline has changed: programs are late at times. */
static void reschedule(struct world *world, struct node *node)
{
	uint64_t deadline_ns = deadline_of(node);

	if (deadline_ns == node->known_deadline_ns)
		return;
	node->known_deadline_ns = deadline_ns;
	node->tick_ns = UINT64_MAX;
	if (deadline_ns == UINT64_MAX)
		return;
	uint64_t late_ns = dice_below(&world->dice, dice_permille(&world->dice, 10) ? SECOND : MS);
	uint64_t due_ns = deadline_ns > node->boot_ns ? deadline_ns - node->boot_ns : 0;
	node->tick_ns = (due_ns > world->now_ns ? due_ns : world->now_ns) + late_ns;
}

/* ---- shards ---- */

/* Moves packets to another pool by copying, behind those on `to`; what finds no room is lost. */
static void transfer(
	struct node *node, int from, int into, struct packet_list *list, struct packet_list *to)
{
	struct packet *packet;

	if (from == into) {
		packet_list_append(to, list);
		return;
	}
	while ((packet = packet_list_pop(list))) {
		struct packet *copy = packet_get(&node->pools[into]);
		if (!copy) {
			interface_lose(node->shards[from], packet);
			continue;
		}
		memcpy(copy->data, packet->data, packet->length);
		copy->length = packet->length;
		copy->endpoint = packet->endpoint;
		copy->is_admitted = packet->is_admitted;
		packet_list_push(to, copy);
		packet_put(&node->pools[from], packet);
	}
}

/*
 * Takes in what came out of a shard: datagrams and inner packets to `out`, in packets of the first
 * pool, and what other shards must see to those. They find nothing more to hand over.
 */
static void take_in(struct world *world, struct node *node, int from, struct outbox *fresh,
	struct outbox *out, int depth)
{
	store_ledger(world, node, from, fresh);
	transfer(node, from, 0, &fresh->datagrams, &out->datagrams);
	transfer(node, from, 0, &fresh->inner, &out->inner);
	for (int to = 0; to < node->shard_count; to++) {
		struct packet_list datagrams = {0}, inner = {0};
		struct outbox more = {0};

		transfer(node, from, to, &fresh->elsewhere[to].datagrams, &datagrams);
		transfer(node, from, to, &fresh->elsewhere[to].inner, &inner);
		if (datagrams.count + inner.count == 0)
			continue;
		if (to == from || depth > 0)
			world_fail(world, "node %d: a packet is handed around", node->number);
		interface_receive(node->shards[to], node_now(world, node), &datagrams, &more);
		interface_send(node->shards[to], node_now(world, node), &inner, &more);
		take_in(world, node, to, &more, out, depth + 1);
	}
}

/* Hands what came out to the network and the host behind, in the order that it came. */
static void carry_off(struct world *world, struct node *node, const struct cause *cause,
	const struct snapshot *before, struct outbox *out)
{
	struct packet *packet;

	while ((packet = packet_list_pop(&out->datagrams))) {
		struct letter *letter =
			letters_write(&world->letters, packet->data, packet->length);
		letter->author = node->number;
		letter->addressee = oracle_emission(world, node, packet, cause, before);
		world_trace(world, "emits", node->number, letter->bytes, letter->size);
		network_post(world, node, letter, &packet->endpoint);
		packet_put(&node->pools[0], packet);
	}
	while ((packet = packet_list_pop(&out->inner))) {
		world_trace(world, "delivers", node->number, packet->data, packet->length);
		oracle_delivery(world, node, packet);
		packet_put(&node->pools[0], packet);
	}
}

/* After every call: the oracle judges, then the world goes on. */
static void settle(struct world *world, struct node *node, const struct cause *cause,
	const struct snapshot *before, struct outbox *out)
{
	if (world->sabotage != SABOTAGE_NONE)
		sabotage_apply(world, node, cause, out);
	oracle_after(world, node, cause, before, out);
	carry_off(world, node, cause, before, out);
	reschedule(world, node);
	node->entry = (int)dice_below(&world->dice, (uint64_t)node->shard_count);
}

static struct prefix inner_prefix(int node, int family)
{
	struct prefix prefix = {
		.address = traffic_address(node, family, 0),
		.length = family == ADDRESS_IPV4 ? 24 : 64,
	};
	prefix_normalize(&prefix);
	return prefix;
}

static void configure_peer(struct world *world, struct node *node, int other)
{
	struct relation *relation = &world->relations[node->number][other];
	struct peer *peer;

	int err =
		interface_peer_add(node->shards[0], world->nodes[other].identity.public_key, &peer);
	assert(err == 0);
	interface_peer_set_preshared_key(peer, relation->preshared_key);
	for (int family = ADDRESS_IPV4; family <= ADDRESS_IPV6; family += 2) {
		struct prefix prefix = inner_prefix(other, family);
		err = interface_peer_allow(node->shards[0], peer, &prefix);
		assert(err == 0);
	}
	relation->view = (struct endpoint){0};
	if (relation->configured.remote.family != ADDRESS_NONE)
		node_configure_endpoint(world, node, other);
	interface_peer_set_persistent_keepalive(node->shards[0], peer, relation->keepalive_seconds,
		node_now(world, node).monotonic_ns);
}

void node_configure_endpoint(struct world *world, struct node *node, int other)
{
	struct relation *relation = &world->relations[node->number][other];

	interface_peer_set_endpoint(node_peer(world, node, other), &relation->configured);
	relation->view = relation->configured;
}

/* Reads what is stored of timestamps. */
static void load_timestamps(struct world *world, struct node *node)
{
	bool forgets = world->sabotage == SABOTAGE_TIMESTAMP && node->incarnation > 1;

	for (int i = 0; i < node->shard_count; i++) {
		struct timestamp_clock *clock = interface_timestamps(node->shards[i]);
		clock->last_ns = forgets ? 0 : node->stored_timestamp_ns;
		clock->limit_ns = clock->last_ns;
	}
	if (forgets)
		node->realtime_ns -= HOUR;
}

static void make_interface(struct world *world, struct node *node)
{
	const struct interface_config config = {
		.entropy = dice_entropy(&node->dice),
		.pool = &node->pools[0],
		.cookies = world->cookies,
		.stores_timestamps = true,
		.mtu_bytes = node->mtu_bytes,
	};

	int err = interface_new(&config, &node->shards[0]);
	assert(err == 0);
	for (int i = 1; i < node->shard_count; i++) {
		err = interface_new_shard(node->shards[0], &node->pools[i], &node->shards[i]);
		assert(err == 0);
	}
}

static const struct knock_key knock_keys[] = {{300, KNOCK_FULL, {1}}, {3, KNOCK_BUDGETED, {2}}};

bool node_letter_knocks(const struct letter *letter)
{
	struct knock_gate gate = {0};

	int err = knock_gate_set(&gate, KNOCK_REQUIRED, knock_keys, ARRAY_LENGTH(knock_keys));
	assert(err == 0);
	return knock_check(&gate, letter->bytes) != KNOCK_NONE;
}

/* A node has the key of a member, that of one that was removed, or none where none is needed. */
static void set_knock(struct world *world, struct node *node)
{
	uint64_t kind = dice_below(&node->disk_dice, 10);

	int err = interface_set_knock_gate(
		node->shards[0], world->knock, knock_keys, ARRAY_LENGTH(knock_keys));
	assert(err == 0);
	if (kind < 6 || (kind == 9 && world->knock == KNOCK_REQUIRED))
		interface_set_knock(node->shards[0], &knock_keys[0]);
	else if (kind < 9)
		interface_set_knock(node->shards[0], &knock_keys[1]);
}

void node_start(struct world *world, struct node *node)
{
	node->incarnation++;
	dice_seed(
		&node->dice, world->seed, 1000 * (uint64_t)(node->number + 1) + node->incarnation);
	bool is_same_boot = node->incarnation > 1 && dice_permille(&world->dice, 500);
	if (!is_same_boot)
		node->boot_ns = dice_between(&world->dice, SECOND, 240 * HOUR);
	dice_seed(&node->disk_dice, world->seed, 77 + (uint64_t)node->number);
	make_interface(world, node);
	load_ledger(world, node, is_same_boot);
	set_knock(world, node);
	load_timestamps(world, node);
	int err = interface_set_private_key(node->shards[0], node->private_key);
	assert(err == 0);
	node->has_key = true;
	for (int other = 0; other < (int)world->node_count; other++)
		if (world->relations[node->number][other].is_linked)
			configure_peer(world, node, other);
	node->known_deadline_ns = 0;
	node_up(world, node);
}

/* All packets are where they were before the interface was made. */
static void check_pools(struct world *world, struct node *node)
{
	for (int i = 0; i < node->shard_count; i++) {
		const struct packet_pool *pool = &node->pools[i];
		size_t count = pool->free.count + node->hostages[i].count;
		if (count != pool->capacity)
			world_fail(world,
				"node %d: %zu of %zu packets came back from a freed interface",
				node->number, count, pool->capacity);
	}
}

void node_end(struct world *world, struct node *node)
{
	if (!node_is_running(node))
		return;
	for (int i = 0; i < node->shard_count; i++) {
		const struct drop_counters *drops = interface_drops(node->shards[i]);
		for (size_t drop = 0; drop < DROP_COUNT; drop++)
			world->statistics->drops.count[drop] += drops->count[drop];
	}
	for (int i = 0; i < node->shard_count; i++)
		interface_free(node->shards[i]);
	memset(node->shards, 0, sizeof node->shards);
	node->is_up = false;
	check_pools(world, node);
}

void node_up(struct world *world, struct node *node)
{
	const struct cause cause = {.kind = CAUSE_START};
	struct snapshot before;
	struct outbox out = {0};

	world_trace(world, "comes up", node->number, NULL, 0);
	store_timestamps(world, node);
	oracle_before(world, node, &before);
	node->is_up = true;
	interface_start(node->shards[0], node_now(world, node).monotonic_ns);
	settle(world, node, &cause, &before, &out);
}

void node_down(struct world *world, struct node *node)
{
	const struct cause cause = {.kind = CAUSE_STOP};
	struct snapshot before;
	struct outbox out = {0};

	world_trace(world, "goes down", node->number, NULL, 0);
	oracle_before(world, node, &before);
	node->is_up = false;
	interface_stop(node->shards[0]);
	settle(world, node, &cause, &before, &out);
}

void node_set_key(struct world *world, struct node *node, bool has_key)
{
	const struct cause cause = {.kind = CAUSE_STOP};
	struct snapshot before;
	struct outbox out = {0};

	world_trace(world, has_key ? "gets its key" : "loses its key", node->number, NULL, 0);
	oracle_before(world, node, &before);
	node->has_key = has_key;
	int err = interface_set_private_key(node->shards[0], has_key ? node->private_key : NULL);
	assert(err == 0);
	settle(world, node, &cause, &before, &out);
}

void node_receive(struct world *world, struct node *node, const struct letter *letter,
	const struct endpoint *from)
{
	const struct cause cause = {.kind = CAUSE_ARRIVAL, .letter = letter, .from = *from};
	struct packet *packet = node_packet(node);
	struct packet_list list = {0};
	struct snapshot before;
	struct outbox fresh = {0}, out = {0};

	if (!packet)
		return; /* a program without a packet leaves the datagram to the kernel */
	world_trace(world, "receives", node->number, letter->bytes, letter->size);
	store_timestamps(world, node);
	memcpy(packet->data, letter->bytes, letter->size);
	packet->length = letter->size;
	packet->endpoint = *from;
	packet->endpoint.source = network_source(node, from)->remote;
	packet_list_push(&list, packet);
	oracle_before(world, node, &before);
	interface_receive(node->shards[node->entry], node_now(world, node), &list, &fresh);
	take_in(world, node, node->entry, &fresh, &out, 0);
	settle(world, node, &cause, &before, &out);
}

void node_send(struct world *world, struct node *node, struct packet_list *inner)
{
	const struct cause cause = {.kind = CAUSE_SEND};
	struct snapshot before;
	struct outbox fresh = {0}, out = {0};

	store_timestamps(world, node);
	oracle_before(world, node, &before);
	interface_send(node->shards[node->entry], node_now(world, node), inner, &fresh);
	take_in(world, node, node->entry, &fresh, &out, 0);
	settle(world, node, &cause, &before, &out);
}

void node_tick(struct world *world, struct node *node)
{
	const struct cause cause = {.kind = CAUSE_TICK};
	struct moment now = node_now(world, node);
	struct snapshot before;
	struct outbox out = {0};

	world_trace(world, "ticks", node->number, NULL, 0);
	store_timestamps(world, node);
	oracle_before(world, node, &before);
	for (int i = 0; i < node->shard_count; i++) {
		struct outbox fresh = {0};
		interface_tick(node->shards[i], now, &fresh);
		take_in(world, node, i, &fresh, &out, 0);
	}
	settle(world, node, &cause, &before, &out);
	if (deadline_of(node) <= now.monotonic_ns)
		world_fail(world, "node %d: a tick leaves its deadline in the past", node->number);
}
