/* SPDX-License-Identifier: ISC */
/* Finds the way to a target: interface, our address, the next hop's link address. */
#pragma once

#include "prover/scene.h"

enum {
	PLACE_PATIENCE_MS = 3000, /* for the next hop's link address */
};

/* What is asked for, beside the target. */
struct place_wish {
	const char *interface; /* NULL: the one that the kernel's routes say */
	const uint8_t *mac;    /* the target's or router's link address; NULL: it is looked up */
};

/*
 * Fills a path. The kernel is asked for its route, and made to look for the next hop (ARP or
 * neighbour discovery, as for any packet of its own), which blocks for PLACE_PATIENCE_MS at most.
 * -EADDRINUSE: the target is an address of this host; -EDESTADDRREQ: of more than one host;
 * -EHOSTUNREACH: the next hop does not say its link address; -EADDRNOTAVAIL: we have no address;
 * -EPROTOTYPE: no Ethernet; -ENODEV; -ENETUNREACH; -errno.
 */
int place_find(const struct address *target, const struct place_wish *wish,
	struct scene_path *ret_path) must_check;

/* Whether it is an address of one host elsewhere: not multicast, broadcast, loopback, nobody's. */
bool place_is_host(const struct address *target);
