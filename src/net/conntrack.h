/* SPDX-License-Identifier: ISC */
/*
 * The kernel's record of flows, by libnetfilter_conntrack, in the network namespace of the calling
 * thread: which there are, and their end. IPv4 and IPv6; never blocks.
 */
#pragma once

#include "base/address.h"

/* A flow as its first packet came, before any translation, and who answers it. */
struct conntrack_flow {
	struct address source;
	struct address destination; /* for a mediated flow: the service's virtual address */
	uint16_t source_port;	    /* host order; 0: the protocol has none */
	uint16_t destination_port;
	uint16_t answerer_port;	 /* port of the answerer */
	uint8_t protocol;	 /* IPPROTO_* */
	struct address answerer; /* source of replies before translation: the service's target */
};

/* Whether a flow is meant. */
typedef bool conntrack_predicate(void *context, const struct conntrack_flow *flow);

/* Counts the flows that are meant. -errno. */
int conntrack_count(conntrack_predicate *predicate, void *context, size_t *ret_count) must_check;

/*
 * Deletes the flows that are meant and counts them; one that has ended by itself meanwhile counts
 * too. -errno: some may have been deleted.
 */
int conntrack_delete(conntrack_predicate *predicate, void *context, size_t *ret_count) must_check;

/*
 * Has the kernel know a TCP flow that is established already, untranslated, as one that its source
 * began; the answerer is not looked at. 0 too where it is known. -errno.
 */
int conntrack_add_tcp(const struct conntrack_flow *flow) must_check;
