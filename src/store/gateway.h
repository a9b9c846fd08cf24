/* SPDX-License-Identifier: ISC */
/* Gateways: the hosts that enforce. */
#pragma once

#include "base/address.h"
#include "store/store.h"

struct store_gateway {
	uint64_t id; /* never given twice */
	uint8_t public_key[STORE_KEY_SIZE];
	uint8_t preshared_key[STORE_KEY_SIZE]; /* of its tunnel to the controller; zero: none */
	char name[STORE_NAME_SIZE];
	char endpoint[STORE_HOST_SIZE]; /* host:port, as devices call it */
	struct address ipv4;
	struct address ipv6;
	uint64_t added_ns;
	uint64_t invite_id;  /* 0: without an invite */
	uint64_t knock_told; /* number of the newest knock key that it was told; 0: none */
	uint64_t knock_has;  /* and that is in force there; see store/knock.h */
};

/*
 * Adds a gateway without an invite: the first is the controller's own host, and has the first
 * address. ERR_NAME, ERR_EXISTS: name or key; ERR_NO_ADDRESS, ERR_NO_NETWORK.
 */
int store_gateway_add(struct store *store, const struct store_actor *by, const char *name,
	const uint8_t public_key[static STORE_KEY_SIZE], const char *endpoint,
	struct store_gateway *ret_gateway) must_check;

/* ERR_NOT_FOUND. */
int store_gateway_set_endpoint(struct store *store, const struct store_actor *by, const char *name,
	const char *endpoint) must_check;

/* ERR_NOT_FOUND; ERR_IN_USE: services stand behind it. */
int store_gateway_remove(
	struct store *store, const struct store_actor *by, const char *name) must_check;

/* ERR_NOT_FOUND. */
int store_gateway_get(
	struct store *store, const char *name, struct store_gateway *ret_gateway) must_check;

/* Borrows the gateway for the call; not 0: stop, and give that back. It may look up, not act. */
typedef int store_gateway_visit(void *context, const struct store_gateway *gateway);

/* Visits all gateways by name. */
int store_gateway_each(struct store *store, store_gateway_visit *visit, void *context) must_check;
