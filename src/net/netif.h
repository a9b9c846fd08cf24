/* SPDX-License-Identifier: ISC */
/*
 * An interface's addresses and the routes by it, by rtnetlink, in the network namespace of the
 * calling thread. Each call asks the kernel and waits for its word. Needs CAP_NET_ADMIN.
 */
#pragma once

#include "base/address.h"

/* An address and how much of it is the network's; unlike struct prefix it keeps its host bits. */
struct netif_address {
	struct address address;
	uint8_t prefix_length;
};

/*
 * Makes a TUN device that stays when nobody holds it (TUNSETPERSIST), with several queues or one,
 * so that addresses, routes and flows outlive the process that moves its packets. One that is there
 * already, persistent and of the same kind, is taken. -EEXIST: an interface of another kind;
 * -EPERM, -ENOENT as tun_open().
 */
int netif_make_tun(const char *name, unsigned queue_count) must_check;

/* Removes an interface. 0 too where there is none. -errno. */
int netif_remove(const char *name) must_check;

/* Up, with that MTU. -ENODEV; -errno. */
int netif_set_up(const char *name, uint32_t mtu_bytes) must_check;

/* Whether it is up. 1, 0; -ENODEV; -errno. */
int netif_is_up(const char *name) must_check;

/*
 * Sees to it that the interface may have IPv6 addresses, where the host's interfaces may not unless
 * told otherwise. 1: it was set so, 0: it was so; -ENODEV: no such interface, or the kernel has no
 * IPv6; -errno.
 */
int netif_admit_ipv6(const char *name) must_check;

/*
 * Sees to it that the interface has these addresses (with the length of their prefix, without
 * duplicate address detection) and no others but link-local ones. -errno, then some may have been
 * added or deleted.
 */
int netif_set_addresses(
	const char *name, const struct netif_address *addresses, size_t count) must_check;

/* The same; how many were added or deleted. */
int netif_repair_addresses(
	const char *name, const struct netif_address *addresses, size_t count) must_check;

/*
 * Sees to it that these prefixes are routed by the interface and, of routes that were made here
 * (they bear the protocol number 84, 'T'), no others. *ret_changed: how many were added or deleted.
 * -EEXIST: another interface has the very route; -errno; then some may have been made.
 */
int netif_set_routes(const char *name, const struct prefix *prefixes, size_t count,
	size_t *ret_changed) must_check;
