/* SPDX-License-Identifier: ISC */
/*
 * Packets, the pool they live in, and lists of them. Memory is got once, when the pool is made;
 * afterwards packets only change hands: each is on exactly one list, or held by one owner.
 * Sealing and opening happen in place: headroom takes the header, tailroom padding and tag.
 *
 *   buffer: | headroom | data ... length | tailroom |
 *
 * What the kernel hands over as one long run of packets is not copied apart: each of them is a
 * slice, a head that lies in the buffer of another packet, its carrier.
 *
 *   carrier's buffer: | headroom | data ... length | data ... length | data ... length |
 *                                  slice             slice             slice
 *
 * A pool, its packets and its slices belong to one thread.
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PACKET_HEADROOM = 64, /* room for the transport header and what a device wants before it */
	PACKET_DATA_MAX = 65536, /* longest datagram or inner packet, and its padding and tag */
	PACKET_GAPS = 5120, /* between 48 slices of 1420 bytes: what a full super-packet makes */
	PACKET_STRIDE = PACKET_HEADROOM + PACKET_DATA_MAX + PACKET_GAPS +
			192,	  /* spreads packets over cache sets */
	PACKET_SLICES = 8,	  /* for each packet of a pool */
	PACKET_SLICES_MIN = 1024, /* however few packets a pool has */
};

struct packet {
	struct packet *next;	  /* in the list that holds it */
	uint8_t *data;		  /* first byte in use */
	size_t length;		  /* bytes in use */
	uint8_t *limit;		  /* end of what may be written behind data */
	uint8_t *buffer;	  /* its own memory; NULL: a slice */
	struct packet *carrier;	  /* of a slice: the packet in whose buffer it lies; else NULL */
	uint32_t references;	  /* of a carrier: itself, until it is put, and its slices */
	bool is_admitted;	  /* another shard has judged it: mac1, and load */
	struct endpoint endpoint; /* where it came from, or goes to */
};

/* A queue of packets: first in, first out. Zero is an empty list. */
struct packet_list {
	struct packet *first, *last;
	size_t count;
};

static inline void packet_list_push(struct packet_list *list, struct packet *packet)
{
	packet->next = NULL;
	if (list->last)
		list->last->next = packet;
	else
		list->first = packet;
	list->last = packet;
	list->count++;
}

/* The first packet, taken off; NULL when there is none. */
static inline struct packet *packet_list_pop(struct packet_list *list)
{
	struct packet *packet = list->first;
	if (!packet)
		return NULL;
	list->first = packet->next;
	if (!list->first)
		list->last = NULL;
	list->count--;
	packet->next = NULL;
	return packet;
}

/* Moves all of `from` behind `to`; `from` is empty afterwards. */
static inline void packet_list_append(struct packet_list *to, struct packet_list *from)
{
	if (!from->first)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	to->count += from->count;
	*from = (struct packet_list){0};
}

struct packet_pool {
	struct packet_list free; /* used as a stack: the warmest buffer goes out first */
	struct packet *packets;	 /* all that have a buffer */
	uint8_t *memory;	 /* their buffers, mapped; untouched pages cost nothing */
	size_t capacity;	 /* how many there are */

	struct packet *free_slices; /* a stack of heads, by next */
	struct packet *slices;	    /* all heads; those from slices_used on were never out */
	size_t slices_used;
	size_t slices_out;	/* in use */
	size_t slices_capacity; /* how many there are */
};

/*
 * Makes a pool of `capacity` packets, and the heads of PACKET_SLICES slices for each, at least
 * PACKET_SLICES_MIN. -ENOMEM. Release by packet_pool_done().
 */
int packet_pool_init(struct packet_pool *pool, size_t capacity) must_check;

/* All packets must have come back; what was in them is gone. Accepts a pool that is all zero. */
void packet_pool_done(struct packet_pool *pool);

/* An empty packet with full headroom; NULL when all are out. The caller owns it. */
struct packet *packet_get(struct packet_pool *pool);

/*
 * A slice of `length` bytes at data, which lies in the carrier's buffer; it may grow up to limit,
 * and forth as far as the caller leaves room before data. NULL: no heads are left. The slice is the
 * caller's, and the carrier stays so: its buffer is free again when both and all others are put.
 */
struct packet *packet_slice(struct packet_pool *pool, struct packet *carrier, uint8_t *data,
	size_t length, uint8_t *limit);

/* Gives a packet or a slice back. Consumes packet. */
void packet_put(struct packet_pool *pool, struct packet *packet);

/* Gives a whole list back; it is empty afterwards. */
void packet_put_all(struct packet_pool *pool, struct packet_list *list);

/*
 * What is to leave the pool's thread, or to stay for long: the packet itself if its memory is its
 * alone, else a copy in a buffer of its own, and the slice is given back. NULL: there is no packet
 * left to copy into, and it is given back all the same. Consumes packet.
 */
struct packet *packet_detach(struct packet_pool *pool, struct packet *packet);

/* Bytes that can be written from data to the end of what is the packet's. */
static inline size_t packet_room(const struct packet *packet)
{
	return (size_t)(packet->limit - packet->data);
}
