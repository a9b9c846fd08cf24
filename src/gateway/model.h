/* SPDX-License-Identifier: ISC */
/*
 * What a gateway enforces, as plain values: who is at which overlay address, in which role, and
 * which services a role reaches. Everything that is not said here is denied. The arrays are the
 * caller's and borrowed for a call.
 */
#pragma once

#include "base/address.h"

enum {
	MODEL_INTERFACE_SIZE = 16, /* a name of an interface, and zero (IFNAMSIZ) */
};

/*
 * Numbers of roles are 1 to this. Role 0 is that of an address that no device has: a device without
 * any service is in a role with a number, too, as it reaches the control port.
 */
#define MODEL_ROLE_GREATEST (UINT32_MAX - 1)

/* The tunnel and what is the gateway's own in it. */
struct model_tunnel {
	char interface[MODEL_INTERFACE_SIZE]; /* of A-Z a-z 0-9 . _ - */
	struct prefix overlay_ipv4; /* devices and virtual addresses; ADDRESS_NONE: none */
	struct prefix overlay_ipv6;
	struct address ipv4; /* the gateway's own, within; ADDRESS_NONE as the overlay */
	struct address ipv6;
	uint16_t control_port; /* TCP, for devices that are enrolled */
	uint16_t enrol_port;   /* TCP, for those that are invited */
	struct address
		controller_ipv4; /* whom this host asks what to enforce; ADDRESS_NONE: itself */
	struct address controller_ipv6;
	uint16_t controller_port;      /* TCP, there */
	bool forwards_for_tunnel_only; /* the host was no router before: it is none for others */
};

enum model_role_kind {
	MODEL_ROLE_ENROLLED, /* reaches the control port, and what it is granted */
	MODEL_ROLE_INVITED,  /* reaches the enrolment port, and nothing else */
};

/* Devices with the same grants. */
struct model_role {
	uint32_t number;
	enum model_role_kind kind;
};

struct model_device {
	struct address ipv4; /* ADDRESS_NONE: it has none */
	struct address ipv6;
	uint32_t role;
};

/*
 * A service is reached by the virtual address of its target's family: nothing translates between
 * IPv4 and IPv6, so the other one is silent, and should not be told to devices.
 */
struct model_service {
	uint32_t id;
	struct address vip_ipv4; /* ADDRESS_NONE: it has none */
	struct address vip_ipv6;
	uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t port;	  /* at the virtual address */
	struct address target;
	uint16_t target_port;
};

/* A role reaches a service. */
struct model_grant {
	uint32_t role;	  /* number of a role that is enrolled */
	uint32_t service; /* id */
};

struct model {
	struct model_tunnel tunnel;
	const struct model_role *roles;
	size_t role_count;
	const struct model_device *devices;
	size_t device_count;
	const struct model_service *services;
	size_t service_count;
	const struct model_grant *grants;
	size_t grant_count;
};

/* Whether an address is in the overlay of its family. */
bool model_overlay_has(const struct model_tunnel *tunnel, const struct address *address);

/* ERR_SYNTAX: the name of the interface; ERR_RANGE: an address or port that cannot be. */
int model_check_tunnel(const struct model_tunnel *tunnel) must_check;
