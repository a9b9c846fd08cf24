/* SPDX-License-Identifier: ISC */
/*
 * What the door in the kernel and the engine share: the memory of three maps. The engine writes and
 * the door reads, except for the counters. No lock: what is written is either one aligned word, or
 * a whole set of rules that nobody looks at yet (docs/door.md).
 *
 * Included by the BPF program.
 */
#pragma once

#include "wireguard/indexmirror.h"

enum {
	DOOR_KEYS_MAX = 512,  /* accepted epochs: KNOCK_KEYS_MAX */
	DOOR_KEYS_STEPS = 10, /* of a search among them */
	DOOR_STATE_WORDS = 8, /* of BLAKE2s */
	DOOR_RULES = 4,	      /* sets of rules in turn: a reader keeps one that long */
	DOOR_LIVE_GROUP = 16, /* slots in one element of the map: a line of the cache */
	DOOR_LIVE_BITS = 20,  /* 2^n slots: for 100,000 peers with four indices each */
	DOOR_LIVE_BITS_MIN = 12,
	DOOR_LIVE_BITS_MAX = 24,
	DOOR_TAG_BITS = 4,    /* an index has the number of its shard in so many highest bits */
	DOOR_HEADER_MAX = 14, /* of a link that we know */
	DOOR_HEADER_UNKNOWN = 255,
	DOOR_PLACES_MAX = 1024, /* interfaces that have it */
	DOOR_REASONS_MAX = 32,	/* counters of one processor */
	DOOR_STALE_S = 150,	/* the engine looks in every minute, or it is not there */
};

enum door_flags {
	DOOR_IS_UP = 1,	     /* the interface is */
	DOOR_HAS_KEY = 2,    /* of its own, so that mac1 can be told */
	DOOR_ASKS_KNOCK = 4, /* an initiation without a knock dies */
};

/* What is asked of datagrams. Complete before door_shared.active names it. */
struct door_rules {
	uint32_t port;			 /* of the tunnel, host order; 0: nobody is judged */
	uint32_t flags;			 /* enum door_flags */
	uint32_t mac1[DOOR_STATE_WORDS]; /* BLAKE2s after the block with the key */
	uint32_t key_count;
	uint32_t reserved;
	uint16_t epochs[DOOR_KEYS_MAX];			  /* in order */
	uint32_t knocks[DOOR_KEYS_MAX][DOOR_STATE_WORDS]; /* as mac1, of each epoch's key */
};

/* The one element of the first map. Zero: nobody is judged. */
struct door_shared {
	uint32_t active;      /* which of the rules are in force: one store changes all of them */
	uint32_t place_bits;  /* 2^n slots of the second map are one shard's */
	uint32_t shard_bits;  /* 2^n shards are in it */
	uint32_t is_overfull; /* some index found no slot: what is unknown is let in from then on */
	uint64_t heartbeat_ns; /* CLOCK_BOOTTIME of the engine's last look */
	struct door_rules rules[DOOR_RULES];
};

/* An element of the second map: words as wireguard/indexmirror.h has them. Slot s is word s %
 * DOOR_LIVE_GROUP of element s / that. */
struct door_live_group {
	uint32_t slots[DOOR_LIVE_GROUP];
};

/* An element of the third map: what one processor has counted. */
struct door_counts {
	uint64_t count[DOOR_REASONS_MAX];
};

/* The slot of an index: in its shard's part of the table, which its highest bits say. */
static inline uint32_t door_slot(uint32_t index, uint32_t place_bits, uint32_t shard_bits)
{
	uint32_t shard = index >> (32 - DOOR_TAG_BITS) & ((1U << shard_bits) - 1);

	return shard << place_bits | index_mirror_place(index, place_bits);
}
