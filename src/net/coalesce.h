/* SPDX-License-Identifier: ISC */
/*
 * Joins the packets of flows into super-packets, under the rules by which the kernel joins what it
 * receives (tcp_gro_receive, udp_gro_receive, inet_gro_flush): only what can be split again into
 * the very packets, and only where each one's checksums are right. All others stay as they are.
 * The order within a flow is kept. Pure; one thread at a time.
 *
 * One thing may come out otherwise, as it does from the kernel: where all packets of a flow have
 * one IPv4 identification and DF, whose value means nothing then (RFC 6864, 4.1).
 */
#pragma once

#include "base/attributes.h"
#include "net/vnet.h"
#include "wireguard/packet.h"

enum {
	COALESCE_BUNDLES = 64, /* collected before they must be taken away */
	COALESCE_PACKETS = 64, /* of a bundle; the kernel's UDP_GRO_CNT_MAX */
};

/* What may be joined; bits. */
enum {
	COALESCE_TCP = 1,
	COALESCE_UDP = 2,
};

/* One or more packets that are written as one. */
struct bundle {
	struct packet_list packets;
	size_t size; /* of the super-packet */
	/* from here on the coalescer's own */
	uint16_t segment_size; /* payload of the first, so of all but the last */
	uint8_t transport_at, payload_at;
	bool is_open; /* the next packet of the flow may join */
	bool is_tcp;
	bool is_verified; /* the first one's checksums are right */
	bool has_one_id;  /* all have the same IPv4 identification */
};

struct coalescer {
	unsigned joins; /* COALESCE_TCP, COALESCE_UDP */
	size_t count;	/* of bundles, in the order in which they are to be written */
	size_t barrier; /* bundles before this one take nothing any more */
	uint32_t flows[COALESCE_BUNDLES]; /* hashes, of bundles of flows */
	struct bundle bundles[COALESCE_BUNDLES];
};

/* Begins anew, without bundles. */
static inline void coalesce_begin(struct coalescer *coalescer, unsigned joins)
{
	coalescer->joins = joins;
	coalescer->count = 0;
	coalescer->barrier = 0;
}

/* Whether the bundles must be taken away before the next packet. */
static inline bool coalesce_is_full(const struct coalescer *coalescer)
{
	return coalescer->count == COALESCE_BUNDLES;
}

/* Puts a packet into a bundle, a new one or one that is there. Consumes packet. */
void coalesce_add(struct coalescer *coalescer, struct packet *packet);

/*
 * Makes the first packet's headers those of the super-packet, if it is one, and says what stands
 * before it. It is written as: the first packet, then of each other one what is behind
 * bundle->payload_at.
 */
struct vnet coalesce_finish(const struct bundle *bundle);
