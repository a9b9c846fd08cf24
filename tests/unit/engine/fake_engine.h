/* SPDX-License-Identifier: ISC */
/*
 * An engine that moves nothing: it keeps what it is configured with in the simplest way and tells
 * it again. Behind the seam of engine.h in tests of the userspace interface.
 */
#pragma once

#include "engine/engine.h"

enum {
	FAKE_PEERS_MAX = 64,
};

struct fake_peer {
	uint8_t public_key[NOISE_KEY_SIZE];
	uint8_t preshared_key[NOISE_KEY_SIZE];
	struct endpoint endpoint;
	struct allowedips_owner allowedips;
	uint64_t last_handshake_ns, rx_bytes, tx_bytes;
	uint16_t persistent_keepalive_s;
	struct knock_key knock;
	bool waits;
};

struct engine {
	int result;		/* what engine_configure() gives; negative: nothing is applied */
	bool only_counts;	/* apply nothing, inspect gives the peers `repeat` times */
	unsigned configured;	/* calls of engine_configure() */
	size_t last_peer_count; /* in the last change */
	size_t repeat;		/* times that the peers are given; 0 is once */
	struct engine_status status;
	struct drop_counters drops;
	struct knock_gate gate; /* keys in the order in which they came */
	struct allowedips trie;
	struct fake_peer *peers[FAKE_PEERS_MAX]; /* in the order of adding */
	size_t peer_count;
};

/* Frees the peers; zero afterwards. */
void fake_engine_done(struct engine *engine);

/* NULL: not there. */
struct fake_peer *fake_engine_find(
	struct engine *engine, const uint8_t public_key[static NOISE_KEY_SIZE]);
