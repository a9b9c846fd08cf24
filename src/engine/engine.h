/* SPDX-License-Identifier: ISC */
/*
 * The seam behind which packets move: configure it, look at it, nothing else. Our userspace engine
 * today; the kernel's WireGuard will stand behind the same functions. Call from the thread that
 * made it; calls return when the change is in force in all of the engine's own threads.
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"
#include "door/keeper.h"
#include "wireguard/allowedips.h"
#include "wireguard/drop.h"
#include "wireguard/knock.h"
#include "wireguard/messages.h"

#include <stdbool.h>

struct engine;

/* One prefix that is given to a peer, or taken from it. */
struct engine_prefix_change {
	struct prefix prefix;
	bool is_removed;
};

/* What changes for one peer; what is not set stays as it is. */
struct engine_peer_change {
	uint8_t public_key[NOISE_KEY_SIZE];
	bool is_removed;     /* the peer goes; all else is ignored */
	bool is_update_only; /* do nothing where the peer is not there */
	bool sets_preshared_key;
	bool sets_endpoint;
	bool sets_persistent_keepalive;
	bool replaces_allowedips;	       /* take all prefixes from it first */
	uint8_t preshared_key[NOISE_KEY_SIZE]; /* zero: none */
	struct endpoint endpoint;
	uint16_t persistent_keepalive_s; /* 0: off */
	bool sets_knock;
	bool sets_waits;
	bool waits;	/* it calls us, and is never called */
	bool is_steady; /* with sets_waits: keepalives come as often as they say, see there */
	struct knock_key knock;		       /* what initiations carry; class NONE: default */
	struct engine_prefix_change *prefixes; /* owned */
	size_t prefix_count;
};

/* One request of configuration, complete and syntactically right before any of it is applied. */
struct engine_change {
	bool sets_private_key;
	bool sets_listen_port;
	bool sets_mark;
	bool replaces_peers;		     /* remove all peers first */
	uint8_t private_key[NOISE_KEY_SIZE]; /* zero: none */
	uint16_t listen_port;		     /* 0: any that is free */
	uint32_t mark;			     /* 0: none */
	bool sets_knock_gate;
	bool sets_knock;
	enum knock_mode knock_mode;
	struct knock_key *knock_keys; /* owned: what is accepted, one an epoch */
	size_t knock_key_count;
	struct knock_key knock;		  /* what our initiations carry; class NONE: none */
	struct engine_peer_change *peers; /* owned, in order of the request */
	size_t peer_count;
};

/* Frees and wipes what it owns; zero afterwards. */
void engine_change_done(struct engine_change *change);

/*
 * Applies the change: first what can fail without having changed anything (a port that is taken:
 * -EADDRINUSE, the old port stays), then the rest. -errno or ERR_*.
 */
int engine_configure(struct engine *engine, const struct engine_change *change) must_check;

struct engine_status {
	bool has_private_key;
	uint8_t private_key[NOISE_KEY_SIZE];
	uint8_t public_key[NOISE_KEY_SIZE];
	uint16_t listen_port;
	uint32_t mark;
	const struct drop_counters *drops; /* in the engine */
	const struct door_counters *door;  /* in the kernel, before it; NULL: there is no door */
	const struct knock_gate *gate;	   /* what is asked of initiations */
};

struct engine_peer_status {
	const uint8_t *public_key;	 /* NOISE_KEY_SIZE bytes */
	const uint8_t *preshared_key;	 /* zero: none */
	const struct endpoint *endpoint; /* family NONE: not known */
	const struct knock_key *knock;	 /* of its own; class NONE: none */
	bool waits;
	const struct allowedips_owner *allowedips; /* walk by allowedips_next() */
	uint64_t last_handshake_ns;		   /* realtime; 0: never */
	uint64_t rx_bytes, tx_bytes;
	uint16_t persistent_keepalive_s;
};

/* Called once, then for each peer; all that is given is borrowed for the call. */
struct engine_visitor {
	void (*visit_status)(void *context, const struct engine_status *status);
	void (*visit_peer)(void *context, const struct engine_peer_status *peer);
	void *context;
};

void engine_inspect(struct engine *engine, const struct engine_visitor *visitor);
