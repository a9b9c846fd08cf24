/* SPDX-License-Identifier: ISC */
#include "prover/sighting.h"

#include "base/cursor.h"

#include <netinet/in.h>

enum {
	LINK_ADDRESSES = 12,
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	FRAGMENT_OFFSET = 0x1fff,
	WORDS_LEAST = 5,
	ECHO6 = 128, /* RFC 4443: below are errors */
};

static void read_address(struct cursor *cursor, uint8_t family, struct address *ret_address)
{
	*ret_address = (struct address){.family = family};
	cursor_copy(cursor, ret_address->bytes, family == ADDRESS_IPV6 ? 16 : 4);
}

/* Reads an IP header; false: it is none, or what is behind it is no beginning. */
static bool read_header(struct cursor *cursor, struct sighting *sighting)
{
	uint8_t first = cursor_u8(cursor), words = first & 15;
	uint16_t fragment = 0;

	sighting->family = first >> 4;
	if (sighting->family == ADDRESS_IPV4) {
		(void)cursor_take(cursor, 3);
		sighting->identification = cursor_be16(cursor);
		fragment = cursor_be16(cursor);
		(void)cursor_u8(cursor);
		sighting->protocol = cursor_u8(cursor);
		(void)cursor_be16(cursor);
	} else {
		(void)cursor_take(cursor, 5);
		sighting->protocol = cursor_u8(cursor);
		(void)cursor_u8(cursor);
	}
	read_address(cursor, sighting->family, &sighting->source);
	read_address(cursor, sighting->family, &sighting->destination);
	if (sighting->family == ADDRESS_IPV4 && words > WORDS_LEAST)
		(void)cursor_take(cursor, (words - (size_t)WORDS_LEAST) * 4);
	bool is_good = sighting->family == ADDRESS_IPV6 ||
		       (sighting->family == ADDRESS_IPV4 && words >= WORDS_LEAST);
	return is_good && !cursor->failed && (fragment & FRAGMENT_OFFSET) == 0;
}

static void read_udp(struct cursor *cursor, struct sighting *sighting)
{
	sighting->from = cursor_be16(cursor);
	sighting->to = cursor_be16(cursor);
	uint16_t length = cursor_be16(cursor);
	(void)cursor_be16(cursor);
	sighting->size = length >= 8 ? length - 8 : 0;
	if (sighting->size >= 2)
		sighting->word = cursor_be16(cursor);
}

static void read_tcp(struct cursor *cursor, struct sighting *sighting)
{
	sighting->from = cursor_be16(cursor);
	sighting->to = cursor_be16(cursor);
	(void)cursor_take(cursor, 9);
	sighting->type = cursor_u8(cursor);
}

/* What an error quotes: an IP header, and eight bytes behind it. */
static void read_quoted(struct cursor *cursor, struct sighting *sighting)
{
	struct sighting quoted = {0};

	(void)cursor_take(cursor, 4);
	sighting->is_error = true;
	if (!read_header(cursor, &quoted))
		return;
	sighting->quoted_protocol = quoted.protocol;
	sighting->quoted_from = cursor_be16(cursor);
	sighting->quoted_to = cursor_be16(cursor);
}

static bool is_error(const struct sighting *sighting)
{
	uint8_t type = sighting->type;

	if (sighting->family == ADDRESS_IPV6)
		return type < ECHO6;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static void read_icmp(struct cursor *cursor, struct sighting *sighting)
{
	sighting->type = cursor_u8(cursor);
	sighting->code = cursor_u8(cursor);
	(void)cursor_be16(cursor);
	if (is_error(sighting)) {
		read_quoted(cursor, sighting);
		return;
	}
	sighting->id = cursor_be16(cursor);
	sighting->sequence = cursor_be16(cursor);
}

/* Whether what the link header says is what is behind it. */
static bool is_family(uint16_t ethertype, uint8_t family)
{
	return (ethertype == ETHERTYPE_IPV4 && family == ADDRESS_IPV4) ||
	       (ethertype == ETHERTYPE_IPV6 && family == ADDRESS_IPV6);
}

void sighting_read(const uint8_t *frame, size_t size, struct sighting *ret_sighting)
{
	struct cursor cursor = cursor_over(frame, size);
	struct sighting sighting = {0};

	(void)cursor_take(&cursor, LINK_ADDRESSES);
	uint16_t ethertype = cursor_be16(&cursor);
	bool has_body = read_header(&cursor, &sighting);
	if (cursor.failed || !is_family(ethertype, sighting.family)) {
		*ret_sighting = (struct sighting){0};
		return;
	}
	if (has_body && sighting.protocol == IPPROTO_UDP)
		read_udp(&cursor, &sighting);
	if (has_body && sighting.protocol == IPPROTO_TCP)
		read_tcp(&cursor, &sighting);
	if (has_body && (sighting.protocol == IPPROTO_ICMP || sighting.protocol == IPPROTO_ICMPV6))
		read_icmp(&cursor, &sighting);
	*ret_sighting = sighting;
}
