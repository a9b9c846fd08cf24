/* SPDX-License-Identifier: ISC */
/* Gateways inside an act. */
#pragma once

#include "store/gateway.h"
#include "store/sqlite/act.h"

/* What a new gateway is. */
struct gateways_new {
	const char *name;
	const uint8_t *public_key;
	const uint8_t *preshared_key; /* NULL: none */
	const char *endpoint;
	uint64_t invite_id; /* 0: none */
};

/* Inserts a gateway with a number of its own; store_gateway_add()'s errors. */
int gateways_insert(struct store *store, const struct gateways_new *fresh, uint64_t now_ns,
	struct store_gateway *ret_gateway) must_check;

/* The gateway that came of an invite. ERR_NOT_FOUND. */
int gateways_of_invite(
	struct store *store, uint64_t invite_id, struct store_gateway *ret_gateway) must_check;

/* For details. */
json_t *gateways_details(const struct store_gateway *gateway);
