/* SPDX-License-Identifier: ISC */
#include "wireguard/inner.h"

#include "base/cursor.h"

#include <errno.h>

enum {
	IPV4_HEADER_SIZE = 20, /* RFC 791, 3.1: without options */
	IPV4_ADDRESS_SIZE = 4,
	IPV6_HEADER_SIZE = 40, /* RFC 8200, 3 */
	IPV6_ADDRESS_SIZE = 16,
};

static int parse_ipv4(const uint8_t *packet, size_t size, struct inner *ret_inner)
{
	struct cursor cursor = cursor_over(packet, size);
	struct inner inner = {
		.source.family = ADDRESS_IPV4,
		.destination.family = ADDRESS_IPV4,
	};

	size_t header = (cursor_u8(&cursor) & 0x0fU) * sizeof(uint32_t);
	(void)cursor_take(&cursor, 1); /* type of service */
	inner.length = cursor_be16(&cursor);
	(void)cursor_take(&cursor, 8); /* identification to checksum */
	cursor_copy(&cursor, inner.source.bytes, IPV4_ADDRESS_SIZE);
	cursor_copy(&cursor, inner.destination.bytes, IPV4_ADDRESS_SIZE);
	if (cursor.failed)
		return -EPROTO;
	if (header < IPV4_HEADER_SIZE || header > inner.length || inner.length > size)
		return -EPROTO;
	*ret_inner = inner;
	return 0;
}

static int parse_ipv6(const uint8_t *packet, size_t size, struct inner *ret_inner)
{
	struct cursor cursor = cursor_over(packet, size);
	struct inner inner = {
		.source.family = ADDRESS_IPV6,
		.destination.family = ADDRESS_IPV6,
	};

	(void)cursor_take(&cursor, 4); /* version, traffic class, flow label */
	inner.length = IPV6_HEADER_SIZE + (size_t)cursor_be16(&cursor);
	(void)cursor_take(&cursor, 2); /* next header, hop limit */
	cursor_copy(&cursor, inner.source.bytes, IPV6_ADDRESS_SIZE);
	cursor_copy(&cursor, inner.destination.bytes, IPV6_ADDRESS_SIZE);
	if (cursor.failed || inner.length > size)
		return -EPROTO;
	*ret_inner = inner;
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
