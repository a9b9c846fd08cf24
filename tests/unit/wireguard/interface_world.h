/* SPDX-License-Identifier: ISC */
/*
 * Interfaces in one process, the wire between them, and one clock. For tests, included once each.
 * A datagram is taken off one interface, looked at, kept, changed, and given to another; or all go
 * by themselves, with carry() and pass(). Node n is found at 192.0.2.n, inside it is 10.0.0.n.
 */
#pragma once

#include "tap.h"

#include "base/bytes.h"
#include "wireguard/handshake_fixture.h"
#include "wireguard/interface.h"

enum {
	POOL_SIZE = 512,
	NODES_MAX = 8,
	PORT = 40004,
	INNER_HEADER = 20, /* bytes of IPv4 before our payload */
};

/* One interface, its packets, and what came out of it. */
struct node {
	uint8_t number;
	struct packet_pool pool;
	struct interface *interface;
	struct outbox out;
	struct endpoint at; /* where its datagrams come from */
	uint8_t private_key[NOISE_KEY_SIZE];
	uint8_t public_key[NOISE_KEY_SIZE];
	unsigned emitted[MESSAGE_DATA + 1]; /* by type, see carry() */
};

/* A datagram on the wire, or an inner packet: no pool's. */
struct datagram {
	size_t size;
	struct endpoint to;
	uint8_t bytes[PACKET_DATA_MAX];
};

static struct moment now = {.monotonic_ns = 1000 * SECONDS_NS, .realtime_ns = 1800000000000000000};
static uint64_t world_seed = 0x7acede;
static struct node *nodes[NODES_MAX]; /* all that are open */
static size_t node_count;
static bool wire_is_cut;		 /* carry() loses what it takes */
static enum cookie_policy world_cookies; /* of nodes that are opened from now on */
static bool world_stores_timestamps;	 /* likewise: who sees to interface_unstored() */

/* ---- nodes ---- */

static inline struct address address_of(uint8_t a, uint8_t d)
{
	struct address address = {.family = ADDRESS_IPV4, .bytes = {a, 0, a == 10 ? 0 : 2, d}};
	return address;
}

static inline struct endpoint endpoint_at(uint8_t number)
{
	return (struct endpoint){.remote = address_of(192, number), .port = PORT};
}

static inline struct prefix inner_prefix(uint8_t number)
{
	return (struct prefix){.address = address_of(10, number), .length = 32};
}

/* A node with a key, up, that knows nobody. */
static inline void node_open_sized(struct node *node, uint8_t number, size_t packets)
{
	*node = (struct node){.number = number, .at = endpoint_at(number)};
	if (packet_pool_init(&node->pool, packets) < 0)
		abort();
	const struct interface_config config = {
		.entropy = seeded_entropy(&world_seed),
		.pool = &node->pool,
		.cookies = world_cookies,
		.stores_timestamps = world_stores_timestamps,
		.mtu_bytes = 1420,
	};
	if (interface_new(&config, &node->interface) < 0)
		abort();
	seeded_fill(&world_seed, node->private_key, NOISE_KEY_SIZE);
	if (interface_set_private_key(node->interface, node->private_key) < 0)
		abort();
	memcpy(node->public_key, interface_identity(node->interface)->public_key, NOISE_KEY_SIZE);
	interface_start(node->interface, now.monotonic_ns);
	nodes[node_count++] = node;
}

static inline void node_open(struct node *node, uint8_t number)
{
	node_open_sized(node, number, POOL_SIZE);
}

/* Whether all packets have come back. */
static inline bool node_close(struct node *node)
{
	packet_put_all(&node->pool, &node->out.datagrams);
	packet_put_all(&node->pool, &node->out.inner);
	packet_put_all(&node->pool, &node->out.held);
	interface_free(node->interface);
	bool is_whole = node->pool.free.count == node->pool.capacity;
	packet_pool_done(&node->pool);
	for (size_t i = 0; i < node_count; i++) {
		if (nodes[i] == node)
			nodes[i--] = nodes[--node_count];
	}
	return is_whole;
}

