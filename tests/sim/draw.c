/* SPDX-License-Identifier: ISC */
/* What chance makes of a seed: who is there, who knows whom, and how bad the network is. */
#include "network.h"

#include <assert.h>

/* All realtime clocks start about there, so that jumps stay within 64 bits. */
#define REALTIME_NS (1700000000 * SECOND)

/* The first row whose weight is not used up. */
static size_t draw_weighed(struct dice *dice, const uint8_t percents[], size_t count)
{
	uint64_t throw = dice_below(dice, 100);
	size_t row = 0;

	while (row + 1 < count && throw >= percents[row])
		throw -= percents[row++];
	return row;
}

static void draw_kind(struct world *world)
{
	static const uint8_t percents[WORLD_KINDS] = {
		[WORLD_SHORT] = 87, [WORLD_LONG] = 9, [WORLD_SLEEPY] = 3, [WORLD_FLOOD] = 1};
	static const struct {
		uint64_t least_ns, greatest_ns, traffic_gap_ns, adversary_gap_ns, fault_gap_ns;
	} rows[WORLD_KINDS] = {
		[WORLD_SHORT] = {15 * SECOND, 70 * SECOND, 700 * MS, 900 * MS, 7 * SECOND},
		[WORLD_LONG] = {200 * SECOND, 800 * SECOND, 6 * SECOND, 9 * SECOND, 70 * SECOND},
		[WORLD_SLEEPY] = {HOUR, 9 * HOUR, 400 * SECOND, 500 * SECOND, HOUR},
		[WORLD_FLOOD] = {20 * SECOND, 60 * SECOND, 500 * MS, 900 * MS, 10 * SECOND},
	};

	world->kind = (enum world_kind)draw_weighed(&world->dice, percents, WORLD_KINDS);
	world->chaos_ends_ns = dice_between(
		&world->dice, rows[world->kind].least_ns, rows[world->kind].greatest_ns);
	world->traffic_gap_ns = rows[world->kind].traffic_gap_ns;
	world->adversary_gap_ns = rows[world->kind].adversary_gap_ns;
	world->fault_gap_ns = rows[world->kind].fault_gap_ns;
	world->has_keepalives = world->kind != WORLD_SLEEPY && dice_permille(&world->dice, 600);
	world->cookies = dice_permille(&world->dice, 500) ? COOKIES_ALWAYS : COOKIES_NEVER;
	if (world->cookies == COOKIES_NEVER && dice_permille(&world->dice, 300))
		world->cookies = COOKIES_FAMILIAR;
	world->knock = KNOCK_OFF;
	if (dice_permille(&world->dice, 400))
		world->knock = dice_permille(&world->dice, 500) ? KNOCK_PREFERRED : KNOCK_REQUIRED;
	world->decodes_timestamps = dice_permille(&world->dice, 100);
}

static void draw_network(struct world *world)
{
	static const uint32_t losses[] = {0, 0, 20, 50, 100, 300};
	struct network *network = &world->network;

	*network = (struct network){
		.loss = losses[dice_below(&world->dice, ARRAY_LENGTH(losses))],
		.duplication = (uint32_t)dice_below(&world->dice, 200),
		.straggling = (uint32_t)dice_below(&world->dice, 30),
		.delay_ns = dice_between(&world->dice, MS / 10, 100 * MS),
		.jitter_ns = dice_below(&world->dice, 100 * MS),
	};
}

static void make_pool(struct packet_pool *pool)
{
	int err = pool->capacity > 0 ? 0 : packet_pool_init(pool, POOL_CAPACITY);
	assert(err == 0);
}

