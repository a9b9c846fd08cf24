/* SPDX-License-Identifier: ISC */
/*
 * Has the parent put plans in force, one after the other: while one is under way a further wish
 * waits, and the latest counts. On the loop's thread.
 */
#pragma once

#include "client/deviceplan.h"
#include "priv/channel.h"

struct planner {
	struct channel *channel; /* borrowed */
	/* Makes the plan that is wanted now; the planner's to release. */
	void (*make)(void *context, struct deviceplan *ret_plan);
	void *context;

	uint64_t version;   /* of the last plan */
	bool is_under_way;  /* it was sent, and PLAN_DONE was not heard */
	bool is_wanted;	    /* another is to follow it */
	bool wants_shelved; /* and before that the controller's session is to end */
};

/* The plan has changed. */
void planner_want(struct planner *planner);

/* The session with the controller is to begin anew. */
void planner_want_handshakes(struct planner *planner);

/* PLAN_DONE was received: logs what failed. */
void planner_done(struct planner *planner, const struct message_done *done);

/* To be called now and then: a plan that failed is sent again. */
void planner_retry(struct planner *planner);
