/* SPDX-License-Identifier: ISC */
/*
 * By which way an address is reached, and who the next hop on it is, by rtnetlink, in the network
 * namespace of the calling thread. Never blocks.
 */
#pragma once

#include "base/address.h"

enum {
	WAY_MAC_SIZE = 6,
	WAY_NAME_SIZE = 16, /* of an interface, with the zero */
};

struct way {
	uint32_t ifindex;
	char interface[WAY_NAME_SIZE];
	uint8_t own[WAY_MAC_SIZE]; /* our link address there */
	struct address source;	   /* the kernel's choice */
	struct address router;	   /* ADDRESS_NONE: it is on the link */
};

/*
 * The way to an address, by the interface of that ifindex (0: any). -EADDRINUSE: it is an address
 * of this host; -EDESTADDRREQ: it is no address of one host (broadcast, multicast); -EPROTOTYPE:
 * the interface is no Ethernet; -ENETUNREACH and other -errno of the kernel's.
 */
int way_find(const struct address *to, uint32_t ifindex, struct way *ret_way) must_check;

/* Called for each router; negative: give up. */
typedef int way_visit(void *context, uint32_t ifindex, const struct address *router);

/*
 * Visits the next hops of all routes by which packets leave, of both families; one may come more
 * than once. -errno; what `visit` returned.
 */
int way_list_routers(way_visit *visit, void *context) must_check;

/* Has the kernel look for a neighbour's link address. -errno. */
int way_seek(uint32_t ifindex, const struct address *neighbour) must_check;

/* What the kernel knows of it. -ENOENT: nothing (yet); -errno. */
int way_neighbour(uint32_t ifindex, const struct address *neighbour,
	uint8_t ret_mac[static WAY_MAC_SIZE]) must_check;
