/* SPDX-License-Identifier: ISC */
/* Exceptions: what goes on being reachable for strangers, "tcp/22 from 192.0.2.0/24". Pure. */
#pragma once

#include "base/address.h"

enum {
	KEEP_TEXT_SIZE = 96, /* of an exception as text, with its zero */
	KEEPS_MAX = 64,	     /* of one host */
};

/* Ports as a stranger names them, before any translation. */
struct keep {
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	uint16_t port_least, port_greatest;
	struct prefix from; /* ADDRESS_NONE: from anywhere, IPv4 and IPv6 */
};

/*
 * Reads "tcp/22", "udp/5000-5010", each with " from PREFIX" behind it or not. ERR_UNKNOWN_WORD: the
 * protocol; ERR_RANGE: a port is 1 to 65535, a range goes upwards, a prefix not beyond its bits;
 * ERR_SYNTAX.
 */
int keep_parse(const char *text, size_t size, struct keep *ret_keep) must_check;

/* Writes what keep_parse() reads; returns ret_text. */
char *keep_format(const struct keep *keep, char ret_text[static KEEP_TEXT_SIZE]);

/* Whether it lets this source reach this port. */
bool keep_covers(
	const struct keep *keep, uint8_t protocol, uint16_t port, const struct address *source);

/* Whether one of several does. */
bool keep_any_covers(const struct keep *keeps, size_t count, uint8_t protocol, uint16_t port,
	const struct address *source);

bool keep_equal(const struct keep *a, const struct keep *b);
