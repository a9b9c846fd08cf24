/* SPDX-License-Identifier: ISC */
/*
 * One worker: one thread, one event loop, one queue of the TUN device, one pair of UDP sockets, one
 * shard of the interface with its packets. Nothing of it is shared but what workers exchange.
 * Worker 0 runs on the engine's own loop and thread; on one core no thread is paid for.
 *
 * All functions are called on the engine's thread; for others than worker 0, while it stands still
 * (worker_pause() to worker_resume()) or has no thread yet.
 */
#pragma once

#include "base/attributes.h"
#include "door/keeper.h"
#include "engine/userspace/exchange.h"
#include "net/tun.h"
#include "net/udp.h"
#include "wireguard/interface.h"

#include <uv.h>

struct worker;

struct worker_config {
	unsigned number;
	unsigned worker_count; /* of all */
	uv_loop_t *loop;       /* the engine's for worker 0, NULL for the others */
	struct tun *tun;       /* borrowed; its queue is number */
	enum cookie_policy cookies;
	bool waits;		 /* new peers call us */
	struct keeper *keeper;	 /* NULL: there is no door in the kernel */
	struct interface *first; /* worker 0's shard, of which this is to be one more; NULL: is 0 */
	void (*failed)(
		void *context, int err); /* packets cannot pass any more; on worker 0's thread */
	void (*timestamps_low)(void *context); /* the reserve is low; any worker's thread */
	/* Stores durably what this worker's shard has to be stored; any worker's thread. -errno. */
	int (*store)(void *context, unsigned worker, const struct unstored *unstored);
	void *context;
};

/* -errno, -ENOMEM. Release by worker_free(). */
int worker_new(const struct worker_config *config, struct worker **ret_worker) must_check;

/*
 * In two steps, when all threads have ended: packets wander between pools, so all workers give
 * theirs back before the first one's pool goes.
 */
void worker_empty(struct worker *worker);

/* Accepts NULL. */
void worker_free(struct worker *worker);

/* Lets two workers hand packets to each other, before they run. -ENOMEM. */
int worker_connect(struct worker *from, struct worker *to) must_check;

/* Begins to work, on a thread of its own unless it is worker 0. -errno. */
int worker_run(struct worker *worker) must_check;

/*
 * Ends the thread and waits for it; handles on the loop are being closed. All workers stand still
 * before the first is stopped, for one that works may wake another; they are not resumed.
 */
void worker_stop(struct worker *worker);

/*
 * The worker stands still between two packets until it is resumed, and then does what became due
 * meanwhile. Worker 0 stands still by itself, as we are on its thread.
 */
void worker_pause(struct worker *worker);
void worker_resume(struct worker *worker);

/* Goes over to these sockets; the former ones are closed. Consumes udp; NULL: none. */
void worker_set_udp(struct worker *worker, struct udp *udp);

/* The sockets; NULL: none. */
struct udp *worker_udp(const struct worker *worker);

/* Its shard. */
struct interface *worker_interface(const struct worker *worker);
