/* SPDX-License-Identifier: ISC */
/*
 * Overlay addresses are numbers: number 0x8001 is 100.80.128.1 and fd12:3456:789a::8001. A number
 * is given once, so both addresses are. Each kind has a part of its own, which is a prefix in
 *either family, so that a rule can name it.
 *
 *	host bits  000...  gateways   001...  joining   01...  services   1...  devices
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"

enum overlay_part {
	OVERLAY_GATEWAYS, /* number 1 is the controller's own host */
	OVERLAY_JOINING,  /* one-time keys of open invites */
	OVERLAY_SERVICES, /* virtual addresses */
	OVERLAY_DEVICES,
};

/* The two prefixes of a network. */
struct overlay {
	struct prefix ipv4; /* length 8 to 24 */
	struct prefix ipv6; /* length up to 96 */
};

/* ERR_RANGE: not of the lengths above, or of the wrong family. */
int overlay_check(const struct overlay *overlay) must_check;

/* The addresses of a number, which is below 2^(32 - ipv4.length). */
struct address overlay_ipv4(const struct overlay *overlay, uint32_t number);
struct address overlay_ipv6(const struct overlay *overlay, uint32_t number);

/* The first and the last number of a part; neither the network's nor the broadcast address. */
uint32_t overlay_first(const struct overlay *overlay, enum overlay_part part);
uint32_t overlay_last(const struct overlay *overlay, enum overlay_part part);

/* A part as a prefix of either family. */
struct prefix overlay_part_ipv4(const struct overlay *overlay, enum overlay_part part);
struct prefix overlay_part_ipv6(const struct overlay *overlay, enum overlay_part part);

/* For how long a number of a part rests before another may get it. */
uint64_t overlay_rest_ns(enum overlay_part part);
