/* SPDX-License-Identifier: ISC */
/*
 * A WireGuard interface without any I/O (the paper's wg0): bytes and time in, bytes and a deadline
 * out. Packets are handed over and come back in an outbox or go back to the pool; nothing else
 * happens. No descriptor, no clock, no log; memory is allocated by configuration and once for each
 * handshake of an authenticated peer, never for a packet.
 *
 *   datagrams --> interface_receive --> outbox.inner (authenticated, allowed source)
 *                                   \-> outbox.datagrams (responses, keepalives, waiting packets)
 *   inner     --> interface_send    --> outbox.datagrams
 *   time      --> interface_tick    --> outbox.datagrams
 *
 * Several threads: an interface has one or more shards. Each peer belongs to one shard, by its key;
 * packets and time of a shard belong to one thread. What finds its way to the wrong shard comes out
 * in outbox.elsewhere. Functions under "state", "configuration" and "peers" may be called with any
 * shard, while no other thread is inside any of them.
 */
#pragma once

#include "base/clock.h"
#include "wireguard/drop.h"
#include "wireguard/indexmirror.h"
#include "wireguard/knock.h"
#include "wireguard/ledger.h"
#include "wireguard/packet.h"
#include "wireguard/peer.h"
#include "wireguard/timestamp.h"

enum {
	INTERFACE_SHARDS_MAX = 16,
};

/* One shard of an interface; most interfaces have but one. */
struct interface;

/* What leaves: the caller sends or writes the packets and gives them back to the pool. */
struct outbox {
	struct packet_list datagrams; /* to the wire, each to its endpoint */
	struct packet_list inner;     /* to the TUN device */
	struct packet_list held;      /* answers, until what they ask for is stored */
	struct {
		struct packet_list datagrams; /* for interface_receive() of that shard */
		struct packet_list inner;     /* for interface_send() of that shard */
	} elsewhere[INTERFACE_SHARDS_MAX];
};

/*
 * When an initiation with valid mac1 gets a cookie reply while under load; a response never, nor an
 * initiation where knocks are preferred or required.
 */
enum cookie_policy {
	COOKIES_NEVER,	  /* silent: sources are rate-limited instead */
	COOKIES_FAMILIAR, /* where a peer has a live session from the address; others as above */
	COOKIES_ALWAYS,	  /* as stock WireGuard */
};

struct interface_config {
	struct entropy entropy;	  /* for all shards: it must be safe for their threads */
	struct packet_pool *pool; /* borrowed; all packets of the (first) shard are from it */
	enum cookie_policy cookies;
	bool stores_timestamps; /* of peers: see interface_unstored() */
	bool waits;		/* new peers call us, as by interface_peer_set_waits() */
	uint16_t mtu_bytes;	/* of the TUN device: padding stays within it */
};

/* -ENOMEM. Release by interface_free(). The interface is stopped and has no key and no peers. */
int interface_new(
	const struct interface_config *config, struct interface **ret_interface) must_check;

/*
 * One more shard of the same interface, with a pool of its own; before there are any peers.
 * -ENOMEM; -ENOSPC: INTERFACE_SHARDS_MAX are there. Release by interface_free().
 */
int interface_new_shard(struct interface *first, struct packet_pool *pool,
	struct interface **ret_interface) must_check;

/*
 * Gives all packets back to the pool, wipes all secrets. The peers of a shard go with it; when one
 * shard is freed, all must be, in any order, and nothing else may be called. Accepts NULL.
 */
void interface_free(struct interface *interface);

/* ---- packets and time, of one shard ---- */

/* Takes datagrams from anywhere; their endpoints say from where. Consumes the packets. */
void interface_receive(struct interface *interface, struct moment now,
	struct packet_list *datagrams, struct outbox *out);

/* Takes inner packets to be sent to whom their destination belongs. Consumes the packets. */
void interface_send(struct interface *interface, struct moment now, struct packet_list *inner,
	struct outbox *out);

/*
 * A packet from outbox.elsewhere that the other shard has no room for; NULL: there was none to copy
 * it into. Consumes packet.
 */
void interface_lose(struct interface *interface, struct packet *packet);

/* Does what is due. */
void interface_tick(struct interface *interface, struct moment now, struct outbox *out);

/* When interface_tick() must be called next, monotonic; UINT64_MAX: not before something else. */
uint64_t interface_deadline_ns(const struct interface *interface);

/* Deaths in this shard, by reason; borrowed, changes with each call. */
const struct drop_counters *interface_drops(const struct interface *interface);

/* Timestamps of our initiations: the program moves limit_ns, and stores it durably before that. */
struct timestamp_clock *interface_timestamps(struct interface *interface);

/*
 * The greatest timestamp of each peer outlives the program, so that no recorded initiation is ever
 * answered again. Where config.stores_timestamps is set, answers that this shard may not send yet
 * are in outbox.held. Store durably what interface_unstored() gives, then say how that went:
 * the answers move to outbox.datagrams, or die. Most handshakes need nothing to be stored.
 */
