/* SPDX-License-Identifier: ISC */
/*
 * Asks the controller for the netmap over the tunnel, one question at a time, on a thread of
 * libuv's pool. On the loop's thread.
 */
#pragma once

#include "base/address.h"
#include "control/netmap.h"
#include "control/problem.h"

#include <uv.h>

struct asker;

struct asker_config {
	uv_loop_t *loop;
	struct address address; /* of the controller in the overlay */
	uint16_t port;
	const char *interface; /* borrowed: only by this one */
	/*
	 * What became of the question: err and problem as by caller_ask(). json is borrowed; NULL
	 * where nothing has changed. Another may be asked from within.
	 */
	void (*answered)(void *context, int err, const json_t *json, const struct problem *problem);
	void *context;
};

/* -ENOMEM. Release by asker_free(). */
int asker_new(const struct asker_config *config, struct asker **ret_asker) must_check;

/* Asks; none may be open. wait_s 0: to be answered at once, whatever its version. -errno. */
int asker_ask(struct asker *asker, uint64_t version, uint32_t wait_s, uint32_t total_ms) must_check;

/* Ends the open question, if there is one: answered() says -ECANCELED soon. May be repeated. */
void asker_cancel(struct asker *asker);

/* answered() will not be called; the memory goes when the thread is through. Accepts NULL. */
void asker_free(struct asker *asker);
