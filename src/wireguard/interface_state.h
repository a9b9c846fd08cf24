/* SPDX-License-Identifier: ISC */
/* What interface.c, receive.c and send.c share; nobody else includes it. */
#pragma once

#include "wireguard/familiar.h"
#include "wireguard/indextable.h"
#include "wireguard/interface.h"
#include "wireguard/knock.h"
#include "wireguard/load.h"
#include "wireguard/ratelimiter.h"
#include "wireguard/seen.h"

/* The shard that gave out an index stands in the index's highest bits. */
enum {
	INDEX_TAG_SHIFT = 28,
};
_Static_assert(INTERFACE_SHARDS_MAX <= 1 << (32 - INDEX_TAG_SHIFT), "a shard's number fits");

/* What all shards share. Constant while any thread is inside one of them. */
struct common {
	struct interface_config config; /* config.pool is that of the first shard */
	bool is_up;
	struct noise_identity identity;
	struct peertable peers;
	struct ledger ledger;
	struct knock_gate gate;
	struct knock_key knock;	  /* what our initiations carry; class NONE: none */
	struct seen seen;	  /* changed by all threads, see there */
	struct familiar familiar; /* likewise */
	struct allowedips allowedips;
	struct peer *oldest, *newest;
	size_t peer_count;
	struct siphash_key shard_key; /* decides which shard a public key belongs to */
	struct interface *shards[INTERFACE_SHARDS_MAX];
	unsigned shard_count;
};

enum {
	BATCH_MAX = 128, /* packets: some 190 KB, which a core's cache holds from end to end */
};

/*
 * Data packets whose cryptography waits to be done together, in order: of sending, on their way out
 * already; of receiving, nowhere else. Empty between two calls of the interface.
 */
struct batch {
	size_t count;
	struct aead_job jobs[BATCH_MAX];
	struct {
		struct packet *packet;
		struct keypair *keypair; /* under which; none is freed while it is here */
	} items[BATCH_MAX];
};

/* A shard: what only its own thread touches. */
struct interface {
	struct common *common;
	unsigned number; /* in common->shards */
	struct packet_pool *pool;
	struct cookie_checker cookies;
	struct timestamp_clock timestamps;
	struct unstored unstored;
	uint64_t reach_ns;	  /* stored: initiations are accepted up to this time */
	struct load load;	  /* by who does not knock */
	struct load member_load;  /* by who does, in full right */
	uint64_t budget_empty_ns; /* until then no more of the others, monotonic */
	struct ratelimiter ratelimiter;
	struct indextable indices;
	struct deadlines deadlines;
	size_t staged_count; /* packets that wait, of all its peers */
	struct batch sealing;
	struct batch opening;
	bool has_unsealed; /* a packet could not be sealed, and is to be found among those out */
	struct drop_counters drops;
};

/* What one call works with. */
struct turn {
	struct interface *interface;
	struct moment now;
	struct outbox *out;
};

/* Counts the death of a packet and gives its buffer back. Consumes packet; NULL is counted too. */
static inline void interface_drop(
	struct interface *interface, struct packet *packet, enum drop reason)
{
	interface->drops.count[reason]++;
	if (packet)
		packet_put(interface->pool, packet);
}

/* Lets another shard have a packet that is for one of its peers. Consumes packet. */
enum direction { DIRECTION_IN, DIRECTION_OUT };
static inline void interface_hand_over(
	const struct turn *turn, unsigned shard, struct packet *packet, enum direction direction)
{
	struct outbox *out = turn->out;

	packet_list_push(direction == DIRECTION_IN ? &out->elsewhere[shard].datagrams
						   : &out->elsewhere[shard].inner,
		packet);
}

/* ---- peer.c ---- */

/* Whether what is staged for the peer can be sealed at once. */
bool peer_has_session(const struct peer *peer, uint64_t now_ns);

/*
 * Whether anything may be sent to where the peer was heard last. One that waits to be called sends
 * nothing to a peer of whom it has not heard for HEARD_WITHIN_NS: who lives answers data in
 * KEEPALIVE_TIMEOUT (paper, 6.5), or keeps its NAT open every 15 s; at the address of who has gone,
 * another may listen by now.
 */
#define HEARD_WITHIN_NS (18 * SECONDS_NS)
bool peer_is_heard(const struct peer *peer, uint64_t now_ns);

/* Whether there is no point in letting packets wait for it: it has not called for long. */
#define GONE_AFTER_NS (2 * HEARD_WITHIN_NS)
bool peer_has_gone(const struct peer *peer, uint64_t now_ns);

/*
 * Lets an inner packet wait for the peer's session. The peer's oldest gives way where too many
 * wait for it. The packet itself dies where it would wait longer than this turn, and as many wait
 * as are free: peers who are away get half of the pool, and do not starve those who are not.
 * Consumes packet.
 */
void peer_stage(struct peer *peer, uint64_t now_ns, struct packet *packet);

/* The first packet that waits, taken off; NULL: none does. */
struct packet *peer_unstage(struct peer *peer);

/*
 * What still waits when a session has ended before all was sealed will wait for long: slices become
 * packets of their own, and die where none is left.
 */
void peer_detach_staged(struct peer *peer);

/* All packets that wait for the peer die. */
void peer_drop_staged(struct peer *peer);

/* Its timers have changed: it is looked at no later than the earliest of them. */
void peer_reschedule(struct peer *peer);

/*
 * The handshake is complete on our side: its keys become a session under the handshake's index, in
 * the slot that our role asks for.
 */
enum drop peer_begin_session(struct peer *peer, uint64_t now_ns) must_check;

/* Its handshake and its sessions are no more. */
void peer_forget_sessions(struct peer *peer);

/* The kernel chooses the address that we next send from. */
void peer_forget_source(struct peer *peer);

/* ---- receive_data.c ---- */

/*
 * Takes a data packet: it is opened with others, at the latest by receive_pending(). Its death
 * before that is said; later ones are counted. Consumes packet, if it lives.
 */
enum drop receive_data(const struct turn *turn, struct packet *packet) must_check;

/* Opens what waits, and takes it as it came. Before any session may begin or end. */
void receive_pending(const struct turn *turn);

/* ---- send.c ---- */

/* Seals what waits. Before any session ends. */
void send_pending(struct interface *interface);

/* At the end of each turn: all that is in turn->out is sealed. */
void send_finish(const struct turn *turn);

/* Seals what waits for the peer, or begins a handshake where there is no session for it. */
void send_staged(const struct turn *turn, struct peer *peer);

/* Sends an empty packet, unless others wait: then those. */
void send_keepalive(const struct turn *turn, struct peer *peer);

/* Begins a handshake if none was begun within REKEY_TIMEOUT; a fresh one counts attempts anew. */
enum send_attempt { SEND_FRESH, SEND_RETRY };
void send_initiation(const struct turn *turn, struct peer *peer, enum send_attempt attempt);

/*
 * Answers the initiation just consumed, in the packet that it came in; the session waits for its
 * first data packet. The answer is held where something must be stored first. Consumes packet.
 */
enum drop send_response(
	const struct turn *turn, struct peer *peer, struct packet *packet) must_check;
