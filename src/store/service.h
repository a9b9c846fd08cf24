/* SPDX-License-Identifier: ISC */
/* Services: what stands behind a gateway, and the virtual address that it is reached by. */
#pragma once

#include "base/address.h"
#include "store/store.h"

#include <stdbool.h>

enum store_protocol {
	STORE_TCP = 6, /* as in the IP header */
	STORE_UDP = 17,
};

/* What an administrator says of a service. */
struct store_service_target {
	const char *name; /* a DNS label */
	enum store_protocol protocol;
	const char *host;  /* address or name, as the gateway sees it */
	uint16_t port;	   /* at the target */
	uint16_t vip_port; /* at the virtual address; 0: the same */
	const char *gateway;
};

struct store_service {
	uint64_t id; /* never given twice */
	char name[STORE_NAME_SIZE];
	enum store_protocol protocol;
	char host[STORE_HOST_SIZE];
	uint16_t port;
	uint16_t vip_port;
	char gateway[STORE_NAME_SIZE];
	struct address vip_ipv4;
	struct address vip_ipv6;
	bool from_policy; /* it goes with the policy that defines it */
	uint64_t added_ns;
};

/*
 * ERR_NAME, ERR_EXISTS, ERR_NOT_FOUND: no such gateway; ERR_RANGE: a port of 0; ERR_NO_ADDRESS,
 * ERR_NO_NETWORK.
 */
int store_service_add(struct store *store, const struct store_actor *by,
	const struct store_service_target *target, struct store_service *ret_service) must_check;

/* ERR_NOT_FOUND. */
int store_service_remove(
	struct store *store, const struct store_actor *by, const char *name) must_check;

/* ERR_NOT_FOUND. */
int store_service_get(
	struct store *store, const char *name, struct store_service *ret_service) must_check;

/* Borrows the service for the call; not 0: stop, and give that back. It may look up, not act. */
typedef int store_service_visit(void *context, const struct store_service *service);

/* Visits all services by name. */
int store_service_each(struct store *store, store_service_visit *visit, void *context) must_check;
