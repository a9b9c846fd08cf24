/* SPDX-License-Identifier: ISC */
/*
 * One worker hands packets over to another without a lock and without moving memory between their
 * pools: each slot always holds a packet, and whoever takes a full one out leaves an empty one.
 *
 *   producer: full in, empty out          consumer: empty in, full out
 *         head -> [e][e][F][F][F][e][e] <- tail
 *
 * One producer thread, one consumer thread.
 */
#pragma once

#include "base/attributes.h"
#include "wireguard/packet.h"

#include <stdatomic.h>
#include <stdbool.h>

enum {
	EXCHANGE_SLOTS = 1024, /* power of two; a few turns of a worker at full speed */
};

/* What the packet in a slot is. */
enum exchange_kind {
	EXCHANGE_DATAGRAM, /* from the wire */
	EXCHANGE_INNER,	   /* from the TUN device */
};

struct exchange {
	/* Stored with release by the producer after the slot is full, loaded with acquire by the
	 * consumer before it looks into the slot. */
	_Alignas(64) _Atomic uint32_t head;
	/* The same the other way round: the slot is empty again. */
	_Alignas(64) _Atomic uint32_t tail;
	struct {
		struct packet *packet;
		enum exchange_kind kind;
	} slots[EXCHANGE_SLOTS];
};

/* Fills all slots with empty packets from the pool. -ENOMEM: it has too few; none is taken. */
int exchange_init(struct exchange *exchange, struct packet_pool *pool) must_check;

/* Gives what is in the slots back to the pool; no thread is using it any more. */
void exchange_done(struct exchange *exchange, struct packet_pool *pool);

/*
 * Producer: hands over `full`, which is neither a slice nor a carrier (packet_detach()). An empty
 * packet in return; NULL: there is no room, full stays.
 */
struct packet *exchange_offer(
	struct exchange *exchange, struct packet *full, enum exchange_kind kind) must_check;

/* Consumer: a full packet for an empty one; NULL: nothing there, `empty` stays. */
struct packet *exchange_take(
	struct exchange *exchange, struct packet *empty, enum exchange_kind *ret_kind) must_check;

/* Consumer: whether something is there. */
bool exchange_has(const struct exchange *exchange);
