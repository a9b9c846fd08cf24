/* SPDX-License-Identifier: ISC */
#include "traffic.h"

#include "base/memory.h"
#include "network.h"

#include <assert.h>
#include <stdlib.h>

enum {
	IPV4_HEADER_SIZE = 20,
	IPV6_HEADER_SIZE = 40,
	NUMBER_MAGIC = 0x5157, /* upper bits of a number on the wire */
	BURST = 140,	       /* more than MAX_STAGED_PACKETS */
};

void traffic_clear(struct traffic *traffic)
{
	traffic->count = 0;
	traffic->round = 0;
	traffic->missing = 0;
}

void traffic_done(struct traffic *traffic)
{
	free(traffic->parcels);
	*traffic = (struct traffic){0};
}

struct address traffic_address(int node, int family, uint8_t host)
{
	struct address address = {.family = (uint8_t)family};

	if (family == ADDRESS_IPV4)
		memcpy(address.bytes, (uint8_t[4]){10, 77, (uint8_t)node, host}, 4);
	else
		memcpy(address.bytes, (uint8_t[8]){0xfd, 0x77, 0, 0, 0, 0, 0, (uint8_t)node}, 8);
	if (family == ADDRESS_IPV6)
		address.bytes[15] = host;
	return address;
}

/* ---- bytes ---- */

/* Writes an IP header; its size. */
static size_t write_header(const struct parcel *parcel, uint8_t *ret_bytes)
{
	if (parcel->source.family == ADDRESS_IPV4) {
		memset(ret_bytes, 0, IPV4_HEADER_SIZE);
		ret_bytes[0] = 0x45;
		store_be16(ret_bytes + 2, (uint16_t)parcel->size);
		memcpy(ret_bytes + 12, parcel->source.bytes, 4);
		memcpy(ret_bytes + 16, parcel->target.bytes, 4);
		return IPV4_HEADER_SIZE;
	}
	memset(ret_bytes, 0, IPV6_HEADER_SIZE);
	ret_bytes[0] = 0x60;
	store_be16(ret_bytes + 4, (uint16_t)(parcel->size - IPV6_HEADER_SIZE));
	memcpy(ret_bytes + 8, parcel->source.bytes, 16);
	memcpy(ret_bytes + 24, parcel->target.bytes, 16);
	return IPV6_HEADER_SIZE;
}

void parcel_write(const struct parcel *parcel, uint64_t number, uint8_t *ret_bytes)
{
	size_t at = write_header(parcel, ret_bytes);
	uint64_t filling = number | (uint64_t)NUMBER_MAGIC << 48;

	for (; at < parcel->size; at += sizeof filling) {
		size_t left = parcel->size - at;
		memcpy(ret_bytes + at, &filling, left < sizeof filling ? left : sizeof filling);
		filling = filling * 0x5851f42d4c957f2d + 0x14057b7ef767814f;
	}
}

uint64_t parcel_number(const uint8_t *bytes, size_t size)
{
	uint64_t number;

	if (size < PARCEL_SIZE_MIN)
		return UINT64_MAX;
	memcpy(&number, bytes + (bytes[0] >> 4 == 4 ? IPV4_HEADER_SIZE : IPV6_HEADER_SIZE),
		sizeof number);
	if (number >> 48 != NUMBER_MAGIC)
		return UINT64_MAX;
	return number & (((uint64_t)1 << 48) - 1);
}

/* ---- sending ---- */

/* A sensible packet between two nodes; the next parcel. */
static struct parcel *add_parcel(struct world *world, int from, int to, uint32_t size)
{
	struct traffic *traffic = &world->traffic;
	int family = dice_permille(&world->dice, 500) ? ADDRESS_IPV4 : ADDRESS_IPV6;

	if (traffic->count == traffic->capacity) {
		traffic->capacity = traffic->capacity ? 2 * traffic->capacity : 512;
		traffic->parcels =
			memory_grow(traffic->parcels, traffic->capacity, sizeof *traffic->parcels);
	}
	traffic->parcels[traffic->count] = (struct parcel){
		.from = from,
		.to = to,
		.source =
			traffic_address(from, family, (uint8_t)dice_between(&world->dice, 1, 254)),
		.target = traffic_address(to, family, (uint8_t)dice_between(&world->dice, 1, 254)),
		.size = size,
		.is_forbidden = world->relations[from][to].has_wrong_key,
	};
	return &traffic->parcels[traffic->count++];
}

/* Writes the newest parcel into a packet of its sender; NULL where that has none. */
static struct packet *pack_newest(struct world *world)
{
	uint64_t number = world->traffic.count - 1;
	const struct parcel *parcel = &world->traffic.parcels[number];
	struct packet *packet = node_packet(&world->nodes[parcel->from]);

	world->statistics->inner_sent++;
	if (!packet)
		return NULL;
	parcel_write(parcel, number, packet->data);
	packet->length = parcel->size;
	return packet;
}

