/* SPDX-License-Identifier: ISC */
/*
 * A gateway that is called: its host:port, the addresses that this leads to, and which of them is
 * in use. The address that answered last is kept behind those, so that a gateway is found while
 * names do not resolve. On the loop's thread.
 */
#pragma once

#include "client/lookup.h"

struct callee {
	uv_loop_t *loop;
	void (*changed)(void *context); /* another address is in use */
	void *context;
	char text[NETMAP_HOST_SIZE]; /* host:port */
	struct endpoint last_known;  /* remote ADDRESS_NONE: none */
	struct endpoint addresses[LOOKUP_ADDRESSES_MAX + 1];
	unsigned count, current;
	struct lookup *lookup; /* NULL: never looked up */
	bool is_looking;
	uint64_t tried_ns;     /* monotonic, since when by the address in use; 0: not known */
	uint64_t looked_up_ns; /* monotonic */
};

/* Fields above the first unsigned are the caller's to fill in. Begins to look up. */
void callee_begin(struct callee *callee);

/* changed() is not called any more. The struct is the caller's again at once. */
void callee_end(struct callee *callee);

/* Looks the name up anew, unless that is under way. */
void callee_look_up(struct callee *callee);

/* Goes on to the next address, the first after the last. False: there is only one. */
bool callee_next(struct callee *callee);

/* The address in use; remote ADDRESS_NONE: not known yet. */
struct endpoint callee_address(const struct callee *callee);

/*
 * Takes what a name leads to now; the one in use stays so where it is among them. count 0: nothing
 * new. Whether another is in use. Pure.
 */
bool callee_take(struct callee *callee, const struct endpoint *endpoints, unsigned count);
