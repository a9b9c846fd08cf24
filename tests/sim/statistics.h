/* SPDX-License-Identifier: ISC */
/* What a run of many worlds amounts to. */
#pragma once

#include "wireguard/drop.h"
#include "wireguard/messages.h"

#include <stdint.h>

struct statistics {
	uint64_t worlds;	    /* that came to their end */
	uint64_t handshakes;	    /* responses accepted */
	uint64_t datagrams;	    /* that nodes emitted */
	uint64_t cookie_replies;    /* of those */
	uint64_t with_cookie;	    /* initiations with mac2 accepted by who is flooded */
	uint64_t inner_sent;	    /* handed to a node to be sent */
	uint64_t inner_delivered;   /* came out at the other side */
	uint64_t adversary;	    /* datagrams of the adversary that reached a node */
	uint64_t faults;	    /* restarts, rebindings, partitions, jumps, ... */
	uint64_t timestamps;	    /* of initiations, decoded and compared */
	uint64_t syncs;		    /* writes of peers' timestamps to a disk */
	uint64_t lost_pairs;	    /* pairs that had to be told endpoints anew */
	uint64_t virtual_ns;	    /* time that passed in the worlds */
	uint64_t slowest_ns;	    /* longest way from calm to working sessions */
	uint64_t slow_worlds;	    /* worlds that took more than 30 s for that */
	struct drop_counters drops; /* of all interfaces */
};