/* Makes `other` a peer that is found where it is, and may use its inner address. */
static inline struct peer *know(struct node *node, const struct node *other)
{
	const struct prefix prefix = inner_prefix(other->number);
	struct peer *peer;

	if (interface_peer_add(node->interface, other->public_key, &peer) < 0 ||
		interface_peer_allow(node->interface, peer, &prefix) < 0)
		abort();
	interface_peer_set_endpoint(peer, &other->at);
	return peer;
}

static inline struct peer *peer_of(const struct node *node, const struct node *other)
{
	return interface_peer_find(node->interface, other->public_key);
}

static inline uint64_t drops_of(const struct node *node, enum drop drop)
{
	return interface_drops(node->interface)->count[drop];
}

static inline uint64_t drops_in_all(const struct node *node)
{
	uint64_t sum = 0;
	for (enum drop drop = 0; drop < DROP_COUNT; drop++)
		sum += drops_of(node, drop);
	return sum;
}

/* ---- what goes in ---- */

static inline struct packet *packet_with(struct node *node, const void *bytes, size_t size)
{
	struct packet *packet = packet_get(&node->pool);

	if (!packet || size > packet_room(packet))
		abort();
	memcpy(packet->data, bytes, size);
	packet->length = size;
	return packet;
}

/* An IPv4 packet of `size` bytes, the rest of which follows from `mark`. */
static inline size_t inner_write(
	uint8_t from, uint8_t to, size_t size, uint32_t mark, uint8_t *ret_bytes)
{
	if (size < INNER_HEADER || size > UINT16_MAX)
		abort();
	for (size_t i = 0; i < size; i++)
		ret_bytes[i] = (uint8_t)(i * 7 + mark);
	memset(ret_bytes, 0, INNER_HEADER);
	ret_bytes[0] = 0x45;
	store_be16(ret_bytes + 2, (uint16_t)size);
	memcpy(ret_bytes + 12, address_of(10, from).bytes, 4);
	memcpy(ret_bytes + 16, address_of(10, to).bytes, 4);
	if (size >= INNER_HEADER + sizeof mark)
		store_be32(ret_bytes + INNER_HEADER, mark);
	return size;
}

/* Pushes one inner packet of `node` on a list. */
static inline void push_inner(
	struct node *node, struct packet_list *list, uint8_t to, size_t size, uint32_t mark)
{
	static uint8_t bytes[PACKET_DATA_MAX];

	inner_write(node->number, to, size, mark, bytes);
	packet_list_push(list, packet_with(node, bytes, size));
}

/* The node's host sends one packet. */
static inline void send_marked(struct node *node, uint8_t to, size_t size, uint32_t mark)
{
	struct packet_list list = {0};

	push_inner(node, &list, to, size, mark);
	interface_send(node->interface, now, &list, &node->out);
}

static inline void send_one(struct node *node, const struct node *to)
{
	send_marked(node, to->number, 100, 0);
}

/* The node receives a datagram from somewhere, if it has a buffer. */
static inline void give_from(
	struct node *node, const struct datagram *datagram, const struct endpoint *from)
{
	struct packet_list list = {0};

	if (node->pool.free.count == 0)
		return;
	packet_list_push(&list, packet_with(node, datagram->bytes, datagram->size));
	list.first->endpoint = *from;
	interface_receive(node->interface, now, &list, &node->out);
}

static inline void give(struct node *node, const struct datagram *datagram, const struct node *from)
{
	give_from(node, datagram, &from->at);
}

static inline void tick(struct node *node)
{
	interface_tick(node->interface, now, &node->out);
}

/* ---- what comes out ---- */

static inline bool pop(struct node *node, struct packet_list *list, struct datagram *ret_datagram)
{
	struct packet *packet = packet_list_pop(list);

	if (!packet)
		return false;
	ret_datagram->size = packet->length;
	ret_datagram->to = packet->endpoint;
	memcpy(ret_datagram->bytes, packet->data, packet->length);
	packet_put(&node->pool, packet);
	return true;
}

/* The next datagram of a node; false: there is none. */
static inline bool take(struct node *node, struct datagram *ret_datagram)
{
	return pop(node, &node->out.datagrams, ret_datagram);
}

static inline bool take_inner(struct node *node, struct datagram *ret_datagram)
{
	return pop(node, &node->out.inner, ret_datagram);
}

