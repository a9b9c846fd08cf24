/* SPDX-License-Identifier: ISC */
/*
 * What shall be in force on a device, from its netmap: one peer for each gateway, with the
 * gateway's own overlay addresses and the virtual addresses of what was granted behind it, and
 * nothing else; and the names of services. Pure but for memory; any thread.
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"
#include "base/random.h"
#include "control/netmap.h"
#include "priv/message.h"

enum {
	DEVICEPLAN_KEEPALIVE_S = 25, /* what holds a usual NAT open; the paper, 6.5 */
};

struct deviceplan {
	struct message_peer *peers; /* owned, as are the others */
	struct message_prefix *prefixes;
	struct message_name *names;
	struct message_plan head; /* how many of each; version is the sender's to fill in */
};

/*
 * `endpoints` are those of the netmap's gateways, in its order; remote ADDRESS_NONE: not known yet.
 * Always succeeds: what a netmap says was checked by netmap_decode(). A service whose gateway is
 * not in the netmap is left out. Release by deviceplan_done().
 */
void deviceplan_make(
	const struct netmap *netmap, const struct endpoint *endpoints, struct deviceplan *ret_plan);

/*
 * Puts keys that nobody has in the place of the peers' own, without endpoints. Once such a plan is
 * in force all sessions are over, so that the former plan after it begins with handshakes; and
 * meanwhile no packet takes another way, since routes and prefixes stay where they are.
 */
void deviceplan_shelve_peers(struct deviceplan *plan, struct entropy entropy);

/* Frees what it owns; zero afterwards. */
void deviceplan_done(struct deviceplan *plan);
