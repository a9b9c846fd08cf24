/* SPDX-License-Identifier: ISC */
#include "radar/sample.h"

#include "base/cursor.h"
#include "base/error.h"

enum {
	PROTOCOL_ICMP = 1, /* IANA: protocol numbers; and so on */
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_SCTP = 132,
	PROTOCOL_UDPLITE = 136,
	PROTOCOL_ICMPV6 = 58,
	HEADER_HOP_BY_HOP = 0,
	HEADER_ROUTING = 43,
	HEADER_FRAGMENT = 44,
	HEADER_DESTINATION = 60,

	IPV4_HEADER_MIN = 20,
	IPV6_HEADER = 40,
	IPV4_DONT_FRAGMENT = 0x4000,
	IPV4_MORE_FRAGMENTS = 0x2000,
	IPV4_OFFSET = 0x1fff,
	IPV6_OFFSET = 0xfff8,
	TCP_HEADER_MIN = 20,
	UDP_HEADER = 8,
	ICMP_HEADER = 8,
	WORD = 4, /* bytes, that lengths of headers count in */
};

static void take_address(
	struct cursor *cursor, enum address_family family, struct address *ret_address)
{
	ret_address->family = (uint8_t)family;
	cursor_copy(cursor, ret_address->bytes, family == ADDRESS_IPV4 ? 4 : 16);
}

static uint32_t take_be32(struct cursor *cursor)
{
	uint32_t high = cursor_be16(cursor);

	return high << 16 | cursor_be16(cursor);
}

/* Keeps the beginning of what is left. */
static void take_payload(struct cursor *cursor, struct sample *sample, size_t header)
{
	size_t left = cursor_left(cursor);

	sample->has_transport = !cursor->failed;
	sample->payload_length = (uint16_t)(sample->length > header ? sample->length - header : 0);
	if (left > sample->payload_length) /* padding of the link */
		left = sample->payload_length;
	if (left > SAMPLE_PAYLOAD_MAX)
		left = SAMPLE_PAYLOAD_MAX;
	sample->payload_size = (uint8_t)left;
	cursor_copy(cursor, sample->payload, left);
}

static void take_tcp(struct cursor *cursor, struct sample *sample)
{
	sample->source_port = cursor_be16(cursor);
	sample->target_port = cursor_be16(cursor);
	sample->sequence = take_be32(cursor);
	sample->acknowledged = take_be32(cursor);
	size_t header = (size_t)(cursor_u8(cursor) >> 4) * WORD;
	sample->flags = cursor_u8(cursor);
	sample->window = cursor_be16(cursor);
	(void)take_be32(cursor); /* checksum, urgent pointer */
	size_t options = header > TCP_HEADER_MIN ? header - TCP_HEADER_MIN : 0;
	if (options > cursor_left(cursor))
		options = cursor_left(cursor);
	sample->options_size = (uint8_t)options;
	cursor_copy(cursor, sample->options, options);
	take_payload(cursor, sample, header);
}

/* UDP, and SCTP as far as its ports. */
static void take_ports(struct cursor *cursor, struct sample *sample)
{
	sample->source_port = cursor_be16(cursor);
	sample->target_port = cursor_be16(cursor);
	(void)take_be32(cursor); /* length and checksum; SCTP: the tag */
	take_payload(cursor, sample, UDP_HEADER);
}

static void take_icmp(struct cursor *cursor, struct sample *sample)
{
	sample->type = cursor_u8(cursor);
	sample->code = cursor_u8(cursor);
	(void)cursor_be16(cursor);		   /* checksum */
	sample->source_port = cursor_be16(cursor); /* of an echo: its identifier */
	(void)cursor_be16(cursor);		   /* and number */
	take_payload(cursor, sample, ICMP_HEADER);
}

/* A TCP header may be cut behind its ports, where a fragment ends: those are worth having. */
static void take_short_tcp(struct cursor *cursor, struct sample *sample)
{
	struct cursor ports = *cursor;

	sample->source_port = cursor_be16(&ports);
	sample->target_port = cursor_be16(&ports);
	sample->payload_length = sample->length;
}

static void take_transport(struct cursor *cursor, struct sample *sample)
{
	if (sample->is_later_fragment)
		return;
	switch (sample->protocol) {
	case PROTOCOL_TCP:
		if (cursor_left(cursor) < TCP_HEADER_MIN)
			take_short_tcp(cursor, sample);
		else
			take_tcp(cursor, sample);
		return;
	case PROTOCOL_UDP:
	case PROTOCOL_UDPLITE:
	case PROTOCOL_SCTP:
		take_ports(cursor, sample);
		return;
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		take_icmp(cursor, sample);
		return;
	default:
		take_payload(cursor, sample, 0);
		return;
	}
}

