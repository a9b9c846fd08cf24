/* SPDX-License-Identifier: ISC */
/*
 * Asks the controller for a netmap or plan over the tunnel, one question at a time, on a thread of
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
	const char *path;      /* static: "/v1/netmap" */
	/*
	 * What became of the question: err and problem as by caller_ask(). json is borrowed; NULL
	 * where nothing has changed. Another may be asked from within.
	 */
	void (*answered)(void *context, int err, const json_t *json, const struct problem *problem);
	void *context;
};

/* -ENOMEM. Release by asker_free(). */
int asker_new(const struct asker_config *config, struct asker **ret_asker) must_check;

/* A question. */
struct asker_question {
	uint64_t version;  /* that is known; 0: to be answered whatever its version */
	uint64_t in_force; /* that is in force, for who wants to know; 0: that is not said */
	bool says_knock;   /* the epoch of the newest knock key that is on disk */
	uint16_t knock;
	uint32_t wait_s; /* for another version; 0: to be answered at once */
	uint32_t total_ms;
};

/* Asks; none may be open. -errno. */
int asker_ask(struct asker *asker, const struct asker_question *question) must_check;

/* Ends the open question, if there is one: answered() says -ECANCELED soon. May be repeated. */
void asker_cancel(struct asker *asker);

/* answered() will not be called; the memory goes when the thread is through. Accepts NULL. */
void asker_free(struct asker *asker);
