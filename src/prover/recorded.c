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
};

#define MAGIC_US 0xa1b2c3d4
#define MAGIC_NS 0xa1b23c4d

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
	struct cursor packet, const struct form *form, uint16_t port, struct recorded *recorded)
{
	(void)cursor_take(&packet, (size_t)link_size(form->link));
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

int recorded_read(const uint8_t *bytes, size_t size, uint16_t port, struct recorded *ret_recorded)
{
	struct cursor cursor = cursor_over(bytes, size);
	struct form form;

	int err = read_head(&cursor, &form);
	if (err < 0)
		return err;
	memset(ret_recorded, 0, sizeof *ret_recorded);
	while (cursor_left(&cursor) > 0) {
		(void)cursor_take(&cursor, 8); /* when */
		uint32_t captured = number(&cursor, &form);
		(void)cursor_take(&cursor, 4); /* length on the wire */
		const uint8_t *packet = cursor_take(&cursor, captured);
		if (packet)
			take_packet(cursor_over(packet, captured), &form, port, ret_recorded);
	}
	return 0;
}
