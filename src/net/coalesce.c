/* SPDX-License-Identifier: ISC */
#include "net/coalesce.h"

#include "base/cursor.h"
#include "net/transport.h"

#include <string.h>

/* What a packet is to the coalescer. */
enum sort {
	SORT_LOOSE,   /* of a protocol whose packets have no order with TCP's and UDP's */
	SORT_UNKNOWN, /* may be of any flow: a fragment, something with options, or malformed */
	SORT_FLOW,    /* of a TCP or UDP flow */
};

struct shape {
	uint32_t flow; /* hash */
	uint16_t payload_size;
	uint8_t transport_at, payload_at;
	bool is_tcp;
	bool can_join; /* nothing in its own headers speaks against it */
	bool is_last;  /* and none may join behind it */
};

static bool is_ipv4(const uint8_t *packet)
{
	return packet[0] >> 4 == 4;
}

/* ---- what a packet is ---- */

static uint32_t hash(const uint8_t *addresses, size_t addresses_size, const uint8_t *ports)
{
	uint64_t mixed = load_be32(ports);

	for (size_t i = 0; i < addresses_size; i += sizeof(uint64_t))
		mixed = (mixed ^ load_le64(addresses + i)) * 0x9e3779b97f4a7c15ULL;
	return (uint32_t)(mixed >> 32);
}

/* Network header of a packet that has no options and is no fragment; its protocol. */
static enum sort shape_ipv4(const uint8_t *packet, size_t size, uint8_t *ret_protocol)
{
	struct cursor cursor = cursor_over(packet, size);
	const uint8_t *header = cursor_take(&cursor, IPV4_HEADER_SIZE);

	if (!header || (header[0] & 0x0f) != IPV4_HEADER_SIZE / sizeof(uint32_t) ||
		load_be16(header + IPV4_LENGTH) != size)
		return SORT_UNKNOWN;
	if (load_be16(header + IPV4_FRAGMENT) & ~IPV4_DONT_FRAGMENT)
		return SORT_UNKNOWN;
	*ret_protocol = header[IPV4_PROTOCOL];
	return *ret_protocol == PROTOCOL_TCP || *ret_protocol == PROTOCOL_UDP ? SORT_FLOW
									      : SORT_LOOSE;
}

static enum sort shape_ipv6(const uint8_t *packet, size_t size, uint8_t *ret_protocol)
{
	struct cursor cursor = cursor_over(packet, size);
	const uint8_t *header = cursor_take(&cursor, IPV6_HEADER_SIZE);

	if (!header || (size_t)load_be16(header + IPV6_LENGTH) + IPV6_HEADER_SIZE != size)
		return SORT_UNKNOWN;
	*ret_protocol = header[IPV6_NEXT];
	if (*ret_protocol == PROTOCOL_TCP || *ret_protocol == PROTOCOL_UDP)
		return SORT_FLOW;
	return *ret_protocol == PROTOCOL_ICMPV6 ? SORT_LOOSE : SORT_UNKNOWN;
}

static enum sort shape_tcp(struct cursor *cursor, struct shape *shape)
{
	size_t size = cursor_left(cursor);
	const uint8_t *tcp = cursor_take(cursor, TCP_HEADER_SIZE);
	size_t header_size = tcp ? transport_tcp_header_size(tcp) : 0;

	if (header_size < TCP_HEADER_SIZE || header_size > size)
		return SORT_UNKNOWN;
	shape->is_tcp = true;
	shape->payload_at = (uint8_t)(shape->transport_at + header_size);
	shape->payload_size = (uint16_t)(size - header_size);
	shape->can_join =
		shape->payload_size > 0 && (tcp[TCP_FLAGS] & ~(TCP_PSH | TCP_ECE)) == TCP_ACK;
	shape->is_last = tcp[TCP_FLAGS] & TCP_PSH;
	return SORT_FLOW;
}

static enum sort shape_udp(struct cursor *cursor, struct shape *shape)
{
	size_t size = cursor_left(cursor);
	const uint8_t *udp = cursor_take(cursor, UDP_HEADER_SIZE);