struct unstored {
	struct ledger_entry *first; /* .stored of each, by .next_unstored */
	uint64_t reach_ns; /* nothing is accepted after this, monotonic, until more is stored */
};

/* Whether there is anything to be stored. */
bool interface_unstored(const struct interface *interface, struct unstored *ret_unstored);

/* What reach_ns was stored last; 0: none. */
uint64_t interface_reach_ns(const struct interface *interface);

/* 0: it is stored. -errno: it is not, perhaps in part; it is asked for again. */
void interface_stored(struct interface *interface, int err, struct outbox *out);

/* ---- state ---- */

/* The device came up: packets pass, and peers with persistent keepalive are due to be called. */
void interface_start(struct interface *interface, uint64_t now_ns);

/* The device went down: sessions and waiting packets are gone, nothing is said to anyone. */
void interface_stop(struct interface *interface);

/* ---- configuration ---- */

/*
 * NULL or all zero: none. All sessions end; a peer with our own public key is removed.
 * ERR_CRYPTO: all is as before.
 */
int interface_set_private_key(struct interface *interface, const uint8_t *private_key) must_check;

/* The key pair; NULL where none is set. Borrowed. */
const struct noise_identity *interface_identity(const struct interface *interface);

/*
 * What is asked of initiations from now on. The errors of knock_gate_set(): all is as before.
 */
int interface_set_knock_gate(struct interface *interface, enum knock_mode mode,
	const struct knock_key *keys, size_t key_count) must_check;

/* What is asked of initiations. Borrowed; changes with interface_set_knock_gate(). */
const struct knock_gate *interface_knock_gate(const struct interface *interface);

/* Shows from now on which indices of this shard are live; before there are any peers. */
void interface_set_mirror(struct interface *interface, const struct index_mirror *mirror);

/* What initiations of ours carry, unless the peer has one of its own; NULL: nothing. */
void interface_set_knock(struct interface *interface, const struct knock_key *key);

/*
 * The timestamps of all peers, and of who was one. Whoever changes it calls
 * interface_recall_timestamps(), so that peers know; the reach of all shards must be stored anew.
 */
struct ledger *interface_ledger(struct interface *interface);
void interface_recall_timestamps(struct interface *interface);

void interface_set_mtu(struct interface *interface, uint16_t mtu_bytes);

/* The listening port or address has changed: endpoints keep no source of ours. */
void interface_forget_sources(struct interface *interface);

/* ---- peers ---- */

/* The first peer for NULL, then each in the order of adding; NULL at the end. */
struct peer *interface_peer_next(const struct interface *interface, const struct peer *previous);

/* NULL: not there. */
struct peer *interface_peer_find(
	const struct interface *interface, const uint8_t public_key[static NOISE_KEY_SIZE]);

/* -EEXIST; -EINVAL: our own key; -ENOSPC: MAX_PEERS are there; -ENOMEM. */
int interface_peer_add(struct interface *interface, const uint8_t public_key[static NOISE_KEY_SIZE],
	struct peer **ret_peer) must_check;

/* Wiped and freed at once; packets that waited for it are dropped. */
void interface_peer_remove(struct interface *interface, struct peer *peer);

/* All zero: none. Takes effect with the next handshake. */
void interface_peer_set_preshared_key(
	struct peer *peer, const uint8_t preshared_key[static NOISE_KEY_SIZE]);

/* What initiations to this peer carry; NULL: what the interface's do. */
void interface_peer_set_knock(struct peer *peer, const struct knock_key *key);

/*
 * Whether the peer calls us, and never we it: no initiations, and nothing to where it was heard
 * last once that is long ago. What is for it waits, until it is heard again.
 */
void interface_peer_set_waits(struct peer *peer, bool waits);

/*
 * Whether the persistent keepalive is sent as often as it says, whatever passes meanwhile: what
 * comes from a peer that waits to be called would else put it off, until that one holds back.
 */
void interface_peer_set_steady(struct peer *peer, bool is_steady);

/* Where to send to, until the peer is heard from elsewhere. */
void interface_peer_set_endpoint(struct peer *peer, const struct endpoint *endpoint);

/* Seconds, 0: off. Switching it on while the interface is up makes a keepalive due at once. */
void interface_peer_set_persistent_keepalive(
	struct interface *interface, struct peer *peer, uint16_t seconds, uint64_t now_ns);

/* What the peer may send from and be sent to. -ENOMEM, -EINVAL. */
int interface_peer_allow(
	struct interface *interface, struct peer *peer, const struct prefix *prefix) must_check;

/* false: the peer was not allowed just this prefix. */
bool interface_peer_disallow(
	struct interface *interface, struct peer *peer, const struct prefix *prefix);
void interface_peer_disallow_all(struct interface *interface, struct peer *peer);
