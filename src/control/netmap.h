/* SPDX-License-Identifier: ISC */
/*
 * A netmap: all that a device is told, and nothing about anything else. Whoever makes it is the
 * controller; whoever reads it checks it as bytes from outside. Holds knock keys: wiped when it is
 * released. JSON: docs/api.md.
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"

#include <jansson.h>

#include <stdbool.h>

enum {
	NETMAP_NAME_SIZE = 64,
	NETMAP_HOST_SIZE = 256,
	NETMAP_KEY_SIZE = 32,
	NETMAP_SERVICES_MAX = 1 << 14,
	NETMAP_GATEWAYS_MAX = 64,
};

enum netmap_state {
	NETMAP_ACTIVE,
	NETMAP_PENDING,	    /* waits for approval */
	NETMAP_QUARANTINED, /* reaches the control port only */
};

/* What an initiation to a gateway has to carry; docs/knock.md. */
struct netmap_knock {
	bool is_there; /* or the gateway wants none, or the controller knows none that it takes */
	uint16_t epoch;
	uint8_t key[NETMAP_KEY_SIZE];
};

/* A gateway to call, and the overlay prefixes that lie behind it. */
struct netmap_gateway {
	char name[NETMAP_NAME_SIZE];
	char endpoint[NETMAP_HOST_SIZE]; /* host:port */
	uint8_t public_key[NETMAP_KEY_SIZE];
	struct address ipv4, ipv6;
	struct netmap_knock knock;
};

struct netmap_service {
	char name[NETMAP_NAME_SIZE]; /* a label */
	char gateway[NETMAP_NAME_SIZE];
	struct address vip; /* of the family in which it answers */
	uint16_t port;
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
};

struct netmap {
	uint64_t version; /* another one: something else is in it */
	char network[NETMAP_NAME_SIZE];
	char user[NETMAP_NAME_SIZE];
	char device[NETMAP_NAME_SIZE];
	enum netmap_state state;
	struct address ipv4, ipv6; /* the device's */
	struct prefix overlay_ipv4, overlay_ipv6;
	uint16_t control_port;		 /* at the first gateway's addresses */
	struct netmap_gateway *gateways; /* owned; the first is the controller's own */
	size_t gateway_count;
	struct netmap_service *services; /* owned; by name */
	size_t service_count;
};

/* Wipes and frees what it owns; zero afterwards. */
void netmap_done(struct netmap *netmap);

/* A member of `object`, where there is one. */
struct members;
void netmap_knock_read(struct members *members, const char *name, struct netmap_knock *ret_knock);
json_t *netmap_knock_encode(const struct netmap_knock *knock); /* NULL: there is none */

/* The caller's; never NULL. */
json_t *netmap_encode(const struct netmap *netmap);

/*
 * ERR_SYNTAX: a member is missing or of another type; ERR_RANGE: too many, an address outside the
 * overlay; ERR_NAME, ERR_LABEL, ERR_KEY, ERR_UNKNOWN_WORD; ERR_EXISTS: a name twice; ERR_NOT_FOUND:
 * a service of no gateway. Then ret_where names the place, "services[3].vip". Members that are not
 * known are ignored. Release by netmap_done().
 */
int netmap_decode(const json_t *json, struct netmap *ret_netmap,
	char ret_where[static NETMAP_NAME_SIZE]) must_check;
