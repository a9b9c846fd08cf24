/* SPDX-License-Identifier: ISC */
/*
 * What a gateway on a host of its own is told: who the controller is, as a netmap has it, and all
 * that it is to enforce. Whoever makes it is the controller; the gateway checks it as bytes from
 * outside. Holds pre-shared keys and knock keys: wiped when it is released. JSON: docs/api.md.
 */
#pragma once

#include "control/netmap.h"
#include "wireguard/knock.h"

enum {
	GATEWAYPLAN_DEVICES_MAX = 1 << 16,
	GATEWAYPLAN_SERVICES_MAX = 1 << 14,
	GATEWAYPLAN_GRANTS_MAX = 1 << 20,
	GATEWAYPLAN_KNOCKS_MAX = KNOCK_KEYS_MAX,
};

/* A device that may use a service behind this gateway. */
struct gatewayplan_device {
	uint8_t public_key[NETMAP_KEY_SIZE];
	uint8_t preshared_key[NETMAP_KEY_SIZE]; /* zero: none */
	struct address ipv4, ipv6;
	uint32_t role;
};

struct gatewayplan_service {
	uint32_t id;
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	uint16_t port;	  /* at the virtual addresses */
	struct address vip_ipv4, vip_ipv6;
	struct endpoint target;
};

struct gatewayplan_grant {
	uint32_t role, service;
};

/* All arrays are owned. */
struct gatewayplan {
	uint64_t version;     /* another one: something else is in it; not 0 */
	struct netmap netmap; /* who the gateway is; the controller's is the first gateway in it */
	struct gatewayplan_device *devices;
	size_t device_count;
	struct gatewayplan_service *services;
	size_t service_count;
	struct gatewayplan_grant *grants; /* of roles and services that are there */
	size_t grant_count;
	enum knock_mode knock_mode; /* what is asked of devices' initiations; off if not said */
	struct knock_key *knocks;   /* what is accepted */
	size_t knock_count;
};

/* Wipes and frees what it owns; zero afterwards. */
void gatewayplan_done(struct gatewayplan *plan);

/* The caller's; never NULL. Its version is made here: a hash of all that is in it. */
json_t *gatewayplan_encode(const struct gatewayplan *plan);

/*
 * As netmap_decode(): ERR_SYNTAX, ERR_RANGE, ERR_KEY, ERR_UNKNOWN_WORD and the netmap's; that a
 * device, role or service is there once is for the enforcement to check. Release by
 * gatewayplan_done().
 */
int gatewayplan_decode(const json_t *json, struct gatewayplan *ret_plan,
	char ret_where[static NETMAP_NAME_SIZE]) must_check;