static void take_fragment_word(struct sample *sample, uint16_t word)
{
	sample->is_whole = word & IPV4_DONT_FRAGMENT;
	sample->is_later_fragment = word & IPV4_OFFSET;
	sample->has_more = word & IPV4_MORE_FRAGMENTS;
	sample->is_fragment = sample->has_more || sample->is_later_fragment;
}

static int read_ipv4(struct cursor *cursor, struct sample *sample)
{
	uint8_t first = cursor_u8(cursor);
	size_t header = (size_t)(first & 15) * WORD;

	(void)cursor_u8(cursor); /* type of service */
	uint16_t length = cursor_be16(cursor);
	sample->number = cursor_be16(cursor);
	take_fragment_word(sample, cursor_be16(cursor));
	sample->hops = cursor_u8(cursor);
	sample->protocol = cursor_u8(cursor);
	(void)cursor_be16(cursor); /* checksum: whoever forwarded it has looked */
	take_address(cursor, ADDRESS_IPV4, &sample->source);
	take_address(cursor, ADDRESS_IPV4, &sample->target);
	if (cursor->failed)
		return ERR_TRUNCATED;
	if (first >> 4 != ADDRESS_IPV4)
		return ERR_UNKNOWN_WORD;
	if (header < IPV4_HEADER_MIN)
		return 0; /* nobody can say where it ends */
	sample->length = (uint16_t)(length > header ? length - header : 0);
	(void)cursor_take(cursor, header - IPV4_HEADER_MIN);
	take_transport(cursor, sample);
	return 0;
}

/* Steps over one extension header. False: what is there is none. */
static bool step_over(struct cursor *cursor, struct sample *sample)
{
	size_t before = cursor_left(cursor), length;
	uint16_t word;

	switch (sample->protocol) {
	case HEADER_HOP_BY_HOP:
	case HEADER_ROUTING:
	case HEADER_DESTINATION:
		sample->protocol = cursor_u8(cursor);
		length = (size_t)cursor_u8(cursor) * 8 + 6;
		break;
	case HEADER_FRAGMENT:
		sample->protocol = cursor_u8(cursor);
		(void)cursor_u8(cursor);
		sample->is_fragment = true;
		word = cursor_be16(cursor);
		sample->is_later_fragment = word & IPV6_OFFSET;
		sample->has_more = word & 1;
		length = 4;
		break;
	default:
		return false;
	}
	(void)cursor_take(cursor, length);
	size_t stepped = before - cursor_left(cursor);
	sample->length = (uint16_t)(sample->length > stepped ? sample->length - stepped : 0);
	return !cursor->failed && !sample->is_later_fragment;
}

static int read_ipv6(struct cursor *cursor, struct sample *sample)
{
	uint8_t first = (uint8_t)(take_be32(cursor) >> 28);

	sample->length = cursor_be16(cursor);
	sample->protocol = cursor_u8(cursor);
	sample->hops = cursor_u8(cursor);
	take_address(cursor, ADDRESS_IPV6, &sample->source);
	take_address(cursor, ADDRESS_IPV6, &sample->target);
	if (cursor->failed)
		return ERR_TRUNCATED;
	if (first != ADDRESS_IPV6)
		return ERR_UNKNOWN_WORD;
	for (unsigned i = 0; i < SAMPLE_EXTENSIONS_MAX && step_over(cursor, sample); i++)
		continue;
	take_transport(cursor, sample);
	return 0;
}

/* RFC 826, of IPv4 over Ethernet. */
static int read_arp(struct cursor *cursor, struct sample *sample)
{
	uint32_t kind = take_be32(cursor), sizes = take_be32(cursor);

	(void)cursor_take(cursor, 6); /* the sender's link address */
	take_address(cursor, ADDRESS_IPV4, &sample->source);
	(void)cursor_take(cursor, 6);
	take_address(cursor, ADDRESS_IPV4, &sample->target);
	if (cursor->failed)
		return ERR_TRUNCATED;
	if (kind != 0x00010800 || sizes >> 16 != 0x0604)
		return ERR_UNKNOWN_WORD;
	sample->is_arp = true;
	return 0;
}

int sample_read(
	enum sample_ethertype type, const void *bytes, size_t size, struct sample *ret_sample)
{
	struct cursor cursor = cursor_over(bytes, size);
	struct sample sample = {0};
	int result = ERR_UNKNOWN_WORD;

	switch (type) {
	case SAMPLE_ETHERTYPE_IPV4:
		result = read_ipv4(&cursor, &sample);
		break;
	case SAMPLE_ETHERTYPE_IPV6:
		result = read_ipv6(&cursor, &sample);
		break;
	case SAMPLE_ETHERTYPE_ARP:
		result = read_arp(&cursor, &sample);
		break;
	}
	if (result == 0)
		*ret_sample = sample;
	return result;
}
