/* SPDX-License-Identifier: ISC */
/* IP addresses, prefixes and endpoints as plain values. */
#pragma once

#include "base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum address_family {
	ADDRESS_NONE = 0,
	ADDRESS_IPV4 = 4,
	ADDRESS_IPV6 = 6,
};

struct address {
	uint8_t family;	   /* enum address_family */
	uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest is zero */
};

struct prefix {
	struct address address; /* bits behind the length are zero */
	uint8_t length;		/* 0 to 32 or 128 */
};

/* Where a datagram came from or goes to, and by which of our own addresses. */
struct endpoint {
	struct address remote;	 /* the other side's address; ADDRESS_NONE: not known */
	uint16_t port;		 /* the other side's UDP port, host order */
	uint32_t scope_id;	 /* interface of a link-local IPv6 remote, else 0 */
	struct address source;	 /* our address that was called; ADDRESS_NONE: the kernel chooses */
	uint32_t source_ifindex; /* interface that the datagram came in by; 0: any */
};

/* Bits in an address of the family: 32, 128, or 0. */
static inline uint8_t address_bits(enum address_family family)
{
	if (family == ADDRESS_IPV4)
		return 32;
	return family == ADDRESS_IPV6 ? 128 : 0;
}

static inline bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Whether both name the same remote party; our own side of them is not compared. */
static inline bool endpoint_equal_remote(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && a->scope_id == b->scope_id &&
	       address_equal(&a->remote, &b->remote);
}

/* Whether both are the same in all that there is to them. */
static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return endpoint_equal_remote(a, b) && a->source_ifindex == b->source_ifindex &&
	       address_equal(&a->source, &b->source);
}

/* Clears the bits behind prefix->length. */
void prefix_normalize(struct prefix *prefix);

enum {
	ADDRESS_TEXT_SIZE = 64,	 /* longest IPv6 text with scope, and zero */
	ENDPOINT_TEXT_SIZE = 80, /* brackets, colon and port around it */
};

/* Writes the address in its canonical text (RFC 5952), zero-terminated; returns ret_text. */
char *address_format(const struct address *address, char ret_text[static ADDRESS_TEXT_SIZE]);

/* Writes 192.0.2.1:51820 or [2001:db8::1%3]:51820, zero-terminated; returns ret_text. */
char *endpoint_format(const struct endpoint *endpoint, char ret_text[static ENDPOINT_TEXT_SIZE]);

/* Reads IPv4 or IPv6 text of `size` bytes, not zero-terminated. ERR_SYNTAX. */
int address_parse(const char *text, size_t size, struct address *ret_address) must_check;

/* Reads "address" or "address/length"; host bits are cleared. ERR_SYNTAX, ERR_RANGE. */
int prefix_parse(const char *text, size_t size, struct prefix *ret_prefix) must_check;

/*
 * Reads "192.0.2.1:51820" or "[fe80::1%eth0-or-3]:51820"; never a name, never the network. A scope
 * on an address that has no use for one is dropped. ERR_SYNTAX, ERR_RANGE (port 0 too), -ENODEV.
 */
int endpoint_parse(const char *text, size_t size, struct endpoint *ret_endpoint) must_check;
