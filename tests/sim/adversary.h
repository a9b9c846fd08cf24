/* SPDX-License-Identifier: ISC */
/*
 * Somebody who sees all datagrams, knows all public keys, and sends from any address: replays,
 * redirects, damages and forges. She has a key pair of her own, which nobody is configured with.
 */
#pragma once

#include "base/address.h"
#include "wireguard/noise.h"

struct world;
struct node;

struct adversary {
	struct noise_identity identity;
	struct endpoint addresses[2]; /* her own, IPv4 and IPv6 */
	int flood_victim;	      /* who is being flooded with handshakes */
	uint32_t flood_left;	      /* waves still to come */
	bool has_flooded;	      /* once in a world is enough, as it costs */
};

/* Her key and addresses, for a world whose nodes are known. */
void adversary_init(struct world *world);
void adversary_done(struct adversary *adversary);

/* One mischief. Says after what time to call again. */
uint64_t adversary_act(struct world *world);
