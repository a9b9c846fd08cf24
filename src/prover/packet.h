/* SPDX-License-Identifier: ISC */
/*
 * A frame under construction: bytes are appended, numbers are patched, sums are added up. Pure;
 * any thread. Too long a frame is a bug of ours: it aborts.
 */
#pragma once

#include "base/bytes.h"

#include "base/attributes.h"

enum {
	PACKET_SIZE_MAX = 1514, /* an Ethernet frame without its check sequence */
	PACKET_LINK_SIZE = 14,	/* Ethernet's header */
	PACKET_IPV4_SIZE = 20,	/* without options */
	PACKET_IPV6_SIZE = 40,
};

struct packet {
	uint8_t bytes[PACKET_SIZE_MAX];
	size_t size;
};

/* Appends; returns where it lies, good until the packet goes. */
uint8_t *packet_add(struct packet *packet, const void *bytes, size_t size);
uint8_t *packet_add_zeros(struct packet *packet, size_t size);
void packet_add_u8(struct packet *packet, uint8_t value);
void packet_add_be16(struct packet *packet, uint16_t value);
void packet_add_be32(struct packet *packet, uint32_t value);

/* Adds bytes to a sum of 16-bit words (RFC 1071); an odd byte is padded with zero. */
uint32_t packet_sum(uint32_t sum, const uint8_t *bytes, size_t size);

/* The checksum of a sum. */
uint16_t packet_sum_end(uint32_t sum);
