/* SPDX-License-Identifier: ISC */
/* The userspace engine: workers over one TUN device, behind the seam of engine.h. */
#pragma once

#include "base/attributes.h"
#include "door/keeper.h"
#include "engine/engine.h"
#include "wireguard/interface.h"

#include <stdbool.h>
#include <uv.h>

struct engine_config {
	const char *interface_name;
	uv_loop_t *loop;       /* of the calling thread; worker 0 and the link run on it */
	unsigned worker_count; /* 1 to TUN_QUEUES_MAX */
	bool attaches; /* the device is there and persistent (tun_attach()), not ours to make */
	enum cookie_policy cookies;
	bool waits;		     /* new peers call us, see interface_peer_set_waits() */
	const char *state_directory; /* where timestamps are stored; borrowed */
	bool is_hidden;		     /* reception, see struct udp_config */
	int tap_program;	     /* then; borrowed */
	struct keeper *keeper; /* of the door in the kernel; borrowed; NULL: there is no door */
	/*
	 * The device was deleted (err is 0), or packets cannot pass any more (-errno): the program
	 * is to end. On the loop's thread, once.
	 */
	void (*ended)(void *context, int err);
	void *context;
};

/*
 * Creates the TUN device, down, or attaches to it; without key, port and peers. The errors of
 * tun_open() or tun_attach(); -ENOMEM. Where it fails the program is to end.
 * Release by engine_stop(), then running the loop until it has nothing to do, then engine_free().
 */
int engine_open_userspace(
	const struct engine_config *config, struct engine **ret_engine) must_check;

/* No packet passes any more; handles on the loop are being closed. */
void engine_stop(struct engine *engine);

/* Wipes and frees; the device is gone, unless it was attached to. Accepts NULL. */
void engine_free(struct engine *engine);
