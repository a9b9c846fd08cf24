/* SPDX-License-Identifier: ISC */
/*
 * What each device is told: all that it is granted and in force, nothing else. Its version is a
 * hash of it, so it changes with it only, and is the same after a restart. Devices ask and wait.
 */
#pragma once

#include "control/netmap.h"
#include "controller/state.h"

enum {
	NETMAPS_WAIT_MAX_S = 30,
};

void netmaps_init(struct controller *controller);

/* Requests that wait are dropped by the server; closes the timer. */
void netmaps_done(struct controller *controller);

/* The netmap of a device, encoded; for rollout_answer(): NULL where it has gone. */
json_t *netmaps_encode(struct controller *controller, uint64_t id, const struct message_done *done);

/* Something may have changed: answers those who wait for that. */
void netmaps_changed(struct controller *controller);

/* GET /v1/netmap?version=N&wait=S */
server_handler netmaps_get;
