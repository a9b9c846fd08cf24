/* SPDX-License-Identifier: ISC */
/* The network: its name, its overlay, and how it is called. Set once, by `tacet init`. */
#pragma once

#include "base/random.h"
#include "store/overlay.h"
#include "store/store.h"

/* Where overlay addresses come from unless told otherwise; see docs/decisions/overlay.md. */
#define STORE_OVERLAY_IPV4 "100.80.0.0/16"

struct store_network {
	char name[STORE_NAME_SIZE];	/* a DNS name: services are <service>.<name> */
	char endpoint[STORE_HOST_SIZE]; /* host:port, as devices call it */
	struct overlay overlay;
	char server_key[STORE_HOST_SIZE]; /* where the private key is, never the key */
};

/* Fills both overlay prefixes: the usual one, and a ULA prefix drawn at random (RFC 4193). */
void store_network_draw(struct entropy entropy, struct store_network *ret_network);

/* ERR_EXISTS: it is set; ERR_NAME, ERR_RANGE: a prefix; ERR_SYNTAX. */
int store_network_init(struct store *store, const struct store_actor *by,
	const struct store_network *network) must_check;

/*
 * The endpoint may change, for invites from then on, and that of the controller's own gateway with
 * it. ERR_NO_NETWORK.
 */
int store_network_set_endpoint(
	struct store *store, const struct store_actor *by, const char *endpoint) must_check;

/* ERR_NO_NETWORK. */
int store_network_get(struct store *store, struct store_network *ret_network) must_check;