	if (!udp)
		return SORT_UNKNOWN;
	shape->payload_at = (uint8_t)(shape->transport_at + UDP_HEADER_SIZE);
	shape->payload_size = (uint16_t)(size - UDP_HEADER_SIZE);
	shape->can_join = shape->payload_size > 0 && load_be16(udp + UDP_LENGTH) == size &&
			  checksum_load(udp + UDP_CHECKSUM) != 0;
	return SORT_FLOW;
}

/* *ret_shape is zero before; it is filled for packets of flows. */
static enum sort shape_packet(const struct packet *packet, struct shape *ret_shape)
{
	const uint8_t *data = packet->data;
	struct cursor cursor = cursor_over(data, packet->length);
	uint8_t version = packet->length > 0 ? data[0] >> 4 : 0;
	enum sort sort = SORT_UNKNOWN;
	uint8_t protocol = 0;

	if (packet->length > VNET_PACKET_MAX)
		return SORT_UNKNOWN;
	if (version == 4)
		sort = shape_ipv4(data, packet->length, &protocol);
	else if (version == 6)
		sort = shape_ipv6(data, packet->length, &protocol);
	if (sort != SORT_FLOW)
		return sort;
	ret_shape->transport_at = version == 4 ? IPV4_HEADER_SIZE : IPV6_HEADER_SIZE;
	(void)cursor_take(&cursor, ret_shape->transport_at);
	sort = protocol == PROTOCOL_TCP ? shape_tcp(&cursor, ret_shape)
					: shape_udp(&cursor, ret_shape);
	if (sort == SORT_FLOW)
		ret_shape->flow = hash(data + (version == 4 ? IPV4_ADDRESSES : IPV6_ADDRESSES),
					  version == 4 ? IPV4_ADDRESSES_SIZE : IPV6_ADDRESSES_SIZE,
					  data + ret_shape->transport_at) ^
				  protocol;
	return sort;
}

/* ---- what belongs together ---- */

/* Whether both packets are of one flow; they are of the same hash. */
static bool is_same_flow(const uint8_t *a, const uint8_t *b, size_t transport_at, bool is_tcp)
{
	bool both_ipv4 = is_ipv4(a) && is_ipv4(b);
	uint8_t protocol = is_tcp ? PROTOCOL_TCP : PROTOCOL_UDP;

	if (is_ipv4(a) != is_ipv4(b))
		return false;
	if (b[both_ipv4 ? IPV4_PROTOCOL : IPV6_NEXT] != protocol)
		return false;
	if (memcmp(a + transport_at, b + transport_at, PORTS_SIZE) != 0)
		return false;
	return both_ipv4 ? memcmp(a + IPV4_ADDRESSES, b + IPV4_ADDRESSES, IPV4_ADDRESSES_SIZE) == 0
			 : memcmp(a + IPV6_ADDRESSES, b + IPV6_ADDRESSES, IPV6_ADDRESSES_SIZE) == 0;
}

/*
 * Whether the identification goes on as splitting would count it; or, with DF, whether it stands
 * still (inet_gro_flush).
 */
static bool continues_ids(const struct bundle *bundle, const uint8_t *first, const uint8_t *next)
{
	uint16_t offset = (uint16_t)(load_be16(next + IPV4_ID) - load_be16(first + IPV4_ID));
	bool has_df = load_be16(first + IPV4_FRAGMENT) & IPV4_DONT_FRAGMENT;

	if (bundle->packets.count == 1 ? offset == 0 && has_df : bundle->has_one_id)
		return offset == 0;
	return offset == bundle->packets.count;
}

