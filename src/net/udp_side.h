/* SPDX-License-Identifier: ISC */
/* What udp.c, udp_receive.c and udp_send.c share. Internal to net/. */
#pragma once

#include "net/udp_batch.h"
#include "net/udp_raw.h"
#include "net/udp_tap.h"

/* A message in a slot of the batch: which datagrams it is made of. */
struct udp_message {
	const struct packet *first; /* the others follow in side->waiting */
	size_t count;		    /* datagrams */
	size_t bytes;		    /* of all */
	size_t segment;		    /* of each but the last; that one may be shorter */
};

/* One family's socket and the datagrams that wait for its next system call. */
struct udp_side {
	int fd;			    /* -1: the family is not there */
	struct udp_heads *heads;    /* of a raw socket, whose UDP headers are ours; else NULL */
	bool can_segment;	    /* the kernel knows UDP_SEGMENT */
	size_t segment_max;	    /* longer datagrams do not go as one with others, for now */
	uint64_t apart_left;	    /* datagrams sent by themselves until that is tried again */
	unsigned slots;		    /* for the next messages to be received */
	size_t count;		    /* messages in the batch */
	struct packet_list waiting; /* their packets */
	struct udp_message messages[UDP_SLOTS];
	struct udp_batch sending;
};

struct udp {
	struct udp_side ipv4, ipv6;
	struct udp_tap *tap; /* hidden reception: both families come by it; else NULL */
	struct udp_batch receiving;
	struct udp_counters counters;
	uint32_t mark; /* in force */
	uint16_t port;
};

/* The family's side; NULL where the family is none or not there. */
static inline struct udp_side *udp_side_of(struct udp *udp, uint8_t family)
{
	struct udp_side *side = NULL;

	if (family == ADDRESS_IPV4)
		side = &udp->ipv4;
	else if (family == ADDRESS_IPV6)
		side = &udp->ipv6;
	return side && side->fd >= 0 ? side : NULL;
}

/*
 * Appends the datagrams, each `segment` bytes long but the last, that lie behind each other in a
 * packet; it stays the caller's to put. The number of them; fewer where no heads of slices are
 * left.
 */
size_t udp_cut(struct packet_pool *pool, struct packet *message, size_t segment,
	struct packet_list *ret_datagrams);
