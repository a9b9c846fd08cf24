/* SPDX-License-Identifier: ISC */
/* Where a service is to be found behind the gateway: an address and port, by TCP or UDP. */
#pragma once

#include "base/address.h"

enum policy_protocol {
	POLICY_TCP,
	POLICY_UDP,
};

struct policy_target {
	struct address address; /* of one host: neither unspecified nor of a group */
	uint16_t port;		/* host order, not 0 */
	uint8_t protocol;	/* enum policy_protocol */
};

enum {
	POLICY_TARGET_TEXT_SIZE = ENDPOINT_TEXT_SIZE + 4, /* "/udp" behind the endpoint */
};

/*
 * Reads "127.0.0.1:80" or "[fd00::1]:80", `size` bytes; a name or a scope is none. The protocol is
 * set to TCP. ERR_SYNTAX, ERR_RANGE (port, or an address that is not one host's).
 */
int policy_target_parse(const char *text, size_t size, struct policy_target *ret_target) must_check;

bool policy_target_equal(const struct policy_target *a, const struct policy_target *b);

/* Writes "127.0.0.1:80/tcp", zero-terminated; returns ret_text. */
char *policy_target_format(
	const struct policy_target *target, char ret_text[static POLICY_TARGET_TEXT_SIZE]);
