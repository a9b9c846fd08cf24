/* SPDX-License-Identifier: ISC */
/*
 * What each device is told: all that it is granted and in force, nothing else. Its version is a
 * hash of it, so it changes with it only, and is the same after a restart. Devices ask and wait.
 */
#pragma once

#include "control/netmap.h"
#include "controller/state.h"

void netmaps_init(struct controller *controller);

/* The netmap of a device, encoded; for rollout_answer(): NULL where it has gone. */
json_t *netmaps_encode(struct controller *controller, uint64_t id, const struct message_done *done);

/* Who a gateway on a host of its own is, and whom it calls. Release by netmap_done(). */
void netmaps_of_gateway(const struct controller *controller, const struct store_gateway *gateway,
	struct netmap *ret_netmap);

/* Something may have changed: tells the devices that wait for that. */
void netmaps_changed(struct controller *controller);

/* GET /v1/netmap?version=N&wait=S&knock=E */
server_handler netmaps_get;
