/* SPDX-License-Identifier: ISC */
/*
 * Who looked at this host, and what died silently, as a control process tells it (docs/api.md,
 * Radar): asked of the parent when somebody wants to know. All who ask meanwhile share one answer.
 * On the loop's thread.
 */
#pragma once

#include "control/server.h"
#include "priv/channel.h"

#include <stdbool.h>

struct lookout_asker;

/* Initialise by lookout_init(), release by lookout_done(). */
struct lookout {
	bool is_on;		      /* by the configuration */
	struct lookout_asker *askers; /* who waits for the answer that is under way */
	uint64_t nonce;		      /* of the question under way */
	bool is_under_way;
	json_t *counters, *sightings; /* of the answer, as they come */
	uint64_t total;		      /* packets of all counters */
	uv_timer_t patience;
};

void lookout_init(struct lookout *lookout, uv_loop_t *loop, bool is_on);

/* Requests that wait are dropped by the server; closes the timer. */
void lookout_done(struct lookout *lookout);

/* Answers the request, once the parent has. */
void lookout_ask(struct lookout *lookout, struct channel *channel, struct server_request *request);

/* The same; what was told is forgotten. 409 while somebody asks. */
void lookout_clear(
	struct lookout *lookout, struct channel *channel, struct server_request *request);

/* What the parent says: MESSAGE_RADAR_*; anything else is ignored. */
void lookout_received(struct lookout *lookout, const struct channel_message *message);
