/* SPDX-License-Identifier: ISC */
/* What the hosts behind the nodes say to each other: inner packets that are known by number. */
#pragma once

#include "base/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;
struct packet;

/* One inner packet, as it was handed to its node. */
struct parcel {
	int from, to;	       /* nodes */
	struct address source; /* inner addresses */
	struct address target;
	uint32_t size;	   /* with headers */
	bool is_forbidden; /* must never be delivered: its source is another's */
	bool is_delivered;
	uint32_t round; /* of the calm that it belongs to; 0: none */
};

struct traffic {
	struct parcel *parcels; /* by number */
	size_t count;
	size_t capacity;
	uint32_t round;	  /* the round of the calm that is being played; 0: none yet */
	uint32_t missing; /* packets of the round that were not yet delivered */
};

enum {
	PARCEL_SIZE_MIN = 60, /* headers, number and some filling */
};

void traffic_clear(struct traffic *traffic);
void traffic_done(struct traffic *traffic);

/* Somebody says something: mostly sensible, at times malformed, forged, huge or in masses. */
void traffic_happen(struct world *world);

/* One sensible packet, to be handed to a node that is awake. */
void traffic_say(struct world *world, int from, int to);

/* In the calm: every pair that must converge talks in both directions. Says how many packets. */
void traffic_begin_round(struct world *world);

/* Writes the parcel's bytes as they must arrive, `parcel->size` of them. */
void parcel_write(const struct parcel *parcel, uint64_t number, uint8_t *ret_bytes);

/* The number that a packet bears; UINT64_MAX: not one of ours. */
uint64_t parcel_number(const uint8_t *bytes, size_t size);

/* An inner address of the node. */
struct address traffic_address(int node, int family, uint8_t host);
