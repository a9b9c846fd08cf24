/* SPDX-License-Identifier: ISC */
/*
 * What must hold in every world, checked after every call on an interface:
 *
 * - An inner packet is delivered at most once, unaltered, at the node it was meant for, from a
 *   sender that owns its source address and did send it.
 * - A datagram is acted upon (answered, counted, its source taken as endpoint) only if a peer made
 *   it for this node, and only once, over restarts too; initiations only in the order they were
 *   made. Whatever else comes changes nothing and is answered by nothing; except, where cookies are
 *   allowed, a handshake message with valid mac1, by one cookie reply to where it came from.
 * - Where knocks are required no initiation without one is acted upon, and where they are asked for
 *   no cookie reply is sent.
 * - A peer's endpoint changes only by configuration, or to the source of a datagram acted upon, but
 *   never by an initiation. So a peer's genuine data or response that was not received yet does
 *   move its endpoint when the adversary delivers it from elsewhere: that is WireGuard (paper,
 *   2.1), and the oracle's model.
 * - A datagram is emitted only to the endpoint of the peer that its index or mac1 is for; a
 * response to where the initiation came from.
 * - Counters never repeat under an index, timestamps of initiations strictly increase.
 * - A session is used for REJECT_AFTER_TIME and REJECT_AFTER_MESSAGES at most, by either side; no
 *   packet waits while there is one; its keys are wiped in the end.
 * - In the calm, who has received something sends something, a keepalive if need be; and without
 *   persistent keepalives, who has nothing to say is silent, once all is said.
 * - An interface that is down, or has no key, says nothing; packets never leak from the pool; ticks
 *   help.
 */
#pragma once

#include "node.h"

struct world;

/* An index that a node has given itself towards a peer, in an initiation or response. */
struct announced_index {
	uint32_t index;
	int owner, peer;       /* the owner receives by it what the peer sends */
	uint64_t next_counter; /* of the peer's data messages */
	/* true time at which the session began for each; 0: it has not */
	uint64_t received_since_ns; /* for the owner, who receives by this index */
	uint64_t sent_since_ns;	    /* for the peer, who sends by it */
};

struct oracle {
	struct announced_index *indices;
	size_t count;
	size_t capacity;
};

/* What a node looked like before a call. */
struct snapshot {
	struct endpoint view[NODES_MAX]; /* by peer */
	uint64_t rx_bytes[NODES_MAX];	 /* by peer */
};

void oracle_clear(struct oracle *oracle);
void oracle_done(struct oracle *oracle);

/* To be taken before a call on a running interface. */
void oracle_before(struct world *world, const struct node *node, struct snapshot *ret_snapshot);

/* Judges a call by what it changed: endpoints, counts, pool, and whether it had a reason to. */
void oracle_after(struct world *world, struct node *node, const struct cause *cause,
	const struct snapshot *before, const struct outbox *out);

/* Judges one datagram that leaves the node; says for whom it is, or NOBODY. */
int oracle_emission(struct world *world, const struct node *node, const struct packet *packet,
	const struct cause *cause, const struct snapshot *before);

/* Judges one inner packet that comes out at the node. */
void oracle_delivery(struct world *world, const struct node *node, const struct packet *packet);

/* Takes down a fresh index; valid until the next. */
struct announced_index *oracle_announce(struct oracle *oracle, uint32_t index, int owner, int peer);

/* What must hold of each peer after a long time in which nobody has said anything. */
void oracle_judge_quiet(struct world *world, const struct node *node);

/* The owner and its peer by an index that is on the wire; NULL: nobody's. */
struct announced_index *oracle_find_index(struct oracle *oracle, uint32_t index);
