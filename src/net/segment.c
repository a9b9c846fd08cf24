/* SPDX-License-Identifier: ISC */
#include "net/segment.h"

#include "base/cursor.h"
#include "net/transport.h"

#include <assert.h>
#include <errno.h>

/* Where an IPv4 header ends; 0: it is none, or not one before such a transport header. */
static size_t end_of_ipv4(const uint8_t *packet, size_t size, uint8_t protocol)
{
	struct cursor cursor = cursor_over(packet, size);
	const uint8_t *header = cursor_take(&cursor, IPV4_HEADER_SIZE);

	if (!header || header[0] >> 4 != 4 || header[IPV4_PROTOCOL] != protocol)
		return 0;
	size_t end = (header[0] & 0x0fU) * sizeof(uint32_t);
	return end < IPV4_HEADER_SIZE ? 0 : end;
}

/*
 * Where an IPv6 header ends, and its extensions: the kernel says so. Where it does not, there must
 * be none.
 */
static size_t end_of_ipv6(
	const struct vnet *vnet, const uint8_t *packet, size_t size, uint8_t protocol)
{
	struct cursor cursor = cursor_over(packet, size);
	const uint8_t *header = cursor_take(&cursor, IPV6_HEADER_SIZE);

	if (!header || header[0] >> 4 != 6)
		return 0;
	if (vnet->flags & VNET_NEEDS_CHECKSUM)
		return vnet->checksum_start < IPV6_HEADER_SIZE ? 0 : vnet->checksum_start;
	return header[IPV6_NEXT] == protocol ? IPV6_HEADER_SIZE : 0;
}

/* Which headers there are, and where; header_size is still without a transport header. */
static int find_transport(
	const struct vnet *vnet, const uint8_t *packet, size_t size, struct segments *segments)
{
	uint8_t kind = vnet->kind & (uint8_t)~VNET_ECN;

	if (size == 0 || vnet->segment_size == 0)
		return -EPROTO;
	segments->is_ipv4 = kind == VNET_UDP ? packet[0] >> 4 == 4 : kind == VNET_TCP4;
	segments->is_tcp = kind != VNET_UDP;
	if (kind != VNET_TCP4 && kind != VNET_TCP6 && vnet->kind != VNET_UDP)
		return -EPROTO;
	uint8_t protocol = segments->is_tcp ? PROTOCOL_TCP : PROTOCOL_UDP;
	segments->transport_at = segments->is_ipv4 ? end_of_ipv4(packet, size, protocol)
						   : end_of_ipv6(vnet, packet, size, protocol);
	return segments->transport_at == 0 ? -EPROTO : 0;
}

/* The length of the transport header; 0: it is cut short. */
static size_t transport_size(const struct segments *segments, const uint8_t *packet, size_t size)
{
	struct cursor cursor = cursor_over(packet, size);

	(void)cursor_take(&cursor, segments->transport_at);
	if (!segments->is_tcp)
		return cursor_take(&cursor, UDP_HEADER_SIZE) ? UDP_HEADER_SIZE : 0;
	const uint8_t *tcp = cursor_take(&cursor, TCP_HEADER_SIZE);
	size_t header_size = tcp ? transport_tcp_header_size(tcp) : 0;
	return header_size < TCP_HEADER_SIZE ? 0 : header_size;
}

/*
 * The pseudo-header without a length. The kernel has left its sum in the checksum's place, which
 * knows of a final destination behind a routing header, too; elsewhere it is summed up here.
 */
static int sum_pseudo_header(const struct vnet *vnet, size_t size, struct segments *segments)
{
	size_t offset = segments->is_tcp ? TCP_CHECKSUM : UDP_CHECKSUM;
	const uint8_t *checksum = segments->headers + segments->transport_at + offset;
	uint8_t protocol = segments->is_tcp ? PROTOCOL_TCP : PROTOCOL_UDP;

	segments->has_checksum = true;
	if (!(vnet->flags & VNET_NEEDS_CHECKSUM)) {
		segments->pseudo_sum = transport_pseudo_sum(segments->headers, protocol);
		segments->has_checksum =
			segments->is_tcp || !segments->is_ipv4 || checksum_load(checksum) != 0;
		return 0;
	}
	if (vnet->checksum_start != segments->transport_at || vnet->checksum_offset != offset)
		return -EPROTO;
	segments->pseudo_sum = checksum_subtract_be16(
		checksum_load(checksum), (uint16_t)(size - segments->transport_at));
	return 0;
}

