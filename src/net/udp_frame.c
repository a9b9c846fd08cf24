/* SPDX-License-Identifier: ISC */
#include "net/udp_frame.h"

#include "base/cursor.h"
#include "net/checksum.h"

#include <errno.h>
#include <netinet/in.h>

enum {
	IPV4_SIZE = 20,
	IPV6_SIZE = 40,
	UDP_SIZE = 8,
	PLAIN_IPV4 = 0x45,	/* version, and five words */
	FRAGMENT_BITS = 0x3fff, /* more of them, or not the first */
};

/* An address of `size` bytes. */
static struct address take_address(struct cursor *cursor, enum address_family family, size_t size)
{
	struct address address = {.family = (uint8_t)family};

	cursor_copy(cursor, address.bytes, size);
	return address;
}

/* What the header says of its packet's length, header included; 0: it is none of ours. */
static size_t read_ipv4(struct cursor *cursor, struct udp_frame *frame)
{
	struct cursor ahead = *cursor;
	const uint8_t *header = cursor_take(&ahead, IPV4_SIZE);

	if (!header || header[0] != PLAIN_IPV4 || header[9] != IPPROTO_UDP ||
		(load_be16(header + 6) & FRAGMENT_BITS) ||
		checksum_fold(checksum_add(0, header, IPV4_SIZE)) != UINT16_MAX)
		return 0;
	(void)cursor_take(cursor, 12); /* it is there */
	frame->source = take_address(cursor, ADDRESS_IPV4, sizeof(struct in_addr));
	frame->destination = take_address(cursor, ADDRESS_IPV4, sizeof(struct in_addr));
	return load_be16(header + 2);
}

static size_t read_ipv6(struct cursor *cursor, struct udp_frame *frame)
{
	struct cursor ahead = *cursor;
	const uint8_t *header = cursor_take(&ahead, IPV6_SIZE);

	if (!header || header[0] >> 4 != 6 || header[6] != IPPROTO_UDP)
		return 0;
	(void)cursor_take(cursor, 8); /* it is there */
	frame->source = take_address(cursor, ADDRESS_IPV6, sizeof(struct in6_addr));
	frame->destination = take_address(cursor, ADDRESS_IPV6, sizeof(struct in6_addr));
	return IPV6_SIZE + (size_t)load_be16(header + 4);
}

int udp_frame_read(const uint8_t *network, size_t size, struct udp_frame *ret_frame)
{
	struct cursor cursor = cursor_over(network, size);
	struct udp_frame frame = {0};
	bool is_ipv4 = size > 0 && network[0] == PLAIN_IPV4;
	size_t length = is_ipv4 ? read_ipv4(&cursor, &frame) : read_ipv6(&cursor, &frame);

	if (length == 0 || length > size)
		return -EBADMSG;
	const uint8_t *udp = cursor_take(&cursor, UDP_SIZE);
	if (!udp)
		return -EBADMSG;
	frame.payload_at = (is_ipv4 ? IPV4_SIZE : IPV6_SIZE) + UDP_SIZE;
	if (length < frame.payload_at || load_be16(udp + 4) != length - frame.payload_at + UDP_SIZE)
		return -EBADMSG;
	frame.source_port = load_be16(udp);
	frame.payload_size = length - frame.payload_at;
	*ret_frame = frame;
	return 0;
}
