/* SPDX-License-Identifier: ISC */
/*
 * One interface of several shards, on one thread: whatever arrives at the wrong shard comes out for
 * the right one, and works there. Each shard is a struct node; Alice is outside.
 */
#include "wireguard/interface_world.h"

#include "wireguard/load.h"

#include <errno.h>

static struct node shards[INTERFACE_SHARDS_MAX];
static unsigned shard_count;
static struct datagram initiation, response, data, other;

static void add_shard(struct node *shard)
{
	*shard = (struct node){.number = shards[0].number, .at = shards[0].at};
	memcpy(shard->public_key, shards[0].public_key, NOISE_KEY_SIZE);
	if (packet_pool_init(&shard->pool, POOL_SIZE) < 0 ||
		interface_new_shard(shards[0].interface, &shard->pool, &shard->interface) < 0)
		abort();
}

/* An interface of so many shards; its key was set when there was one. */
static void shards_open(unsigned count)
{
	shard_count = count;
	node_open(&shards[0], 50);
	for (unsigned i = 1; i < count; i++)
		add_shard(&shards[i]);
}

static bool shards_close(void)
{
	bool is_whole = true;

	for (unsigned i = 0; i < shard_count; i++)
		is_whole &= node_close(&shards[i]);
	return is_whole;
}

/* How many packets a shard has for others. */
static size_t elsewhere_count(const struct node *shard)
{
	size_t count = 0;

	for (unsigned to = 0; to < INTERFACE_SHARDS_MAX; to++)
		count += shard->out.elsewhere[to].datagrams.count +
			 shard->out.elsewhere[to].inner.count;
	return count;
}

/* Takes the one datagram that a shard has for another, and gives it to that. */
static bool hand_over_datagram(struct node *from, struct node *to)
{
	struct packet_list *handed = &from->out.elsewhere[to - shards].datagrams;
	struct packet_list list = {0};

	if (elsewhere_count(from) != 1 || !handed->first)
		return false;
	bool is_admitted = handed->first->is_admitted;
	(void)pop(from, handed, &other);
	packet_list_push(&list, packet_with(to, other.bytes, other.size));
	list.first->endpoint = other.to;
	list.first->is_admitted = is_admitted;
	interface_receive(to->interface, now, &list, &to->out);
	return true;
}

/* The same for an inner packet. */
static bool hand_over_inner(struct node *from, struct node *to)
{
	struct packet_list list = {0};

	if (elsewhere_count(from) != 1 ||
		!pop(from, &from->out.elsewhere[to - shards].inner, &other))
		return false;
	packet_list_push(&list, packet_with(to, other.bytes, other.size));
	interface_send(to->interface, now, &list, &to->out);
	return true;
}

/* The shard that Alice belongs to. */
static struct node *alices_shard(void)
{
	const struct peer *peer = interface_peer_find(shards[0].interface, alice.public_key);

	for (unsigned i = 0; i < shard_count; i++) {
		if (shards[i].interface == peer->shard)
			return &shards[i];
	}
	abort();
}

/* Gives a datagram of Alice's to a shard, which hands it over unless it is the right one. */
static bool arrives_by(struct node *at, const struct datagram *datagram)
{
	struct node *right = alices_shard();

	give(at, datagram, &alice);
	return at == right ? elsewhere_count(at) == 0
			   : is_silent(at) && hand_over_datagram(at, right);
}

/* The other way: an inner packet for Alice. */
static bool leaves_by(struct node *at)
{
	struct node *right = alices_shard();

	send_one(at, &alice);
	return at == right ? elsewhere_count(at) == 0 : is_silent(at) && hand_over_inner(at, right);
}

/* Whether an index says whose it is; with one shard there is nothing to say. */
static bool is_tagged(const uint8_t *index, const struct node *shard)
{
	return shard_count == 1 || load_le32(index) >> 28 == (uint32_t)(shard - shards);
}

/* Alice calls; all her datagrams arrive at this shard. */
static bool responds_by(struct node *at)
{
	struct node *right = alices_shard();

	send_one(&alice, &shards[0]);
	if (!take_type(&alice, MESSAGE_INITIATION, &initiation) || !arrives_by(at, &initiation) ||
		!take_type(right, MESSAGE_RESPONSE, &response))
		return false;
	if (!is_tagged(response.bytes + 4, right))
		return false;
	give(&alice, &response, &shards[0]);
	return take_type(&alice, MESSAGE_DATA, &data) && arrives_by(at, &data) &&
	       got_inner(right, alice.number, 100, 0) && is_silent(right);
}

