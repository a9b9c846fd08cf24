/* SPDX-License-Identifier: ISC */
/*
 * The state of our TUN device as the administrator sets it: up, MTU, gone. Follows the device into
 * any network namespace (TUNGETDEVNETNS, Linux 5.11) without entering it, and does not keep that
 * alive. rtnetlink by libmnl; never blocks. One thread at a time, always of the same namespace.
 */
#pragma once

#include "base/attributes.h"
#include "net/tun.h"

#include <stdbool.h>
#include <stdint.h>

struct link;

struct link_state {
	bool is_there; /* false: the device was deleted, for good; then the rest is zero */
	bool is_up;    /* IFF_UP */
	uint32_t mtu_bytes;
};

/*
 * Borrows tun, which must outlive it. The state at the start is had by link_read(); the descriptor
 * says changes only; without CAP_NET_BROADCAST those in our own namespace only. -errno. Release by
 * link_close().
 */
int link_open(const struct tun *tun, struct link **ret_link) must_check;

/* Accepts NULL. */
void link_close(struct link *link);

/* The descriptor to wait on: readable after each change. */
int link_fd(const struct link *link);

/* Reads all notices and gives the state now. -errno: netlink does not work any more. */
int link_read(struct link *link, struct link_state *ret_state) must_check;
