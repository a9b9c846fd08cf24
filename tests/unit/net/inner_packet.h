/* SPDX-License-Identifier: ISC */
/*
 * Inner packets for tests: made from a recipe, and the kernel's rules in code that is too plain to
 * be wrong, however slow. Included by one file each.
 */
#pragma once

#include "net/transport.h"
#include "net/vnet.h"

#include <stdlib.h>

enum {
	INNER_MAX = 65535,
};

/* What a packet is to be like. */
struct recipe {
	bool is_ipv6, is_udp;
	uint8_t tos, ttl;
	uint32_t label; /* IPv6 */
	uint16_t id, fragment;
	uint8_t host; /* last byte of its source */
	uint16_t port;
	uint32_t sequence, acknowledgement;
	uint8_t flags, reserved;
	uint16_t window;
	size_t options; /* bytes of the TCP header behind the first 20; a multiple of four */
	uint32_t timestamp;
	size_t payload;
	uint8_t pattern; /* what the payload begins with */
};

/* The checksum of RFC 1071, word by word: what is to be stored, host order. */
static inline uint16_t plain_checksum(uint32_t start, const uint8_t *bytes, size_t size)
{
	uint32_t sum = start;

	for (size_t i = 0; i < size; i++) {
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)~sum;
}

/* The folded sum of the pseudo-header, host order. */
static inline uint32_t plain_pseudo(const uint8_t *packet, uint8_t protocol, size_t length)
{
	bool is_ipv4 = packet[0] >> 4 == 4;
	uint32_t sum = protocol + (uint32_t)(length >> 16) + (uint32_t)(length & 0xffff);
	const uint8_t *addresses = packet + (is_ipv4 ? 12 : 8);

	return sum + (uint16_t)~plain_checksum(0, addresses, is_ipv4 ? 8 : 32);
}

/* Lengths and checksums of a packet of `size` bytes, as they must be. */
static inline void plain_finish(uint8_t *packet, size_t size, size_t transport_at, bool is_udp)
{
	uint8_t *transport = packet + transport_at;
	uint8_t *checksum = transport + (is_udp ? 6 : 16);
	size_t length = size - transport_at;

	if (packet[0] >> 4 == 4) {
		store_be16(packet + 2, (uint16_t)size);
		store_be16(packet + 10, 0);
		store_be16(packet + 10, plain_checksum(0, packet, transport_at));
	} else {
		store_be16(packet + 4, (uint16_t)(size - 40));
	}
	if (is_udp)
		store_be16(transport + 4, (uint16_t)length);
	store_be16(checksum, 0);
	uint16_t sum =
		plain_checksum(plain_pseudo(packet, is_udp ? 17 : 6, length), transport, length);
	store_be16(checksum, is_udp && sum == 0 ? 0xffff : sum);
}

static inline size_t recipe_transport_at(const struct recipe *recipe)
{
	return recipe->is_ipv6 ? 40 : 20;
}

static inline size_t recipe_header_size(const struct recipe *recipe)
{
	return recipe_transport_at(recipe) + (recipe->is_udp ? 8 : 20 + recipe->options);
}

static inline void cook_ipv4(const struct recipe *recipe, uint8_t *packet)
{
	packet[0] = 0x45;
	packet[1] = recipe->tos;
	store_be16(packet + 4, recipe->id);
	store_be16(packet + 6, recipe->fragment);
	packet[8] = recipe->ttl;
	packet[9] = recipe->is_udp ? 17 : 6;
	memcpy(packet + 12, (const uint8_t[]){10, 1, 2, recipe->host, 10, 1, 2, 3}, 8);
}

static inline void cook_ipv6(const struct recipe *recipe, uint8_t *packet)
{
	store_be32(packet, 6U << 28 | (uint32_t)recipe->tos << 20 | recipe->label);
	packet[6] = recipe->is_udp ? 17 : 6;
	packet[7] = recipe->ttl;
	packet[8] = packet[24] = 0xfd;
	packet[23] = recipe->host;
	packet[39] = 3;
}

static inline void cook_tcp(const struct recipe *recipe, uint8_t *tcp)
{
	store_be16(tcp, recipe->port);
	store_be16(tcp + 2, 443);
	store_be32(tcp + 4, recipe->sequence);
	store_be32(tcp + 8, recipe->acknowledgement);
	tcp[12] = (uint8_t)((20 + recipe->options) / 4 << 4 | recipe->reserved);
	tcp[13] = recipe->flags;
	store_be16(tcp + 14, recipe->window);
	memset(tcp + 20, 1, recipe->options);
	if (recipe->options >= 12) {
		memcpy(tcp + 20, (const uint8_t[]){1, 1, 8, 10}, 4);
		store_be32(tcp + 24, recipe->timestamp);
	}
}

/* Writes the packet, with right checksums; its length. */
static inline size_t cook(const struct recipe *recipe, uint8_t *packet)
{
	size_t transport_at = recipe_transport_at(recipe);
	size_t header_size = recipe_header_size(recipe);
	size_t size = header_size + recipe->payload;

	memset(packet, 0, header_size);
	if (recipe->is_ipv6)
		cook_ipv6(recipe, packet);
	else
		cook_ipv4(recipe, packet);
	if (recipe->is_udp) {
		store_be16(packet + transport_at, recipe->port);
		store_be16(packet + transport_at + 2, 443);
	} else {
		cook_tcp(recipe, packet + transport_at);
	}
	for (size_t i = 0; i < recipe->payload; i++)
		packet[header_size + i] = (uint8_t)(recipe->pattern + i * 7 + (i >> 8));
	plain_finish(packet, size, transport_at, recipe->is_udp);
	return size;
}

/*
 * Segment `number` of a super-packet with these headers, as the kernel would make it; its length,
 * 0 where there is no such segment.
 */
static inline size_t plain_segment(
	const struct vnet *vnet, const uint8_t *super, size_t size, size_t number, uint8_t *packet)
{
	bool is_ipv4 = super[0] >> 4 == 4, is_udp = vnet->kind == 5;
	size_t transport_at = vnet->checksum_start;
	size_t header_size = transport_at + (is_udp ? 8U : super[transport_at + 12] / 16 * 4U);
	size_t from = header_size + number * vnet->segment_size;

	if (number > 0 && from >= size)
		return 0;
	size_t left = size - from;
	bool is_last = left <= vnet->segment_size;
	size_t payload = is_last ? left : vnet->segment_size;
	memcpy(packet, super, header_size);
	memcpy(packet + header_size, super + from, payload);
	if (is_ipv4)
		store_be16(packet + 4, (uint16_t)(load_be16(super + 4) + number));
	if (!is_udp) {
		uint8_t *tcp = packet + transport_at;
		store_be32(tcp + 4, (uint32_t)(load_be32(super + transport_at + 4) +
					       number * vnet->segment_size));
		if (number > 0)
			tcp[13] &= 0x7f; /* CWR */
		if (!is_last)
			tcp[13] &= 0xf6; /* PSH, FIN */
	}
	plain_finish(packet, header_size + payload, transport_at, is_udp);
	return header_size + payload;
}

/* A generator of numbers that are the same in every run (splitmix64). */
static inline uint64_t dice_roll(uint64_t *dice)
{
	uint64_t mixed = *dice += 0x9e3779b97f4a7c15ULL;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
	return mixed ^ mixed >> 31;
}

/* Below `limit`. */
static inline size_t dice_below(uint64_t *dice, size_t limit)
{
	return (size_t)(dice_roll(dice) % limit);
}
