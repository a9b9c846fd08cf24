/* SPDX-License-Identifier: ISC */
/*
 * Gateways on hosts of their own. Each is told what to enforce when it asks, over the tunnel, and
 * says in its next question what it has in force. A version is a hash of all that is in it.
 */
#pragma once

#include "controller/state.h"

void gateways_init(struct controller *controller);

/* Requests that wait are dropped by the server; closes the timer. */
void gateways_done(struct controller *controller);

/* A plan was made of this: makes each gateway's, and tells those who wait for another. */
void gateways_tell(struct controller *controller, const struct policy_compiled *compiled);

/* Names of those that are connected and have not got it in force yet. The caller's. */
json_t *gateways_behind(const struct controller *controller);

/* All, the controller's own first, as docs/api.md has them. The caller's. */
json_t *gateways_list(struct controller *controller);

/* The netmap of a new one, for rollout_answer(): NULL where it has gone. */
json_t *gateways_encode_netmap(
	struct controller *controller, uint64_t id, const struct message_done *done);

/* GET /v1/plan?version=N&in_force=N&wait=S */
server_handler gateways_get_plan;
