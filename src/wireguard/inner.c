/* SPDX-License-Identifier: ISC */
#include "wireguard/inner.h"

#include "base/cursor.h"

#include <errno.h>

enum {
	IPV4_HEADER_SIZE = 20, /* RFC 791, 3.1: without options */
	IPV6_HEADER_SIZE = 40, /* RFC 8200, 3 */
	IPV6_ADDRESS_SIZE = 16,
};

/* In one piece, as whoever looks it up reads it: to read over several writes takes longer. */
static void set_ipv4(struct address *address, uint32_t value)
{
	address->family = ADDRESS_IPV4;
	store_be64(address->bytes, (uint64_t)value << 32);
	store_be64(address->bytes + 8, 0);
}

static void set_ipv6(struct address *address, const uint8_t *bytes)
{
	address->family = ADDRESS_IPV6;
	memcpy(address->bytes, bytes, IPV6_ADDRESS_SIZE);
}

static int parse_ipv4(const uint8_t *packet, size_t size, struct inner *ret_inner)
{
	struct cursor cursor = cursor_over(packet, size);

	size_t header = (cursor_u8(&cursor) & 0x0fU) * sizeof(uint32_t);
	(void)cursor_take(&cursor, 1); /* type of service */
	size_t length = cursor_be16(&cursor);
	(void)cursor_take(&cursor, 8); /* identification to checksum */
	uint32_t source = cursor_be32(&cursor);
	uint32_t destination = cursor_be32(&cursor);
	if (cursor.failed)
		return -EPROTO;
	if (header < IPV4_HEADER_SIZE || header > length || length > size)
		return -EPROTO;
	set_ipv4(&ret_inner->source, source);
	set_ipv4(&ret_inner->destination, destination);
	ret_inner->length = length;
	return 0;
}

static int parse_ipv6(const uint8_t *packet, size_t size, struct inner *ret_inner)
{
	struct cursor cursor = cursor_over(packet, size);

	(void)cursor_take(&cursor, 4); /* version, traffic class, flow label */
	size_t length = IPV6_HEADER_SIZE + (size_t)cursor_be16(&cursor);
	(void)cursor_take(&cursor, 2); /* next header, hop limit */
	const uint8_t *source = cursor_take(&cursor, IPV6_ADDRESS_SIZE);
	const uint8_t *destination = cursor_take(&cursor, IPV6_ADDRESS_SIZE);
	if (cursor.failed || length > size)
		return -EPROTO;
	set_ipv6(&ret_inner->source, source);
	set_ipv6(&ret_inner->destination, destination);
	ret_inner->length = length;
	return 0;
}

int inner_parse(const uint8_t *packet, size_t size, struct inner *ret_inner)
{
	struct cursor cursor = cursor_over(packet, size);
	uint8_t version = cursor_u8(&cursor) >> 4; /* 0 where there is nothing */

	if (version == 4)
		return parse_ipv4(packet, size, ret_inner);
	if (version == 6)
		return parse_ipv6(packet, size, ret_inner);
	return -EPROTO;
}
