/* SPDX-License-Identifier: ISC */
/* What lies between the nodes: addresses that move, datagrams that are late, lost or doubled. */
#pragma once

#include "world.h"

/* A fresh outer address that nobody ever had; `moves_address`: else only the port is new. */
void network_rebind(struct world *world, struct node *node, bool moves_address);

/* Sends a datagram on its way. */
void network_post(struct world *world, const struct node *sender, struct letter *letter,
	const struct endpoint *to);

/* A datagram has come to an address; whoever is there gets it. */
void network_arrive(struct world *world, const struct event *arrival);

/* The node that others see at this address; NULL: nobody. */
struct node *network_at(struct world *world, const struct endpoint *address);

/* Where an address of ours can be seen from outside, for a datagram to `to`. */
const struct endpoint *network_source(const struct node *sender, const struct endpoint *to);

/*
 * Known limitation, shared with stock WireGuard until issue "timestamps outlive restarts" is done:
 * after a restart a node does not remember the timestamps it has seen, and acts upon a recorded
 * initiation again, once, moving the endpoint to whoever sent it. Such arrivals are left out of the
 * simulation here, by construction, and counted; `--sabotage restart-replay` shows them.
 */
bool network_is_limitation(
	const struct world *world, const struct node *node, const struct letter *letter);
