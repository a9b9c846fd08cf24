/* SPDX-License-Identifier: ISC */
/*
 * Sessions (paper, 5.4.5, 6.1; kernel noise.c): a pair of transport keys, and the three slots in
 * which a peer keeps them. A responder's pair waits in `next` until a packet under it has
 * authenticated; then it becomes `current`, and what was current can still be received with.
 */
#pragma once

#include "base/attributes.h"
#include "crypto/aead.h"
#include "wireguard/indextable.h"
#include "wireguard/noise.h"
#include "wireguard/replay.h"

struct peer;

struct keypair {
	struct indextable_entry index; /* ours: what the peer addresses its packets to */
	struct peer *peer;	       /* borrowed: the peer owns its keypairs */
	uint32_t remote_index;	       /* what we address ours to */
	bool is_initiator;	       /* we began the handshake: we see to its renewal */
	uint64_t created_ns;	       /* monotonic */
	uint64_t sending_counter;      /* the next packet's */
	struct aead *sending;
	struct aead *receiving;
	struct replay replay;
};

struct keypairs {
	struct keypair *current;  /* what we send with */
	struct keypair *previous; /* packets under it may still be on their way */
	struct keypair *next;	  /* we answered; the other side has not used it yet */
};

/*
 * Allocates: once a handshake, after the peer has authenticated. Release by keypair_free().
 * The index is the caller's to set. ERR_CRYPTO, -ENOMEM.
 */
int keypair_new(struct peer *peer, const struct noise_keys *keys, uint32_t remote_index,
	uint64_t now_ns, struct keypair **ret_keypair) must_check;

/* Wipes; takes it out of the index table. Accepts NULL. */
void keypair_free(struct indextable *table, struct keypair *keypair);

/* Whether one more packet may be sent, or received, under it. */
bool keypair_may_send(const struct keypair *keypair, uint64_t now_ns);
bool keypair_may_receive(const struct keypair *keypair, uint64_t now_ns);

/* Takes in a fresh pair, by whether we began (kernel add_new_keypair). Consumes fresh. */
void keypairs_add(struct keypairs *keypairs, struct indextable *table, struct keypair *fresh);

/*
 * A packet under `used` has authenticated; true where it was `next` and now is `current`. No
 * session ends by it: while there is a next one, there is no previous.
 */
bool keypairs_confirm(struct keypairs *keypairs, const struct keypair *used);

/* Frees all three. */
void keypairs_clear(struct keypairs *keypairs, struct indextable *table);