static bool continues_network(
	const struct bundle *bundle, const uint8_t *first, const uint8_t *next)
{
	if (!is_ipv4(first)) /* version, traffic class, flow label */
		return memcmp(first, next, sizeof(uint32_t)) == 0 &&
		       first[IPV6_HOP_LIMIT] == next[IPV6_HOP_LIMIT];
	return first[IPV4_TOS] == next[IPV4_TOS] && first[IPV4_TTL] == next[IPV4_TTL] &&
	       memcmp(first + IPV4_FRAGMENT, next + IPV4_FRAGMENT, sizeof(uint16_t)) == 0 &&
	       continues_ids(bundle, first, next);
}

/* Header and options are the same but for the sequence number, which goes on, and PSH. */
static bool continues_tcp(
	const struct bundle *bundle, const uint8_t *first, const uint8_t *next, size_t header_size)
{
	uint32_t sequence =
		load_be32(first + TCP_SEQUENCE) + (uint32_t)(bundle->size - bundle->payload_at);

	return load_be32(next + TCP_SEQUENCE) == sequence &&
	       memcmp(first + TCP_ACKNOWLEDGEMENT, next + TCP_ACKNOWLEDGEMENT,
		       TCP_FLAGS - TCP_ACKNOWLEDGEMENT) == 0 &&
	       ((first[TCP_FLAGS] ^ next[TCP_FLAGS]) & ~TCP_PSH) == 0 &&
	       memcmp(first + TCP_WINDOW, next + TCP_WINDOW, TCP_CHECKSUM - TCP_WINDOW) == 0 &&
	       memcmp(first + TCP_URGENT, next + TCP_URGENT, header_size - TCP_URGENT) == 0;
}

/* Whether the checksums of a packet of a flow are right. */
static bool is_right(const uint8_t *packet, size_t size, size_t transport_at, bool is_tcp)
{
	uint64_t sum = transport_pseudo_sum(packet, is_tcp ? PROTOCOL_TCP : PROTOCOL_UDP);

	if (is_ipv4(packet) && checksum_fold(checksum_add(0, packet, IPV4_HEADER_SIZE)) != 0xffff)
		return false;
	sum = checksum_add_be16(sum, (uint16_t)(size - transport_at));
	sum = checksum_add(sum, packet + transport_at, size - transport_at);
	return checksum_fold(sum) == 0xffff;
}

/* Whether the packet, of the same flow, may join the bundle; but for checksums. */
static bool is_next(
	const struct bundle *bundle, const struct shape *shape, const struct packet *packet)
{
	const uint8_t *first = bundle->packets.first->data, *next = packet->data;

	if (!bundle->is_open || !shape->can_join || shape->payload_at != bundle->payload_at ||
		shape->payload_size > bundle->segment_size)
		return false;
	if (bundle->size + shape->payload_size > VNET_PACKET_MAX)
		return false;
	if (!continues_network(bundle, first, next))
		return false;
	return !shape->is_tcp ||
	       continues_tcp(bundle, first + shape->transport_at, next + shape->transport_at,
		       (size_t)shape->payload_at - shape->transport_at);
}

/* The checksums of the packet, and of the bundle's first if it was alone, are right. */
static bool verify(struct bundle *bundle, const struct packet *packet)
{
	const struct packet *first = bundle->packets.first;

	if (!bundle->is_verified &&
		!is_right(first->data, first->length, bundle->transport_at, bundle->is_tcp))
		return false;
	bundle->is_verified = true;
	return is_right(packet->data, packet->length, bundle->transport_at, bundle->is_tcp);
}

/* The last bundle of the packet's flow; NULL: there is none. */
static struct bundle *find(
	struct coalescer *coalescer, const struct shape *shape, const uint8_t *packet)
{
	for (size_t i = coalescer->count; i-- > coalescer->barrier;) {
		struct bundle *bundle = &coalescer->bundles[i];
		if (coalescer->flows[i] == shape->flow && bundle->transport_at > 0 &&
			bundle->is_tcp == shape->is_tcp &&
			is_same_flow(bundle->packets.first->data, packet, shape->transport_at,
				shape->is_tcp))
			return bundle;
	}
	return NULL;
}