static void draw_node(struct world *world, int number)
{
	static const uint16_t mtus[] = {1420, 1420, 1280, 576, 0};
	struct node *node = &world->nodes[number];
	struct packet_pool pools[SHARDS_MAX];

	memcpy(pools, node->pools, sizeof pools);
	*node = (struct node){
		.number = number,
		.is_stable = number == 0 || dice_permille(&world->dice, 400),
		.mtu_bytes = mtus[dice_below(&world->dice, ARRAY_LENGTH(mtus))],
		.realtime_ns = REALTIME_NS + dice_below(&world->dice, 24 * HOUR),
		.tick_ns = UINT64_MAX,
		.shard_count = dice_permille(&world->dice, 750)
				       ? 1
				       : (int)dice_between(&world->dice, 2, SHARDS_MAX),
	};
	memcpy(node->pools, pools, sizeof pools);
	for (int i = 0; i < node->shard_count; i++)
		make_pool(&node->pools[i]);
	dice_fill(&world->dice, node->private_key, sizeof node->private_key);
	int err = noise_identity_set(&node->identity, node->private_key);
	assert(err == 0);
	cookie_checker_set_key(&node->mac_checker, node->identity.public_key);
	network_rebind(world, node, true);
	memcpy(node->first_outer, node->outer, sizeof node->first_outer);
}

/* What `a` is told of `b`: where it is, if that lasts or chance wants it. */
static void draw_endpoint(struct world *world, int a, int b, uint32_t permille)
{
	int family = dice_permille(&world->dice, 600) ? OUTER_IPV4 : OUTER_IPV6;

	if (dice_permille(&world->dice, permille))
		world->relations[a][b].configured = world->nodes[b].first_outer[family];
}

static uint16_t draw_keepalive(struct world *world)
{
	static const uint16_t seconds[] = {0, 0, 0, 5, 25};

	if (!world->has_keepalives)
		return 0;
	return seconds[dice_below(&world->dice, ARRAY_LENGTH(seconds))];
}

/* Links two nodes, the second of which is stable. */
static void link_nodes(struct world *world, int a, int b)
{
	struct relation *there = &world->relations[a][b];
	struct relation *back = &world->relations[b][a];

	there->is_linked = back->is_linked = true;
	there->keepalive_seconds = draw_keepalive(world);
	back->keepalive_seconds = draw_keepalive(world);
	if (dice_permille(&world->dice, 400))
		dice_fill(&world->dice, there->preshared_key, NOISE_KEY_SIZE);
	memcpy(back->preshared_key, there->preshared_key, NOISE_KEY_SIZE);
	if (dice_permille(&world->dice, 40)) {
		back->preshared_key[7] ^= 1;
		there->has_wrong_key = back->has_wrong_key = true;
	}
	bool b_knows_for_good = world->nodes[a].is_stable && dice_permille(&world->dice, 300);
	draw_endpoint(world, a, b, b_knows_for_good ? 300 : PERMILLE);
	draw_endpoint(world, b, a, b_knows_for_good ? PERMILLE : 250);
	there->must_converge = back->must_converge = !there->has_wrong_key;
}

static void draw_links(struct world *world)
{
	memset(world->relations, 0, sizeof world->relations);
	for (int a = 1; a < (int)world->node_count; a++) {
		for (int b = 0; b < a; b++) {
			if (b > 0 && dice_permille(&world->dice, 400))
				continue;
			if (world->nodes[b].is_stable)
				link_nodes(world, a, b);
			else if (world->nodes[a].is_stable)
				link_nodes(world, b, a);
		}
	}
}

void world_draw(struct world *world, uint64_t seed)
{
	static const uint8_t percents[] = {0, 0, 55, 29, 11, 5};

	world->seed = seed;
	world->now_ns = 0;
	world->is_calm = world->has_failed = world->is_over = false;
	world->quiet_from_ns = 0;
	world->trace_hash = seed;
	dice_seed(&world->dice, seed, 0);
	schedule_clear(&world->schedule);
	letters_clear(&world->letters);
	traffic_clear(&world->traffic);
	oracle_clear(&world->oracle);
	draw_kind(world);
	draw_network(world);
	world->node_count = draw_weighed(&world->dice, percents, ARRAY_LENGTH(percents));
	for (int i = 0; i < (int)world->node_count; i++)
		draw_node(world, i);
	draw_links(world);
	adversary_init(world);
	for (size_t i = 0; i < world->node_count; i++)
		node_start(world, &world->nodes[i]);
	world_schedule(world, EVENT_TRAFFIC, 0);
	world_schedule(world, EVENT_ADVERSARY, world->adversary_gap_ns);
	world_schedule(world, EVENT_FAULT, world->fault_gap_ns);
	world_schedule(world, EVENT_ROUND, world->chaos_ends_ns);
}
