/* SPDX-License-Identifier: ISC */
/*
 * Packets, the pool they live in, and lists of them. Memory is got once, when the pool is made;
 * afterwards packets only change hands: each is on exactly one list, or held by one owner.
 * Sealing and opening happen in place: headroom takes the header, tailroom padding and tag.
 *
 *   buffer: | headroom | data ... length | tailroom |
 *
 * A pool and its packets belong to one thread.
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
	PACKET_STRIDE =
		PACKET_HEADROOM + PACKET_DATA_MAX + 192, /* spreads packets over cache sets */
};

struct packet {
	struct packet *next;	  /* in the list that holds it */
	uint8_t *data;		  /* first byte in use, inside the buffer */
	size_t length;		  /* bytes in use */
	struct endpoint endpoint; /* where it came from, or goes to */
	bool is_admitted;	  /* another shard has judged it: mac1, and load */
	uint8_t *buffer;	  /* PACKET_HEADROOM + PACKET_DATA_MAX bytes */
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
	struct packet *packets;	 /* all of them */
	uint8_t *memory;	 /* their buffers, mapped; untouched pages cost nothing */
	size_t capacity;	 /* how many there are */
};

/* Makes a pool of `capacity` packets. -ENOMEM. Release by packet_pool_done(). */
int packet_pool_init(struct packet_pool *pool, size_t capacity) must_check;

/* All packets must have come back; what was in them is gone. Accepts a pool that is all zero. */
void packet_pool_done(struct packet_pool *pool);

/* An empty packet with full headroom; NULL when all are out. The caller owns it. */
struct packet *packet_get(struct packet_pool *pool);

/* Gives a packet back. Consumes packet. */
void packet_put(struct packet_pool *pool, struct packet *packet);

/* Gives a whole list back; it is empty afterwards. */
void packet_put_all(struct packet_pool *pool, struct packet_list *list);

/* Bytes that can be written from data to the end of the buffer. */
static inline size_t packet_room(const struct packet *packet)
{
	return (size_t)(packet->buffer + PACKET_HEADROOM + PACKET_DATA_MAX - packet->data);
}
