/* SPDX-License-Identifier: ISC */
/*
 * A list of packets, each with its length in two bytes before it: joined and split again, they are
 * what they were. A length with its highest bit set means: the packet before, one further in its
 * flow, with checksums made right.
 */
#include "../tests/unit/net/coalesce_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FOLLOWS = 0x8000,
	LENGTH_MAX = 3000,
};

/* Makes a packet the one that would follow it, if it is of TCP or UDP. */
static void follow(uint8_t *packet, size_t size)
{
	bool is_ipv4 = size >= 20 && packet[0] == 0x45;
	bool is_ipv6 = size >= 40 && packet[0] >> 4 == 6;
	size_t at = is_ipv4 ? 20 : 40;

	if (!is_ipv4 && !is_ipv6)
		return;
	uint8_t protocol = packet[is_ipv4 ? 9 : 6];
	if (protocol == 6 && size >= at + 20) {
		size_t header_size = at + packet[at + 12] / 16 * 4U;
		size_t payload = size > header_size ? size - header_size : 0;
		store_be32(packet + at + 4, load_be32(packet + at + 4) + (uint32_t)payload);
	}
	if (is_ipv4)
		store_be16(packet + 4, (uint16_t)(load_be16(packet + 4) + 1));
	if ((protocol == 6 && size >= at + 20) || (protocol == 17 && size >= at + 8))
		plain_finish(packet, size, at, protocol == 17);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_ready;
	static uint8_t bytes[LENGTH_MAX];
	size_t length = 0;

	if (!is_ready && packet_pool_init(&stage.pool, MODEL_PACKETS) < 0)
		abort();
	is_ready = true;
	begin(COALESCE_TCP | COALESCE_UDP);
	while (size >= 2 && stage.in_count < PACKETS_MAX) {
		uint16_t said = load_be16(data);
		data += 2;
		size -= 2;
		if (said & FOLLOWS) {
			follow(bytes, length);
		} else {
			length = said % LENGTH_MAX < size ? said % LENGTH_MAX : size;
			memcpy(bytes, data, length);
			data += length;
			size -= length;
		}
		give(bytes, length);
	}
	if (!holds())
		abort();
	return 0;
}
