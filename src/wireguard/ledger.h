/* SPDX-License-Identifier: ISC */
/*
 * What is remembered of the timestamps of each public key, whether it is a peer at the moment or
 * not: who is removed and added again is not forgotten. Entries of keys that have gone are bounded;
 * the oldest gives way. A program stores them and brings them back (interface_unstored()).
 *
 * Changed as configuration is; the entry of a peer also by the peer's shard.
 */
#pragma once

#include "wireguard/horizon.h"
#include "wireguard/peertable.h"

enum {
	LEDGER_GONE_MAX = 1 << 16, /* keys without a peer that are remembered */
	LEDGER_ENTRIES_MAX = MAX_PEERS + LEDGER_GONE_MAX,
};

/* A timestamp of each peer is accepted up to this time ahead of what was stored last. */
#define LEDGER_REACH_NS (30 * SECONDS_NS)

struct ledger_entry {
	struct peertable_entry by_key;
	uint8_t latest[NOISE_TIMESTAMP_SIZE]; /* the greatest that was accepted; none below is */
	struct horizon stored;		      /* on disk, or about to be */
	uint32_t slot;			      /* its place on disk, below ledger.slot_count */
	uint64_t latest_ns;		      /* when, monotonic; 0: not by this process */
	uint64_t stored_ns;		      /* when `stored` was changed last; 0: not yet */
	uint8_t hurries;		      /* how often that was after a short time only */
	bool has_peer;
	bool is_unstored;
	struct ledger_entry *next_unstored;
	struct ledger_entry *older, *newer; /* of those that have gone, or are free */
};

struct ledger {
	struct peertable entries;
	struct ledger_entry *oldest_gone, *newest_gone;
	struct ledger_entry *free; /* kept for their slots */
	size_t gone_count;
	uint32_t slot_count;
	uint8_t floor[NOISE_TIMESTAMP_SIZE]; /* of keys of which nothing is known */
};

/* -ENOMEM. Release by ledger_done(). */
int ledger_init(struct ledger *ledger, struct siphash_key key) must_check;
void ledger_done(struct ledger *ledger);

/* The entry of a key that becomes a peer; made where there is none. -ENOMEM. */
int ledger_open(struct ledger *ledger, const uint8_t public_key[static NOISE_KEY_SIZE],
	struct ledger_entry **ret_entry) must_check;

/* The peer has gone; the entry stays for a while. */
void ledger_close(struct ledger *ledger, struct ledger_entry *entry);

/*
 * What was stored of a key: nothing up to `bound` is accepted any more. Entries that are there take
 * the greater. -ENOMEM.
 */
int ledger_remember(struct ledger *ledger, const uint8_t public_key[static NOISE_KEY_SIZE],
	const uint8_t bound[static NOISE_TIMESTAMP_SIZE], int64_t lead_ns) must_check;

/* Another private key of ours: nothing is known any more, but of peers what they sent. */
void ledger_forget(struct ledger *ledger);

/*
 * The floor of keys of which nothing is known, where what was stored is lost or damaged: nobody is
 * answered whose clock is behind it.
 */
void ledger_raise_floor(struct ledger *ledger, const uint8_t floor[static NOISE_TIMESTAMP_SIZE]);

/* An initiation is about to be accepted: whether something must be stored before the answer. */
bool ledger_accept(struct ledger_entry *entry, const uint8_t timestamp[static NOISE_TIMESTAMP_SIZE],
	uint64_t now_ns);

/* Each entry, peer or gone; `visit` must not change the ledger. */
void ledger_walk(const struct ledger *ledger,
	void (*visit)(void *context, struct ledger_entry *entry), void *context);
