/* SPDX-License-Identifier: ISC */
/* Ethernet frames with datagrams in them, right or wrong as asked for. Included once each. */
#pragma once

#include "base/bytes.h"

#include <stdlib.h>

enum {
	FRAME_MAX = 2048,
	FRAME_ETHERNET = 14,
};

/* A frame, and what is special about it; zero is the plainest datagram. */
struct frame_wish {
	bool is_ipv6;
	uint8_t options;   /* IPv4: words of options; IPv6: destination options headers */
	uint16_t fragment; /* IPv4: flags and offset; IPv6: into a fragment header, if not 0 */
	int udp_lie;	   /* added to the UDP length */
	uint8_t protocol;  /* not UDP but this */
};

struct frame {
	size_t size;
	uint8_t bytes[FRAME_MAX];
};

static inline void frame_add(struct frame *frame, const void *bytes, size_t size)
{
	if (frame->size + size > sizeof frame->bytes)
		abort();
	memcpy(frame->bytes + frame->size, bytes, size);
	frame->size += size;
}

static inline void add_ipv4(struct frame *frame, const struct frame_wish *wish, size_t payload)
{
	uint8_t header[60] = {0};
	size_t size = 20 + 4 * (size_t)wish->options;

	header[0] = (uint8_t)(0x40 | size / 4);
	store_be16(header + 2, (uint16_t)(size + 8 + payload));
	store_be16(header + 6, wish->fragment);
	header[8] = 64;
	header[9] = wish->protocol ? wish->protocol : 17;
	memcpy(header + 12, (uint8_t[8]){127, 0, 0, 1, 127, 0, 0, 1}, 8);
	memset(header + 20, 1, size - 20); /* no operation */
	frame_add(frame, header, size);
}

static inline void add_ipv6(struct frame *frame, const struct frame_wish *wish, size_t payload)
{
	uint8_t header[40] = {0x60}, extension[8] = {0, 0, 1, 4};
	size_t extensions = wish->options + (wish->fragment != 0);
	uint8_t last = wish->protocol ? wish->protocol : 17;

	store_be16(header + 4, (uint16_t)(8 * extensions + 8 + payload));
	header[6] = wish->options ? 60 : wish->fragment ? 44 : last;
	header[7] = 64;
	header[23] = header[39] = 1;
	frame_add(frame, header, sizeof header);
	for (uint8_t i = 0; i < wish->options; i++) {
		extension[0] = i + 1 < wish->options ? 60 : wish->fragment ? 44 : last;
		frame_add(frame, extension, sizeof extension);
	}
	if (wish->fragment) {
		uint8_t fragment[8] = {last};
		store_be16(fragment + 2, wish->fragment);
		frame_add(frame, fragment, sizeof fragment);
	}
}

static inline void frame_make(struct frame *frame, const struct frame_wish *wish, uint16_t port,
	const uint8_t *payload, size_t size)
{
	uint8_t ethernet[FRAME_ETHERNET] = {0}, udp[8] = {0};

	frame->size = 0;
	store_be16(ethernet + 12, wish->is_ipv6 ? 0x86dd : 0x0800);
	frame_add(frame, ethernet, sizeof ethernet);
	if (wish->is_ipv6)
		add_ipv6(frame, wish, size);
	else
		add_ipv4(frame, wish, size);
	store_be16(udp, 40000);
	store_be16(udp + 2, port);
	store_be16(udp + 4, (uint16_t)(8 + (int)size + wish->udp_lie));
	frame_add(frame, udp, sizeof udp);
	if (size > 0)
		frame_add(frame, payload, size);
}
