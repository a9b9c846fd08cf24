/* SPDX-License-Identifier: ISC */
/*
 * Who feeds the door in the kernel: the memory of its maps, written without a system call, so that
 * a process in a sandbox can. Functions are called while no other thread is inside any of them,
 * except for keeper_beat() and keeper_count().
 */
#pragma once

#include "base/attributes.h"
#include "door/reasons.h"
#include "wireguard/indexmirror.h"
#include "wireguard/knock.h"

#include <stdbool.h>

struct keeper;

/* The maps; the descriptors may be closed once they are mapped. */
struct keeper_maps {
	int shared_fd, live_fd, counts_fd;
	uint32_t live_bits;  /* 2^n slots for live indices */
	uint32_t processors; /* how many there are counters of */
};

/*
 * Maps the memory, for an engine of so many shards. Nothing is live in it afterwards; what was in
 * force stays so until keeper_set(). -EINVAL: sizes that cannot be; -errno. Release by
 * keeper_free().
 */
int keeper_new(
	const struct keeper_maps *maps, unsigned shards, struct keeper **ret_keeper) must_check;

/* What is in force stays so. Accepts NULL. */
void keeper_free(struct keeper *keeper);

/* What the engine asks of datagrams. */
struct keeper_terms {
	uint16_t port; /* 0: nobody is judged */
	bool is_up;
	const uint8_t *public_key; /* NOISE_KEY_SIZE bytes; NULL: none yet */
	const struct knock_gate *gate;
};

/* In force for all processors at once, when it returns. */
void keeper_set(struct keeper *keeper, const struct keeper_terms *terms);

/* Where a shard shows which indices are live. */
struct index_mirror keeper_mirror(struct keeper *keeper, unsigned shard);

/* The engine is alive, CLOCK_BOOTTIME. At least every minute. Any thread. */
void keeper_beat(struct keeper *keeper, uint64_t now_ns);

struct door_counters {
	uint64_t count[DOOR_REASONS];
};

/* Exact: each datagram that was judged before the call is counted once. Any thread. */
void keeper_count(const struct keeper *keeper, struct door_counters *ret_counters);

/* The word for reports ("mac1-invalid"), and the meaning, one line for people; static. */
const char *door_word(enum door_reason reason);
const char *door_meaning(enum door_reason reason);
