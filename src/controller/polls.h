/* SPDX-License-Identifier: ISC */
/* Requests that wait until there is something else to say, or they have waited long enough. */
#pragma once

#include "control/server.h"

enum {
	POLLS_WAIT_MAX_S = 30,
};

struct controller;

struct poll {
	struct poll *next;
	struct polls *polls;
	struct server_request *request;
	uint64_t id;	      /* of who asks */
	uint64_t version;     /* that it has; 0: none */
	uint64_t deadline_ms; /* of the loop's clock */
};

struct polls {
	struct controller *controller;
	uv_loop_t *loop;
	struct poll *first;
	uv_timer_t deadline; /* of the first that has waited long enough */
	/* Answers where there is something else to say than `version`; true: it has. */
	bool (*answer)(struct controller *controller, struct server_request *request, uint64_t id,
		uint64_t version);
	/* One has waited long enough, and was answered; NULL: nobody wants to know. */
	void (*has_waited)(struct controller *controller, uint64_t id);
};

/* Fields that are not the caller's to fill in are zero: controller, loop, answer, has_waited. */
void polls_init(struct polls *polls);

/* Requests that wait are dropped by the server; closes the timer. */
void polls_done(struct polls *polls);

/* Something may have changed: answers those who wait for that. */
void polls_changed(struct polls *polls);

/*
 * Keeps a request that could not be answered yet. Once it has waited it is answered by 204, or 503
 * where it has no version.
 */
void polls_wait(struct polls *polls, struct server_request *request, uint64_t id, uint64_t version,
	uint64_t wait_s);

/* Whether one of that id waits. */
bool polls_has(const struct polls *polls, uint64_t id);
