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
