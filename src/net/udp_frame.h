/* SPDX-License-Identifier: ISC */
/*
 * A datagram as it comes from the wire, from its IP header on: plain IPv4 (five words, whole) or
 * IPv6 (UDP next), as the door lets in alone. Pure.
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"

struct udp_frame {
	struct address source, destination;
	uint16_t source_port;
	size_t payload_at; /* from the IP header */
	size_t payload_size;
};

/*
 * -EBADMSG: it is something else, its lengths do not agree, or the header's own checksum is wrong.
 * The checksum of UDP is not looked at: what is inside authenticates itself.
 */
int udp_frame_read(const uint8_t *network, size_t size, struct udp_frame *ret_frame) must_check;
