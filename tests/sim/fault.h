/* SPDX-License-Identifier: ISC */
/* What goes wrong by itself, and how it ends. */
#pragma once

#include "world.h"

enum fault {
	FAULT_REBIND,	 /* a NAT gives a node another port or address */
	FAULT_PARTITION, /* two nodes do not reach each other for a while, in one or both directions
			  */
	FAULT_RESTART,	 /* a program ends, and is started again some time later */
	FAULT_DOWN,	 /* a device goes down for a while */
	FAULT_CLOCK,	 /* a realtime clock jumps */
	FAULT_SLEEP,	 /* a machine sleeps for a while; its monotonic clock goes on */
	FAULT_DISK,	 /* timestamps cannot be stored for a while */
	FAULT_STARVE,	 /* the pools have no packet left for a while */
	FAULT_KEY,	 /* the private key is taken away for a while */
	FAULT_COUNTERS,	 /* a session comes near one of its limits of messages */
	FAULTS,
};

/* One fault, to a node that chance chooses. */
void fault_happen(struct world *world);

/* The end of one. */
void fault_heal(struct world *world, const struct event *heal);

/* All that is broken is well again, at once. */
void fault_heal_all(struct world *world);
