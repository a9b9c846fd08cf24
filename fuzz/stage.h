/* SPDX-License-Identifier: ISC */
/*
 * What the fuzz targets play on: an interface of ours with two peers. With Bob there is a session,
 * made by a real handshake; with Carol one has been begun by us. All from fixed chance, so that
 * the same bytes always mean the same, and seeds can be made that are genuine.
 */
#pragma once

#include "../tests/sim/dice.h"
#include "wireguard/interface.h"

/* Datagrams that a peer has made for us and that have not arrived yet. */
enum genuine {
	GENUINE_DATA,	      /* an inner packet of Bob */
	GENUINE_INITIATION,   /* of Carol */
	GENUINE_RESPONSE,     /* of Carol, to ours */
	GENUINE_COOKIE_REPLY, /* of Carol, to ours */
	GENUINES,
};

enum {
	STAGE_DATAGRAM_MAX = 256, /* longest of the genuine datagrams */
};

struct stage {
	struct dice dice;
	struct packet_pool pool; /* of all three interfaces */
	struct interface *ours, *bobs, *carols;
	struct peer *bob, *carol; /* as our interface knows them */
	struct moment now;	  /* goes on a little with each datagram */
	uint32_t age;		  /* datagrams that arrived */
	bool is_spent; /* something genuine arrived: its state is not the first any more */
	uint8_t genuine[GENUINES][STAGE_DATAGRAM_MAX];
	size_t genuine_size[GENUINES];
	struct endpoint stranger; /* where the fuzzed datagrams come from */
};

/* What must not change when a stranger speaks. */
struct stage_view {
	struct endpoint bob, carol;
	uint64_t rx_bytes;
};

/* A stage as fresh as needed: a new one, or one on which nothing has happened. Never NULL. */
struct stage *stage_fresh(void);

/*
 * Which of the genuine ones these bytes are, in all that is authenticated; GENUINES: none of them.
 * The sender's index and mac1 anyone could exchange who sees a handshake message and knows our
 * public key, so with valid mac1 the bytes count as what they were (paper, 5.4.2: neither is
 * hashed).
 */
enum genuine stage_genuine(const struct stage *stage, const uint8_t *bytes, size_t size);

struct stage_view stage_view(const struct stage *stage);

/* A datagram gets from the stranger to us. What comes out is given back by stage_clear(). */
void stage_receive(struct stage *stage, const uint8_t *bytes, size_t size, struct outbox *ret_out);
void stage_clear(struct stage *stage, struct outbox *out);

/* Nothing was emitted, delivered, counted or learnt; ends the run otherwise. */
void stage_demand_silence(
	const struct stage *stage, const struct stage_view *before, const struct outbox *out);

/* Ends the run where something is not as it must be, with or without assertions. */
void demand(bool holds);

/* mac1 as our public key wants it, mac2 zero. */
void stage_write_macs(uint8_t *datagram, size_t size);
