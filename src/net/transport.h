/* SPDX-License-Identifier: ISC */
/*
 * Where things lie in IPv4, IPv6, TCP and UDP headers (RFC 791, 8200, 9293, 768), and the sum of
 * the pseudo-header. For those who write such headers anew; the bytes asked for must be there.
 */
#pragma once

#include "net/checksum.h"

enum {
	IPV4_HEADER_SIZE = 20, /* without options */
	IPV4_TOS = 1,
	IPV4_LENGTH = 2,
	IPV4_ID = 4,
	IPV4_FRAGMENT = 6, /* flags and offset */
	IPV4_DONT_FRAGMENT = 0x4000,
	IPV4_TTL = 8,
	IPV4_PROTOCOL = 9,
	IPV4_CHECKSUM = 10,
	IPV4_ADDRESSES = 12,
	IPV4_ADDRESSES_SIZE = 8,

	IPV6_HEADER_SIZE = 40,
	IPV6_LENGTH = 4,
	IPV6_NEXT = 6,
	IPV6_HOP_LIMIT = 7,
	IPV6_ADDRESSES = 8,
	IPV6_ADDRESSES_SIZE = 32,

	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ICMPV6 = 58,

	PORTS_SIZE = 4, /* of both */

	TCP_HEADER_SIZE = 20, /* without options */
	TCP_SEQUENCE = 4,
	TCP_ACKNOWLEDGEMENT = 8,
	TCP_DATA_OFFSET = 12, /* in the upper four bits, in words */
	TCP_FLAGS = 13,
	TCP_WINDOW = 14,
	TCP_CHECKSUM = 16,
	TCP_URGENT = 18,

	TCP_FIN = 0x01,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,

	UDP_HEADER_SIZE = 8,
	UDP_LENGTH = 4,
	UDP_CHECKSUM = 6,
};

/* The sum of the pseudo-header's addresses and protocol; the length is still to be added. */
static inline uint64_t transport_pseudo_sum(const uint8_t *packet, uint8_t protocol)
{
	uint64_t sum = packet[0] >> 4 == 4
			       ? checksum_add(0, packet + IPV4_ADDRESSES, IPV4_ADDRESSES_SIZE)
			       : checksum_add(0, packet + IPV6_ADDRESSES, IPV6_ADDRESSES_SIZE);

	return checksum_add_be16(sum, protocol);
}

/* The length of a TCP header by its data offset. */
static inline size_t transport_tcp_header_size(const uint8_t *tcp)
{
	return (size_t)(tcp[TCP_DATA_OFFSET] >> 4) * sizeof(uint32_t);
}
