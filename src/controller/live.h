/* SPDX-License-Identifier: ISC */
/*
 * What the parent and the engine know now: who is connected, what was dropped and repaired. Asked
 * for when somebody wants to know; all who ask meanwhile share one answer. Where none comes, they
 * are answered without.
 */
#pragma once

#include "controller/state.h"

void live_init(struct controller *controller);

/* Requests that wait are dropped by the server; closes the timer. */
void live_done(struct controller *controller);

/* Calls `ready` once what there is is in controller->live; keeps the request until then. */
void live_ask(struct controller *controller, struct server_request *request,
	void (*ready)(struct controller *controller, struct server_request *request));

/* What the parent answers. */
void live_received_peers(
	struct controller *controller, const struct message_peer_status *peers, size_t count);
void live_received_end(struct controller *controller, const struct message_status *status);

/* Of a peer; NULL: the engine knows nothing of it. */
const struct message_peer_status *live_peer(
	const struct controller *controller, const uint8_t public_key[static STORE_KEY_SIZE]);
