/* SPDX-License-Identifier: ISC */
#include "prover/recorded.h"

#include "base/cursor.h"
#include "base/error.h"
#include "wireguard/messages.h"

#include <netinet/in.h>

enum {
	LINK_ETHERNET = 1,
	LINK_RAW = 101,
	LINK_COOKED = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_COOKED2 = 276,
};

/* pcapng: draft-ietf-opsawg-pcapng, section 4. */
enum {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET_OLD = 2,
	BLOCK_PACKET_SIMPLE = 3,
	BLOCK_PACKET = 6,
	BLOCK_FRAME = 12, /* type, and the length before and behind what is in it */
	BLOCK_ALIGN = 4,
};

#define MAGIC_US 0xa1b2c3d4
#define MAGIC_NS 0xa1b23c4d
#define BLOCK_SECTION 0x0a0d0d0a /* the same in both byte orders */
#define MAGIC_SECTION 0x1a2b3c4d

/* How the numbers of this capture are written. */
struct form {
	bool is_swapped; /* big-endian */
	uint32_t link;
};

static uint32_t number(struct cursor *cursor, const struct form *form)
{
	uint32_t value = cursor_le32(cursor);

	return form->is_swapped ? __builtin_bswap32(value) : value;
}

/* Bytes of link header before the IP header; -1: not known. */
static int link_size(uint32_t link)
{
	switch (link) {
	case LINK_ETHERNET:
		return 14;
	case LINK_COOKED:
		return 16;
	case LINK_COOKED2:
		return 20;
	case LINK_RAW:
	case LINK_IPV4:
	case LINK_IPV6:
		return 0;
	default:
		return -1;
	}
}

static int read_head(struct cursor *cursor, struct form *ret_form)
{
	struct form form = {0};

	uint32_t magic = cursor_le32(cursor);
	if (magic != MAGIC_US && magic != MAGIC_NS) {
		magic = __builtin_bswap32(magic);
		form.is_swapped = true;
	}
	if (magic != MAGIC_US && magic != MAGIC_NS)
		return ERR_SYNTAX;
	(void)cursor_take(cursor, 16);
	form.link = number(cursor, &form) & 0xffff;
	if (cursor->failed)
		return ERR_SYNTAX;
	if (link_size(form.link) < 0)
		return ERR_UNKNOWN_WORD;
	*ret_form = form;
	return 0;
}

/* Goes behind the IP header, to UDP; fails where there is something else. */
static void enter_udp(struct cursor *cursor)
{
	uint8_t first = cursor_u8(cursor);
	uint8_t protocol;

	if (first >> 4 == 4) {
		(void)cursor_take(cursor, 8);
		protocol = cursor_u8(cursor);
		(void)cursor_take(cursor, 10);
		if ((first & 15) > 5)
			(void)cursor_take(cursor, ((first & 15) - 5U) * 4);
	} else {
		(void)cursor_take(cursor, 5);
		protocol = cursor_u8(cursor);
		(void)cursor_take(cursor, 33);
	}
	if (protocol != IPPROTO_UDP)
		cursor->failed = true;
}

static void take_packet(
	struct cursor packet, uint32_t link, uint16_t port, struct recorded *recorded)
{
	(void)cursor_take(&packet, (size_t)link_size(link));
	enter_udp(&packet);
	(void)cursor_be16(&packet);
	uint16_t to = cursor_be16(&packet);
	uint16_t size = cursor_be16(&packet);
	(void)cursor_be16(&packet);
	if (packet.failed || to != port || size < 8 || size - 8 > RECORDED_SIZE_MAX)
		return;
	const uint8_t *message = cursor_take(&packet, size - 8U);
	if (!message)
		return;
	enum message_type type = message_classify(message, size - 8U);
	if (type == MESSAGE_INVALID || recorded->counts[type - 1] == RECORDED_MAX)
		return;
	recorded->messages[type - 1][recorded->counts[type - 1]++] =
		(struct recorded_message){message, size - 8U};
}

static int read_pcap(struct cursor *cursor, uint16_t port, struct recorded *recorded)
{
	struct form form = {.link = 0};

	int err = read_head(cursor, &form);
	while (err == 0 && cursor_left(cursor) > 0) {
		(void)cursor_take(cursor, 8); /* when */
		uint32_t captured = number(cursor, &form);
		(void)cursor_take(cursor, 4); /* length on the wire */
		const uint8_t *packet = cursor_take(cursor, captured);
		if (packet)
			take_packet(cursor_over(packet, captured), form.link, port, recorded);
	}
	return err;
}