static bool may_join(const struct coalescer *coalescer, const struct shape *shape)
{
	return shape->can_join && coalescer->joins & (shape->is_tcp ? COALESCE_TCP : COALESCE_UDP);
}

static void join(struct bundle *bundle, const struct shape *shape, struct packet *packet)
{
	const uint8_t *first = bundle->packets.first->data;

	if (bundle->packets.count == 1 && is_ipv4(first))
		bundle->has_one_id =
			load_be16(first + IPV4_ID) == load_be16(packet->data + IPV4_ID);
	packet_list_push(&bundle->packets, packet);
	bundle->size += shape->payload_size;
	bundle->is_open = !shape->is_last && shape->payload_size == bundle->segment_size &&
			  bundle->packets.count < COALESCE_PACKETS;
}

void coalesce_add(struct coalescer *coalescer, struct packet *packet)
{
	struct shape shape = {0};
	enum sort sort = coalescer->joins ? shape_packet(packet, &shape) : SORT_LOOSE;

	assert(!coalesce_is_full(coalescer));
	if (sort == SORT_FLOW && may_join(coalescer, &shape)) {
		struct bundle *bundle = find(coalescer, &shape, packet->data);
		if (bundle && is_next(bundle, &shape, packet) && verify(bundle, packet)) {
			join(bundle, &shape, packet);
			return;
		}
	}
	struct bundle *bundle = &coalescer->bundles[coalescer->count];
	*bundle = (struct bundle){
		.size = packet->length,
		.segment_size = shape.payload_size,
		.transport_at = shape.transport_at,
		.payload_at = shape.payload_at,
		.is_tcp = shape.is_tcp,
		.is_open = sort == SORT_FLOW && may_join(coalescer, &shape) && !shape.is_last,
	};
	packet_list_push(&bundle->packets, packet);
	coalescer->flows[coalescer->count++] = shape.flow;
	if (sort == SORT_UNKNOWN)
		coalescer->barrier = coalescer->count;
}

/* ---- a super-packet's headers ---- */

static void write_network(uint8_t *packet, size_t size)
{
	if (!is_ipv4(packet)) {
		store_be16(packet + IPV6_LENGTH, (uint16_t)(size - IPV6_HEADER_SIZE));
		return;
	}
	store_be16(packet + IPV4_LENGTH, (uint16_t)size);
	checksum_store(packet + IPV4_CHECKSUM, 0);
	checksum_store(packet + IPV4_CHECKSUM,
		(uint16_t)~checksum_fold(checksum_add(0, packet, IPV4_HEADER_SIZE)));
}

struct vnet coalesce_finish(const struct bundle *bundle)
{
	uint8_t *packet = bundle->packets.first->data;
	const uint8_t *last = bundle->packets.last->data;
	uint8_t *transport = packet + bundle->transport_at;
	uint16_t size = (uint16_t)(bundle->size - bundle->transport_at);

	if (bundle->packets.count == 1)
		return (struct vnet){.kind = VNET_SINGLE};
	write_network(packet, bundle->size);
	uint64_t sum = transport_pseudo_sum(packet, bundle->is_tcp ? PROTOCOL_TCP : PROTOCOL_UDP);
	uint16_t pseudo = checksum_fold(checksum_add_be16(sum, size));
	struct vnet vnet = {
		.flags = VNET_NEEDS_CHECKSUM,
		.kind = VNET_UDP,
		.header_size = bundle->payload_at,
		.segment_size = bundle->segment_size,
		.checksum_start = bundle->transport_at,
		.checksum_offset = UDP_CHECKSUM,
	};
	if (bundle->is_tcp) {
		vnet.kind = is_ipv4(packet) ? VNET_TCP4 : VNET_TCP6;
		vnet.checksum_offset = TCP_CHECKSUM;
		transport[TCP_FLAGS] |= last[bundle->transport_at + TCP_FLAGS] & TCP_PSH;
	} else {
		store_be16(transport + UDP_LENGTH, size);
	}
	checksum_store(transport + vnet.checksum_offset, pseudo);
	return vnet;
}
