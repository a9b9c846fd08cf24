/* SPDX-License-Identifier: ISC */
/*
 * The gateway's rules as text for nft(8): pure. Their number is the same for any number of devices
 * and services; who reaches what is in the elements of their sets (gateway/elements.h). What the
 * rules promise, and how, is in docs/enforcement.md.
 */
#pragma once

#include "gateway/elements.h"

#define RULESET_TABLE "inet tacet"     /* all but what follows */
#define RULESET_LINK_TABLE "arp tacet" /* on links, who asks for overlay addresses */

/*
 * While our chains look at a packet, its role is in skb->priority, which nobody routes by and which
 * the kernel sets anew where it forwards IPv4; it is 0 again when they are done. So no bit of any
 * mark, of packets or of connections, is read or written: all of them are the administrator's.
 */
#define RULESET_SCRATCH "meta priority"

enum ruleset_start {
	RULESET_RENEW,	 /* rules are written anew, elements stay: no packet sees a difference */
	RULESET_REPLACE, /* the tables are made anew, without elements: all from the tunnel dies */
	RULESET_REMOVE,	 /* the tables go, nothing follows */
};

/* The text, which the caller frees. The tunnel is one that model_check_tunnel() has passed. */
char *ruleset_text(const struct model_tunnel *tunnel, enum ruleset_start start)
	__attribute__((returns_nonnull, warn_unused_result));

/* The text of what leads from one state of the elements to another; "" if nothing does. */
char *ruleset_change_text(const struct elements *from, const struct elements *to)
	__attribute__((returns_nonnull, warn_unused_result));

/* Whether a listing of RULESET_TABLE has no chain, set or other thing that is not in the text. */
bool ruleset_is_ours(const char *listing);
