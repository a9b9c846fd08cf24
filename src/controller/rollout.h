/* SPDX-License-Identifier: ISC */
/*
 * From what is stored to what is in force. An act that changes it says so, and is answered once a
 * plan that covers it is in force in the firewall and in the engine; and at gateways on other hosts
 * that are connected, for whom it waits a second at most. At most one plan is under way;
 * the next one covers all acts since. What failed is tried again.
 */
#pragma once

#include "controller/state.h"

void rollout_init(struct controller *controller);

/* Requests that wait are dropped by the server; closes the timer. */
void rollout_done(struct controller *controller);

/* The parent takes plans from now on. */
void rollout_begin(struct controller *controller);

/* Something has changed that is to be in force. */
void rollout_due(struct controller *controller);

/* How to answer an act. */
struct rollout_answer {
	json_t *json; /* consumed; NULL: what `make` gives */
	/* Called once it is in force; NULL from it: the device has gone meanwhile. */
	json_t *(*make)(
		struct controller *controller, uint64_t id, const struct message_done *done);
	uint64_t id; /* handed to make */
};

/* Something has changed, and the request is answered with 200 once that is in force. */
void rollout_answer(struct controller *controller, struct server_request *request,
	const struct rollout_answer *answer);

/* What is in force, and what will be once the plan under way is; NULL: nothing yet. */
const struct policy_compiled *rollout_in_force(const struct controller *controller);
const struct policy_compiled *rollout_latest(const struct controller *controller);

/* Number of the newest knock key that is accepted by what is in force; 0: none yet. */
uint64_t rollout_knock(const struct controller *controller);

/* The state of a device as it is in force; false: it is not yet. */
bool rollout_state(
	const struct controller *controller, uint64_t device, enum store_device_state *ret_state);

/* A gateway on another host says what is in force there: perhaps nobody is waited for now. */
void rollout_look_settled(struct controller *controller);

/* The parent answers. */
void rollout_received(struct controller *controller, const struct message_done *done);
