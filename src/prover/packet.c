/* SPDX-License-Identifier: ISC */
#include "prover/packet.h"

#include <assert.h>

uint8_t *packet_add_zeros(struct packet *packet, size_t size)
{
	assert(size <= sizeof packet->bytes - packet->size);
	uint8_t *at = packet->bytes + packet->size;
	memset(at, 0, size);
	packet->size += size;
	return at;
}

uint8_t *packet_add(struct packet *packet, const void *bytes, size_t size)
{
	uint8_t *at = packet_add_zeros(packet, size);

	if (size > 0)
		memcpy(at, bytes, size);
	return at;
}

void packet_add_u8(struct packet *packet, uint8_t value)
{
	*packet_add_zeros(packet, 1) = value;
}

void packet_add_be16(struct packet *packet, uint16_t value)
{
	store_be16(packet_add_zeros(packet, 2), value);
}

void packet_add_be32(struct packet *packet, uint32_t value)
{
	store_be32(packet_add_zeros(packet, 4), value);
}

uint32_t packet_sum(uint32_t sum, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i + 1 < size; i += 2)
		sum += load_be16(bytes + i);
	if (size % 2 == 1)
		sum += (uint32_t)bytes[size - 1] << 8;
	return sum;
}

uint16_t packet_sum_end(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
