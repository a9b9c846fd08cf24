/* SPDX-License-Identifier: ISC */
/* What userspace.c and configure.c share; nobody else includes it. */
#pragma once

#include "engine/userspace/ledgerfile.h"
#include "engine/userspace/timestampfile.h"
#include "engine/userspace/userspace.h"
#include "engine/userspace/worker.h"
#include "net/link.h"

#include <stdatomic.h>

struct engine {
	struct engine_config config;
	struct tun *tun;
	struct link *link;
	uv_poll_t link_poll;
	bool is_watching; /* link_poll is open */
	bool is_up;
	bool has_ended; /* config.ended was called, or need not be */
	bool has_alarm;
	uv_async_t alarm;   /* a worker wants the engine to look at: */
	atomic_int failure; /* -errno: its packets cannot pass */
	atomic_bool timestamps_asked;
	struct worker *workers[TUN_QUEUES_MAX];
	unsigned worker_count;
	uint16_t listen_port; /* as configured or found; 0: none is open yet */
	uint32_t mark;
	struct timestampfile timestamps;
	struct ledgerfile ledger;
	atomic_int
		ledger_failure; /* -errno: a worker could not store; the file is to be made anew */
	uint64_t ledger_tried_ns; /* when that was tried last, monotonic */
	uint64_t ledger_warned_ns;
};
_Static_assert((int)TUN_QUEUES_MAX <= (int)INTERFACE_SHARDS_MAX, "a shard for each queue");

/* All workers stand still in between: their shards may be looked at and changed. */
static inline void engine_pause(struct engine *engine)
{
	for (unsigned i = 0; i < engine->worker_count; i++)
		worker_pause(engine->workers[i]);
}

static inline void engine_resume(struct engine *engine)
{
	for (unsigned i = 0; i < engine->worker_count; i++)
		worker_resume(engine->workers[i]);
}

/* Opens the sockets, on any free port, unless there are some. Paused. -errno. */
int engine_listen(struct engine *engine) must_check;

/* Tells the door, if there is one, what is asked of datagrams now. Paused. */
void engine_tell_keeper(struct engine *engine);

/*
 * Moves the limit of timestamps ahead and stores it first. Where it cannot be stored it is moved
 * all the same, with a warning: a tunnel that works until the next restart is better than none.
 */
void engine_reserve_timestamps(struct engine *engine);

/* A worker could not store what it must. Makes the file anew, if that was not just tried. Paused.
 */
void engine_mend_ledger(struct engine *engine, int failure);

/*
 * The end of this key's timestamps: stores how far they really went, so that the next start does
 * not run ahead of the clock. A peer would ignore another program with this key until it is there.
 */
void engine_settle_timestamps(struct engine *engine);
