/* SPDX-License-Identifier: ISC */
/* The inner packet: as much of IPv4 and IPv6 as cryptokey routing needs. Pure; any thread. */
#pragma once

#include "base/address.h"
#include "base/attributes.h"

struct inner {
	struct address source;
	struct address destination;
	size_t length; /* by its own header, without padding; at most what was there */
};

/*
 * Reads version, length and addresses of a packet of `size` bytes that may be padded behind.
 * -EPROTO: neither IPv4 nor IPv6, or shorter than its headers say.
 */
int inner_parse(const uint8_t *packet, size_t size, struct inner *ret_inner) must_check;
