/* SPDX-License-Identifier: ISC */
/*
 * The header before each packet of a TUN device with IFF_VNET_HDR (virtio 1.2, 5.1.6; kernel
 * tun_vnet.h): what is left to do for the packet behind it. Little-endian, by TUNSETVNETLE. Pure.
 */
#pragma once

#include "base/bytes.h"

enum {
	VNET_HEADER_SIZE = 10,	 /* struct virtio_net_hdr, without num_buffers */
	VNET_PACKET_MAX = 65535, /* of a super-packet: a TUN device's gso_max_size is 65,536 */
};

/* The bits of `flags` that we know. */
enum {
	VNET_NEEDS_CHECKSUM = 1, /* from checksum_start to the end; a pseudo-header is summed up */
};

/* What kind of a super-packet it is; an ECN bit may be set beside TCP (its first has CWR). */
enum {
	VNET_SINGLE = 0,
	VNET_TCP4 = 1,
	VNET_TCP6 = 4,
	VNET_UDP = 5, /* UDP_L4 (USO), either family; kernel 6.2 */
	VNET_ECN = 0x80,
};

struct vnet {
	uint8_t flags;
	uint8_t kind;
	uint16_t header_size;	  /* network and transport header; from the kernel only a hint */
	uint16_t segment_size;	  /* payload of each segment but the last */
	uint16_t checksum_start;  /* where the transport header begins */
	uint16_t checksum_offset; /* of the checksum in it */
};

static inline struct vnet vnet_decode(const uint8_t at[static VNET_HEADER_SIZE])
{
	return (struct vnet){
		.flags = at[0],
		.kind = at[1],
		.header_size = load_le16(at + 2),
		.segment_size = load_le16(at + 4),
		.checksum_start = load_le16(at + 6),
		.checksum_offset = load_le16(at + 8),
	};
}

static inline void vnet_encode(const struct vnet *vnet, uint8_t at[static VNET_HEADER_SIZE])
{
	at[0] = vnet->flags;
	at[1] = vnet->kind;
	store_le16(at + 2, vnet->header_size);
	store_le16(at + 4, vnet->segment_size);
	store_le16(at + 6, vnet->checksum_start);
	store_le16(at + 8, vnet->checksum_offset);
}