/* Alice is called; packets for her and her datagrams arrive at this shard. */
static bool initiates_by(struct node *at)
{
	struct node *right = alices_shard();

	if (!leaves_by(at) || !take_type(right, MESSAGE_INITIATION, &initiation) ||
		!is_tagged(initiation.bytes + 4, right))
		return false;
	give(&alice, &initiation, &shards[0]);
	if (!take_type(&alice, MESSAGE_RESPONSE, &response) || !arrives_by(at, &response) ||
		!take_type(right, MESSAGE_DATA, &data))
		return false;
	give(&alice, &data, &shards[0]);
	return got_inner(&alice, shards[0].number, 100, 0) && is_silent(&alice);
}

/* A cookie reply to a call of ours, which somebody under load sent. */
static bool takes_cookie_by(struct node *at)
{
	struct cookie_checker checker = {0};
	struct message_cookie_reply reply;
	struct node *right = alices_shard();

	cookie_checker_set_key(&checker, alice.public_key);
	send_one(right, &alice);
	if (!take_type(right, MESSAGE_INITIATION, &initiation))
		return false;
	int err = cookie_reply_create(&checker, now.monotonic_ns, seeded_entropy(&world_seed),
		(struct bytes){initiation.bytes, initiation.size}, &right->at, &reply);
	if (err < 0)
		return false;
	message_cookie_reply_encode(&reply, data.bytes);
	data.size = MESSAGE_COOKIE_REPLY_SIZE;
	return arrives_by(at, &data) && peer_of(right, &alice)->cookie.has_cookie;
}

/* Brings a shard under load, by initiations of one who only knows the public key. */
static void flood(struct node *shard)
{
	struct cookie_maker maker = {0};
	struct datagram junk = {.size = MESSAGE_INITIATION_SIZE, .bytes = {MESSAGE_INITIATION}};

	cookie_maker_set_key(&maker, shard->public_key);
	cookie_macs_write(&maker, now.monotonic_ns, junk.bytes, junk.size);
	for (unsigned i = 0; i < 2 * LOAD_BURST; i++) {
		give(shard, &junk, &alice);
		packet_put_all(&shard->pool, &shard->out.datagrams);
	}
}

/* All shards are under load and ask for cookies; the one that Alice calls gives her one. */
static bool serves_cookie_by(struct node *at)
{
	for (unsigned i = 0; i < shard_count; i++)
		flood(&shards[i]);
	send_one(&alice, &shards[0]);
	if (!take_type(&alice, MESSAGE_INITIATION, &initiation))
		return false;
	give(at, &initiation, &alice);
	if (!take_type(at, MESSAGE_COOKIE_REPLY, &response))
		return false;
	give(&alice, &response, &shards[0]);
	skip(6 * SECONDS_NS);
	tick(&alice);
	for (unsigned i = 0; i < shard_count; i++)
		flood(&shards[i]);
	return take_type(&alice, MESSAGE_INITIATION, &initiation) && arrives_by(at, &initiation) &&
	       take_type(alices_shard(), MESSAGE_RESPONSE, &response);
}

typedef bool way(struct node *at);

/* One way through one shard; everything is made anew for it. */
static void check_way(unsigned count, unsigned at, way *goes, const char *what)
{
	char name[80];

	shards_open(count);
	node_open(&alice, 1);
	know(&alice, &shards[0]);
	know(&shards[at], &alice);
	(void)snprintf(name, sizeof name, "%u shards, at number %u: %s", count, at, what);
	tap_ok(goes(&shards[at]), name);
	bool is_whole = node_close(&alice);
	if (!shards_close() || !is_whole)
		tap_ok(false, "all packets are back in their pools");
}

static void test_ways(unsigned count)
{
	for (unsigned at = 0; at < count; at++) {
		check_way(count, at, responds_by, "responder");
		check_way(count, at, initiates_by, "initiator");
		check_way(count, at, takes_cookie_by, "cookie reply");
		world_cookies = COOKIES_ALWAYS;
		check_way(count, at, serves_cookie_by, "a cookie is good for all shards");
		world_cookies = COOKIES_NEVER;
	}
}