static void send_newest(struct world *world)
{
	struct packet *packet = pack_newest(world);
	struct packet_list list = {0};

	if (!packet)
		return;
	packet_list_push(&list, packet);
	node_send(
		world, &world->nodes[world->traffic.parcels[world->traffic.count - 1].from], &list);
}

/* Mostly small, sometimes up to an MTU, rarely as long as there is. */
static uint32_t draw_size(struct dice *dice)
{
	if (dice_permille(dice, 3))
		return (uint32_t)dice_between(dice, 65400, UINT16_MAX);
	if (dice_permille(dice, 100))
		return (uint32_t)dice_between(dice, PARCEL_SIZE_MIN, 1420);
	return (uint32_t)dice_between(dice, PARCEL_SIZE_MIN, 140);
}

/* Bytes that are no IP packet. */
static void send_malformed(struct world *world, struct node *node)
{
	struct packet *packet = node_packet(node);
	struct packet_list list = {0};

	if (!packet)
		return;
	packet->length = dice_below(&world->dice, 80);
	dice_fill(&world->dice, packet->data, packet->length);
	if (packet->length > 0)
		packet->data[0] = (uint8_t)(dice_below(&world->dice, 4) << 4);
	packet_list_push(&list, packet);
	node_send(world, node, &list);
}

/* A peer that seals what is no IP packet, by the very keys of its session. */
static void send_sealed_junk(struct world *world, struct node *node, int to)
{
	enum { SIZE = 32 };
	uint8_t datagram[MESSAGE_DATA_OVERHEAD + SIZE] = {0};
	const struct peer *peer = node_peer(world, node, to);
	struct keypair *keypair = peer ? peer->keypairs.current : NULL;

	if (!keypair || keypair->sending_counter >= REJECT_AFTER_MESSAGES || !node->is_up)
		return;
	const struct message_data_header header = {
		.receiver_index = keypair->remote_index,
		.counter = keypair->sending_counter++,
	};
	message_data_header_encode(&header, datagram);
	int err = aead_seal(
		keypair->sending, header.counter, datagram + MESSAGE_DATA_HEADER_SIZE, SIZE);
	assert(err == 0);
	struct letter *letter = letters_write(&world->letters, datagram, sizeof datagram);
	letter->author = node->number;
	letter->addressee = to;
	network_post(world, node, letter, &peer->endpoint);
}

/* More at once than may wait for a session. */
static void send_burst(struct world *world, struct node *node, int to)
{
	struct packet_list list = {0};

	for (int i = 0; i < BURST; i++) {
		add_parcel(world, node->number, to, PARCEL_SIZE_MIN);
		struct packet *packet = pack_newest(world);
		if (packet)
			packet_list_push(&list, packet);
	}
	node_send(world, node, &list);
}

/* From an address of a third node, or of nobody. */
static void send_forged(struct world *world, struct node *node, int to)
{
	struct parcel *parcel = add_parcel(world, node->number, to, draw_size(&world->dice));
	int third = (node->number + 1 + (int)dice_below(&world->dice, NODES_MAX)) % (NODES_MAX + 1);

	parcel->source = traffic_address(third, parcel->source.family, 9);
	parcel->is_forbidden = true;
	send_newest(world);
}

/* To an address that is routed to nobody. */
static void send_unroutable(struct world *world, struct node *node)
{
	struct parcel *parcel = add_parcel(world, node->number, node->number, 100);

	parcel->target = traffic_address(200, parcel->target.family, 9);
	parcel->is_forbidden = true;
	send_newest(world);
}

void traffic_happen(struct world *world)
{
	struct node *node = &world->nodes[dice_below(&world->dice, world->node_count)];
	int to = (int)dice_below(&world->dice, world->node_count);
	uint64_t kind = dice_below(&world->dice, PERMILLE);

	if (!node_is_awake(node) || to == node->number)
		return;
	if (kind < 10)
		send_malformed(world, node);
	else if (kind < 20)
		send_unroutable(world, node);
	else if (kind < 25)
		send_burst(world, node, to);
	else if (kind < 35)
		send_sealed_junk(world, node, to);
	else if (kind < 75)
		send_forged(world, node, to);
	else
		traffic_say(world, node->number, to);
}

void traffic_say(struct world *world, int from, int to)
{
	add_parcel(world, from, to, draw_size(&world->dice));
	send_newest(world);
}

void traffic_begin_round(struct world *world)
{
	struct traffic *traffic = &world->traffic;

	traffic->round++;
	traffic->missing = 0;
	for (int from = 0; from < (int)world->node_count; from++) {
		for (int to = 0; to < (int)world->node_count; to++) {
			if (!world->relations[from][to].must_converge)
				continue;
			add_parcel(world, from, to, PARCEL_SIZE_MIN)->round = traffic->round;
			traffic->missing++;
			send_newest(world);
		}
	}
}
