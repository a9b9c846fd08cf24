/* SPDX-License-Identifier: ISC */
/*
 * Splits a super-packet into the packets that it stands for, as the kernel's own segmentation does
 * (tcp_gso_segment, __udp_gso_segment, inet_gso_segment): each has the headers, with its length,
 * its sequence number and IPv4 identification, PSH and FIN on the last alone, CWR on the first.
 * Where the payloads go is the caller's business. Pure; any thread.
 */
#pragma once

#include "base/attributes.h"
#include "net/vnet.h"

#include <stdbool.h>

enum {
	SEGMENT_HEADERS_MAX = 256, /* IPv4 and TCP have 120; more is left for IPv6's extensions */
};

struct segments {
	size_t count;
	size_t header_size;  /* of the headers that each of them has */
	size_t segment_size; /* payload of each but the last */
	size_t payload_size; /* of all */
	/* from here on for segment_write() */
	size_t transport_at;
	bool is_ipv4, is_tcp, has_checksum;
	uint64_t pseudo_sum; /* of the pseudo-header without the length, not folded */
	uint8_t headers[SEGMENT_HEADERS_MAX];
};

/* Reads the headers of a super-packet. -EPROTO: these are no headers of such a packet. */
int segments_parse(const struct vnet *vnet, const uint8_t *packet, size_t size,
	struct segments *ret_segments) must_check;

/* The payload of segment `number`. */
static inline size_t segment_payload_size(const struct segments *segments, size_t number)
{
	return number + 1 < segments->count
		       ? segments->segment_size
		       : segments->payload_size - number * segments->segment_size;
}

/*
 * Writes the headers of segment `number` to `packet`; its payload lies behind them already.
 * The length of the packet.
 */
size_t segment_write(const struct segments *segments, size_t number, uint8_t *packet);

/*
 * Does what is left to do for a packet that is no super-packet: its checksum. -EPROTO: it is said
 * to lie where no packet is.
 */
int segment_complete(const struct vnet *vnet, uint8_t *packet, size_t size) must_check;