static inline enum message_type type_of(const struct datagram *datagram)
{
	return message_classify(datagram->bytes, datagram->size);
}

/* Whether the next datagram of a node is of this type; it is taken. */
static inline bool take_type(
	struct node *node, enum message_type type, struct datagram *ret_datagram)
{
	return take(node, ret_datagram) && type_of(ret_datagram) == type;
}

static inline bool is_silent(const struct node *node)
{
	return node->out.datagrams.count == 0 && node->out.inner.count == 0;
}

static inline bool is_keepalive(const struct datagram *datagram)
{
	return type_of(datagram) == MESSAGE_DATA && datagram->size == MESSAGE_DATA_MIN_SIZE;
}

/* Whether exactly this inner packet, and nothing else, came in at the node. */
static inline bool got_inner(struct node *node, uint8_t from, size_t size, uint32_t mark)
{
	static struct datagram got;
	static uint8_t want[PACKET_DATA_MAX];

	if (!take_inner(node, &got))
		return false;
	inner_write(from, node->number, size, mark, want);
	return got.size == size && memcmp(got.bytes, want, size) == 0;
}

/* Forgets all that came in at the node's host; how many. */
static inline size_t forget_inner(struct node *node)
{
	size_t count = node->out.inner.count;

	packet_put_all(&node->pool, &node->out.inner);
	return count;
}

/* ---- the wire ---- */

static inline struct node *node_at(const struct endpoint *endpoint)
{
	for (size_t i = 0; i < node_count; i++) {
		if (endpoint_equal_remote(&nodes[i]->at, endpoint))
			return nodes[i];
	}
	return NULL;
}

/* Brings one datagram to whom it is for; false: there is none. */
static inline bool carry_one(struct node *from)
{
	static struct datagram datagram;

	if (!take(from, &datagram))
		return false;
	from->emitted[type_of(&datagram)]++;
	struct node *to = node_at(&datagram.to);
	if (to && !wire_is_cut)
		give(to, &datagram, from);
	return true;
}

/* Brings all datagrams where they are for, and the answers, until all is quiet. */
static inline void carry(void)
{
	bool has_any;

	do {
		has_any = false;
		for (size_t i = 0; i < node_count; i++) {
			while (carry_one(nodes[i]))
				has_any = true;
		}
	} while (has_any);
}

/* The earliest deadline of all nodes. */
static inline uint64_t next_deadline_ns(void)
{
	uint64_t next_ns = UINT64_MAX;

	for (size_t i = 0; i < node_count; i++) {
		uint64_t due_ns = interface_deadline_ns(nodes[i]->interface);
		next_ns = due_ns < next_ns ? due_ns : next_ns;
	}
	return next_ns;
}

static inline void skip(uint64_t ns)
{
	now.monotonic_ns += ns;
	now.realtime_ns += ns;
}

/* Lets time pass; all does what is due, when it is due, and all datagrams are brought. */
static inline void pass(uint64_t ns)
{
	uint64_t until_ns = now.monotonic_ns + ns;

	carry();
	while (next_deadline_ns() <= until_ns) {
		uint64_t due_ns = next_deadline_ns();
		if (due_ns > now.monotonic_ns)
			skip(due_ns - now.monotonic_ns);
		for (size_t i = 0; i < node_count; i++)
			tick(nodes[i]);
		carry();
	}
	skip(until_ns - now.monotonic_ns);
}

static inline void forget_emitted(void)
{
	for (size_t i = 0; i < node_count; i++)
		memset(nodes[i]->emitted, 0, sizeof nodes[i]->emitted);
}

/* ---- two nodes that know each other ---- */

static struct node alice, bob;

static inline void two_open(void)
{
	wire_is_cut = false;
	node_open(&alice, 1);
	node_open(&bob, 2);
	know(&alice, &bob);
	know(&bob, &alice);
}

/* Both, with a session that Alice began and that Bob has confirmed. */
static inline void two_open_in_session(void)
{
	two_open();
	send_one(&alice, &bob);
	carry();
	if (forget_inner(&bob) != 1)
		abort();
	forget_emitted();
}

static inline void two_close(void)
{
	bool is_whole = node_close(&alice);

	is_whole = node_close(&bob) && is_whole;
	tap_ok(is_whole, "all packets are back in their pools");
}
