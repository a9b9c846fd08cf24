/* SPDX-License-Identifier: ISC */
/* What will happen in a world, by virtual time; events of one time happen in the order of adding.
 */
#pragma once

#include "base/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct letter;

enum event_kind {
	EVENT_ARRIVAL,	 /* a datagram gets to where it was sent to */
	EVENT_TRAFFIC,	 /* somebody has something to say */
	EVENT_ADVERSARY, /* the adversary does something */
	EVENT_FAULT,	 /* something breaks, moves or jumps */
	EVENT_HEAL,	 /* what a fault of `what` did to `node` ends */
	EVENT_ROUND,	 /* in the calm: everybody talks to everybody */
};

struct event {
	uint64_t time_ns; /* true time of the world */
	uint64_t number;  /* in the order of adding */
	enum event_kind kind;
	int node;	       /* EVENT_HEAL: whom it concerns */
	int other;	       /* EVENT_HEAL of a partition: the other side */
	uint32_t what;	       /* EVENT_HEAL: enum fault */
	struct letter *letter; /* EVENT_ARRIVAL */
	struct endpoint from;  /* EVENT_ARRIVAL: as the receiver sees the sender */
	struct endpoint to;    /* EVENT_ARRIVAL: the address on it */
};

struct schedule {
	struct event *heap;
	size_t count;
	size_t capacity;
	uint64_t added; /* how many were added so far */
};

/* Forgets all events, keeps the memory. */
void schedule_clear(struct schedule *schedule);
void schedule_done(struct schedule *schedule);

void schedule_add(struct schedule *schedule, const struct event *event);

/* When the next event is; UINT64_MAX: there is none. */
uint64_t schedule_next_ns(const struct schedule *schedule);

/* Takes the next event off; there must be one. */
struct event schedule_take(struct schedule *schedule);