/* ---- pcapng ---- */

/* A section: its byte order, and the interfaces that it has named so far. */
struct section {
	struct form form;
	uint32_t links[RECORDED_INTERFACES_MAX], snaps[RECORDED_INTERFACES_MAX];
	size_t count;
	bool has_known_link;
};

static int begin_section(struct cursor body, struct section *section)
{
	section->count = 0;
	section->form.is_swapped = false;
	uint32_t magic = cursor_le32(&body);
	if (magic == __builtin_bswap32(MAGIC_SECTION))
		section->form.is_swapped = true;
	else if (magic != MAGIC_SECTION)
		return ERR_SYNTAX;
	return 0;
}

static uint32_t half(uint32_t word, const struct form *form)
{
	return form->is_swapped ? word >> 16 : word & 0xffff;
}

static void add_interface(struct cursor body, struct section *section)
{
	uint32_t link = half(number(&body, &section->form), &section->form);
	uint32_t snap = number(&body, &section->form);

	if (body.failed || section->count == RECORDED_INTERFACES_MAX)
		return;
	section->links[section->count] = link;
	section->snaps[section->count++] = snap;
	section->has_known_link = section->has_known_link || link_size(link) >= 0;
}

/* What was captured of a packet, of which so much may be there; of an interface of this section. */
static void take_captured(struct cursor body, uint32_t captured, uint32_t interface,
	const struct section *section, uint16_t port, struct recorded *recorded)
{
	const uint8_t *packet = cursor_take(&body, captured);

	if (packet && interface < section->count && link_size(section->links[interface]) >= 0)
		take_packet(
			cursor_over(packet, captured), section->links[interface], port, recorded);
}

static void take_simple(
	struct cursor body, const struct section *section, uint16_t port, struct recorded *recorded)
{
	uint32_t captured = number(&body, &section->form);
	uint32_t snap = section->count > 0 ? section->snaps[0] : 0;

	if (snap > 0 && captured > snap)
		captured = snap;
	take_captured(body, captured, 0, section, port, recorded);
}

static void take_block(uint32_t type, struct cursor body, struct section *section, uint16_t port,
	struct recorded *recorded)
{
	uint32_t interface, captured;

	switch (type) {
	case BLOCK_INTERFACE:
		add_interface(body, section);
		return;
	case BLOCK_PACKET_SIMPLE:
		take_simple(body, section, port, recorded);
		return;
	case BLOCK_PACKET:
	case BLOCK_PACKET_OLD:
		interface = number(&body, &section->form);
		if (type == BLOCK_PACKET_OLD)
			interface = half(interface, &section->form);
		(void)cursor_take(&body, 8); /* when */
		captured = number(&body, &section->form);
		(void)cursor_take(&body, 4); /* length on the wire */
		take_captured(body, captured, interface, section, port, recorded);
		return;
	default:
		return; /* names, statistics, comments */
	}
}

/* The length of a block is in the byte order of its section, which the block of a section tells. */
static int read_pcapng(struct cursor *cursor, uint16_t port, struct recorded *recorded)
{
	struct section section = {.count = 0};

	while (cursor_left(cursor) > 0) {
		struct cursor ahead = *cursor;
		uint32_t type = number(&ahead, &section.form);
		const uint8_t *length_at = cursor_take(&ahead, 4);
		if (type == BLOCK_SECTION && begin_section(ahead, &section) < 0)
			return ERR_SYNTAX;
		if (!length_at)
			break;
		struct cursor length = cursor_over(length_at, 4);
		uint32_t size = number(&length, &section.form);
		if (size < BLOCK_FRAME || size % BLOCK_ALIGN != 0)
			return ERR_SYNTAX;
		if (!cursor_take(cursor, size))
			break; /* it was cut */
		take_block(type, cursor_over(length_at + 4, size - BLOCK_FRAME), &section, port,
			recorded);
	}
	return section.has_known_link || section.count == 0 ? 0 : ERR_UNKNOWN_WORD;
}

int recorded_read(const uint8_t *bytes, size_t size, uint16_t port, struct recorded *ret_recorded)
{
	struct cursor cursor = cursor_over(bytes, size), first = cursor;
	struct recorded recorded;

	memset(&recorded, 0, sizeof recorded);
	int err = cursor_le32(&first) == BLOCK_SECTION ? read_pcapng(&cursor, port, &recorded)
						       : read_pcap(&cursor, port, &recorded);
	if (err == 0)
		*ret_recorded = recorded;
	return err;
}
