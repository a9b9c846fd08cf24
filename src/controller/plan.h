/* SPDX-License-Identifier: ISC */
/*
 * All that shall be in force, as the messages that say it to the parent: made from a world and the
 * policy that was compiled from it. Pure. Aborts where there is no memory. Holds pre-shared keys
 * and knock keys: wiped when it is released.
 *
 * A device that waits for approval or is quarantined has its peer and the role without services: it
 * reaches the control port; so does a gateway on a host of its own. One that is revoked is nowhere.
 * An invite has a peer for its one-time key and a role that reaches the enrolment port only.
 */
#pragma once

#include "controller/world.h"
#include "policy/compiled.h"
#include "priv/message.h"

/* Numbers of roles that are no policy's, below POLICY_ROLE_LEAST. */
enum {
	PLAN_ROLE_BARE = 1,    /* devices without any service */
	PLAN_ROLE_INVITED = 2, /* one-time keys */
};

/* As enum model_role_kind of the gateway has them, which is another part of the program. */
enum plan_role_kind {
	PLAN_KIND_ENROLLED,
	PLAN_KIND_INVITED,
};

struct plan {
	struct message_plan head;
	struct message_peer *peers;
	struct message_prefix *prefixes;
	struct message_role *roles;
	struct message_device *devices;
	struct message_service *services;
	struct message_grant *grants;
	struct message_knock *knocks;
};

/*
 * Invites that have expired by now_ns (realtime) are left out, whatever the store says. ERR_RANGE:
 * more of something than a plan may have; ret_plan is zero then. Release by plan_done().
 */
int plan_init(struct plan *ret_plan, const struct world *world,
	const struct policy_compiled *compiled, uint64_t version, uint64_t now_ns) must_check;

/* Wipes and frees; zero afterwards. */
void plan_done(struct plan *plan);

/* Whether this host's gateway can enforce the service: it stands behind it, at an address. */
bool plan_has_service(const struct world *world, const struct world_service *service);

/* Where it is reached: the virtual address of its target's family. */
struct address plan_vip(const struct world_service *service);
