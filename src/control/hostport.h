/* SPDX-License-Identifier: ISC */
/* "host:port" as people and other hosts write it: a DNS name, IPv4, or IPv6 in brackets. Pure. */
#pragma once

#include "base/attributes.h"

#include <stddef.h>
#include <stdint.h>

enum {
	HOSTPORT_NAME_MAX = 253, /* bytes of a DNS name (RFC 1035, 3.1, as text) */
	HOSTPORT_LABEL_MAX = 63, /* of a part of it */
};

/*
 * Reads the port of `size` bytes, not zero-terminated. A name is not looked up. ERR_SYNTAX: no
 * port, no address, or a name that is not of letters, digits, hyphens, underscores and dots;
 * ERR_RANGE: a port of 0 or above 65535, or a part that is too long.
 */
int hostport_parse(const char *text, size_t size, uint16_t *ret_port) must_check;
