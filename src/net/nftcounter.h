/* SPDX-License-Identifier: ISC */
/*
 * Named counters of nftables, by netlink: libnftables 1.0.6 fetches all elements of all sets before
 * it shows one. In the network namespace of the calling thread; never blocks.
 */
#pragma once

#include "base/attributes.h"

#include <stdint.h>

/*
 * Reads how many packets a counter has seen, of a table of a family (NFPROTO_INET, NFPROTO_NETDEV).
 * -ENOENT: no such table or counter; -EPERM; other -errno.
 */
int nftcounter_read(
	uint8_t family, const char *table, const char *name, uint64_t *ret_packets) must_check;

/* Told each; borrowed for the call. */
typedef void nftcounter_visit(void *context, const char *name, uint64_t packets);

/* Visits all counters of a table; one that is not there has none. -errno. */
int nftcounter_list(
	uint8_t family, const char *table, nftcounter_visit *visit, void *context) must_check;