/* What each shard's counters say is about what it judged itself. */
static void test_strangers(void)
{
	shards_open(3);
	for (uint32_t tag = 0; tag < 16; tag++) {
		data = (struct datagram){.size = 100, .bytes = {MESSAGE_DATA}};
		store_le32(data.bytes + 4, tag << 28 | 12345);
		give_from(&shards[1], &data, &alice.at);
	}
	tap_is_int(drops_of(&shards[1], DROP_INDEX_UNKNOWN), 14,
		"tags of its own, and of nobody, are judged where they arrive");
	tap_is_int(shards[1].out.elsewhere[0].datagrams.count, 1, "that of the first is for it");
	tap_is_int(shards[1].out.elsewhere[2].datagrams.count, 1, "that of the last as well");
	for (unsigned i = 0; i < 3; i += 2) {
		tap_ok(hand_over_datagram(&shards[1], &shards[i]) || i == 0, "it is handed over");
		packet_put_all(&shards[1].pool, &shards[1].out.elsewhere[i].datagrams);
	}
	tap_is_int(drops_of(&shards[2], DROP_INDEX_UNKNOWN), 1, "and dropped there");
	tap_ok(shards_close(), "all packets are back in their pools");
}

/* Peers of random keys: about as many in each shard, as many as were added in all. */
static void test_spread(unsigned count)
{
	enum { PEERS = 1600 };
	size_t of_shard[INTERFACE_SHARDS_MAX] = {0};
	bool is_even = true;

	shards_open(count);
	for (unsigned i = 0; i < PEERS; i++) {
		uint8_t key[NOISE_KEY_SIZE];
		struct peer *peer;
		seeded_fill(&world_seed, key, sizeof key);
		if (interface_peer_add(shards[i % count].interface, key, &peer) < 0)
			abort();
		for (unsigned at = 0; at < count; at++)
			of_shard[at] += peer->shard == shards[at].interface;
	}
	for (unsigned at = 0; at < count; at++)
		is_even &= of_shard[at] > PEERS / count / 2 && of_shard[at] < PEERS / count * 2;
	tap_ok(is_even, "peers spread evenly");
	tap_ok(shards_close(), "and all go with their shards");
}

/* Three shards with peers, sessions and packets that wait, freed in this order. */
static void check_order(const unsigned order[static 3])
{
	bool is_whole = true;

	shards_open(3);
	for (uint8_t i = 0; i < 30; i++) {
		struct node stranger = {.number = (uint8_t)(100 + i), .at = endpoint_at(100)};
		seeded_fill(&world_seed, stranger.public_key, NOISE_KEY_SIZE);
		const struct peer *peer = know(&shards[0], &stranger);
		for (unsigned at = 0; at < 3; at++) {
			if (peer->shard == shards[at].interface)
				send_one(&shards[at], &stranger);
		}
	}
	for (unsigned i = 0; i < 3; i++)
		is_whole &= node_close(&shards[order[i]]);
	tap_ok(is_whole, "freed in any order");
}

static void test_orders(void)
{
	static const unsigned orders[][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	for (size_t i = 0; i < ARRAY_LENGTH(orders); i++)
		check_order(orders[i]);
}

static void test_too_many(void)
{
	struct packet_pool pool;
	struct interface *shard = NULL;

	shards_open(INTERFACE_SHARDS_MAX);
	if (packet_pool_init(&pool, 1) < 0)
		abort();
	tap_is_int(interface_new_shard(shards[0].interface, &pool, &shard), -ENOSPC,
		"a seventeenth shard");
	tap_ok(shard == NULL, "is not made");
	packet_pool_done(&pool);
	tap_ok(shards_close(), "all packets are back in their pools");
}

/* State and configuration may be changed by any shard, and are all shards'. */
static void test_common(void)
{
	shards_open(3);
	node_open(&alice, 1);
	know(&alice, &shards[0]);
	know(&shards[1], &alice);
	interface_stop(shards[2].interface);
	send_one(&alices_shard()[0], &alice);
	tap_is_int(drops_of(alices_shard(), DROP_DOWN), 1, "stopped by another shard");
	interface_start(shards[1].interface, now.monotonic_ns);
	if (interface_set_private_key(shards[2].interface, alice.private_key) < 0)
		abort();
	tap_ok(interface_peer_next(shards[0].interface, NULL) == NULL,
		"a key set by any shard removes its peer from all");
	bool is_whole = node_close(&alice);
	tap_ok(shards_close() && is_whole, "all packets are back in their pools");
}

int main(void)
{
	test_ways(1);
	test_ways(2);
	test_ways(3);
	test_ways(16);
	test_strangers();
	test_spread(2);
	test_spread(3);
	test_spread(16);
	test_orders();
	test_too_many();
	test_common();
	return tap_done();
}