int segments_parse(
	const struct vnet *vnet, const uint8_t *packet, size_t size, struct segments *ret_segments)
{
	struct segments *segments = ret_segments;

	if (size > VNET_PACKET_MAX || find_transport(vnet, packet, size, segments) < 0)
		return -EPROTO;
	size_t transport = transport_size(segments, packet, size);
	segments->header_size = segments->transport_at + transport;
	if (transport == 0 || segments->header_size > size ||
		segments->header_size > SEGMENT_HEADERS_MAX)
		return -EPROTO;
	memcpy(segments->headers, packet, segments->header_size);
	segments->payload_size = size - segments->header_size;
	segments->segment_size = vnet->segment_size;
	segments->count = (segments->payload_size + vnet->segment_size - 1) / vnet->segment_size;
	if (segments->count == 0)
		segments->count = 1;
	return sum_pseudo_header(vnet, size, segments);
}

/* Length, identification, checksum. */
static void write_ipv4(const struct segments *segments, size_t number, uint8_t *packet, size_t size)
{
	uint16_t id = load_be16(segments->headers + IPV4_ID);

	store_be16(packet + IPV4_LENGTH, (uint16_t)size);
	store_be16(packet + IPV4_ID, (uint16_t)(id + number));
	checksum_store(packet + IPV4_CHECKSUM, 0);
	checksum_store(packet + IPV4_CHECKSUM,
		(uint16_t)~checksum_fold(checksum_add(0, packet, segments->transport_at)));
}

static void write_tcp(const struct segments *segments, size_t number, uint8_t *tcp)
{
	uint32_t sequence = load_be32(tcp + TCP_SEQUENCE);

	store_be32(tcp + TCP_SEQUENCE, sequence + (uint32_t)(number * segments->segment_size));
	if (number > 0)
		tcp[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
	if (number + 1 < segments->count)
		tcp[TCP_FLAGS] &= (uint8_t) ~(TCP_PSH | TCP_FIN);
}

/* The checksum of a transport header and what is behind it, `size` bytes, in its place. */
static void write_checksum(const struct segments *segments, uint8_t *transport, size_t size)
{
	uint8_t *at = transport + (segments->is_tcp ? TCP_CHECKSUM : UDP_CHECKSUM);

	checksum_store(at, 0);
	if (!segments->has_checksum)
		return;
	uint64_t sum = checksum_add_be16(segments->pseudo_sum, (uint16_t)size);
	uint16_t checksum = (uint16_t)~checksum_fold(checksum_add(sum, transport, size));
	if (checksum == 0 && !segments->is_tcp)
		checksum = 0xffff; /* RFC 768: 0 says that there is none */
	checksum_store(at, checksum);
}

size_t segment_write(const struct segments *segments, size_t number, uint8_t *packet)
{
	size_t size = segments->header_size + segment_payload_size(segments, number);
	uint8_t *transport = packet + segments->transport_at;
	size_t transport_length = size - segments->transport_at;

	assert(number < segments->count);
	memcpy(packet, segments->headers, segments->header_size);
	if (segments->is_ipv4)
		write_ipv4(segments, number, packet, size);
	else
		store_be16(packet + IPV6_LENGTH, (uint16_t)(size - IPV6_HEADER_SIZE));
	if (segments->is_tcp)
		write_tcp(segments, number, transport);
	else
		store_be16(transport + UDP_LENGTH, (uint16_t)transport_length);
	write_checksum(segments, transport, transport_length);
	return size;
}

int segment_complete(const struct vnet *vnet, uint8_t *packet, size_t size)
{
	size_t start = vnet->checksum_start;

	if (!(vnet->flags & VNET_NEEDS_CHECKSUM))
		return 0;
	if (start + vnet->checksum_offset + sizeof(uint16_t) > size)
		return -EPROTO;
	uint16_t checksum = (uint16_t)~checksum_fold(checksum_add(0, packet + start, size - start));
	checksum_store(packet + start + vnet->checksum_offset,
		checksum == 0 ? 0xffff : checksum); /* as skb_checksum_help() */
	return 0;
}
