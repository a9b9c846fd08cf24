/* SPDX-License-Identifier: ISC */
/*
 * What shall be in force on a device, from its netmap: one peer for each gateway, with the
 * gateway's own overlay addresses and the virtual addresses of what was granted behind it, and
 * nothing else; and the names of services. Nobody calls a device: initiations to it need a knock
 * that there is not. On a gateway, from what it was told: its controller as
 * a peer, the devices as peers, what they are granted, and which knocks are asked of them. Pure but
 * for memory; any thread.
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"
#include "base/random.h"
#include "control/gatewayplan.h"
#include "priv/message.h"

enum {
	/*
	 * It holds a NAT open (the paper, 6.5: 25 s would do), and tells a gateway that we are
	 * there: it sends nothing to whom it has not heard for 18 s.
	 */
	DEVICEPLAN_KEEPALIVE_S = 15,
};

struct deviceplan {
	struct message_peer *peers; /* owned, as are the others */
	struct message_prefix *prefixes;
	struct message_name *names; /* a device's */
	struct message_role *roles; /* this and the rest: a gateway's */
	struct message_device *devices;
	struct message_service *services;
	struct message_grant *grants;
	struct message_knock *knocks;
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
 * The same on a gateway; `endpoint` is the controller's, which is the first peer. The netmap of
 * `told` does not count; all of it is empty where nothing was told yet.
 */
void deviceplan_make_gateway(const struct netmap *netmap, const struct gatewayplan *told,
	const struct endpoint *endpoint, struct deviceplan *ret_plan);

/*
 * Puts a key that nobody has in the place of the first peer's own, the controller's, without an
 * endpoint. Once such a plan is in force the session is over, so that the former plan after it
 * begins with a handshake; and meanwhile no packet takes another way, since routes and prefixes
 * stay where they are. Who else is called or calls notices nothing.
 */
void deviceplan_shelve_controller(struct deviceplan *plan, struct entropy entropy);

/* As a message has it; zero: there is none. */
struct message_knock deviceplan_knock(const struct netmap_knock *knock);

/* Wipes and frees what it owns; zero afterwards. */
void deviceplan_done(struct deviceplan *plan);
