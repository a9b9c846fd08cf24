/* SPDX-License-Identifier: ISC */
#include "harden/keep.h"

#include "base/error.h"
#include "base/number.h"

#include <netinet/in.h>
#include <stdio.h>

/* Protocols that have ports, as they are written. */
static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{"tcp", IPPROTO_TCP},
	{"udp", IPPROTO_UDP},
};

static const char from_word[] = " from ";

/* Reads the protocol before a slash. */
static int read_protocol(const char *text, size_t size, uint8_t *ret_protocol)
{
	for (size_t i = 0; i < ARRAY_LENGTH(protocols); i++) {
		if (strlen(protocols[i].name) != size || memcmp(text, protocols[i].name, size) != 0)
			continue;
		*ret_protocol = protocols[i].number;
		return 0;
	}
	return ERR_UNKNOWN_WORD;
}

static int read_port(const char *text, size_t size, uint16_t *ret_port)
{
	uint64_t number;

	int result = number_parse(text, size, UINT16_MAX, &number);
	if (result < 0)
		return result;
	if (number == 0)
		return ERR_RANGE;
	*ret_port = (uint16_t)number;
	return 0;
}

/* Reads "22" or "5000-5010". */
static int read_ports(const char *text, size_t size, struct keep *keep)
{
	const char *dash = memchr(text, '-', size);
	size_t first = dash ? (size_t)(dash - text) : size;

	int result = read_port(text, first, &keep->port_least);
	if (result < 0)
		return result;
	keep->port_greatest = keep->port_least;
	if (!dash)
		return 0;
	result = read_port(dash + 1, size - first - 1, &keep->port_greatest);
	if (result < 0)
		return result;
	return keep->port_greatest < keep->port_least ? ERR_RANGE : 0;
}

int keep_parse(const char *text, size_t size, struct keep *ret_keep)
{
	struct keep keep = {0};

	const char *slash = memchr(text, '/', size);
	if (!slash)
		return ERR_SYNTAX;
	int result = read_protocol(text, (size_t)(slash - text), &keep.protocol);
	if (result < 0)
		return result;
	const char *ports = slash + 1;
	size_t left = size - (size_t)(ports - text);
	const char *from = memmem(ports, left, from_word, sizeof from_word - 1);
	result = read_ports(ports, from ? (size_t)(from - ports) : left, &keep);
	if (result < 0)
		return result;
	if (from) {
		const char *prefix = from + sizeof from_word - 1;
		result = prefix_parse(prefix, size - (size_t)(prefix - text), &keep.from);
		if (result < 0)
			return result;
	}
	*ret_keep = keep;
	return 0;
}

char *keep_format(const struct keep *keep, char ret_text[static KEEP_TEXT_SIZE])
{
	char ports[16], from[ADDRESS_TEXT_SIZE];

	(void)snprintf(ports, sizeof ports,
		keep->port_least == keep->port_greatest ? "%u" : "%u-%u", keep->port_least,
		keep->port_greatest); /* it fits */
	(void)snprintf(ret_text, KEEP_TEXT_SIZE, "%s/%s",
		keep->protocol == IPPROTO_TCP ? "tcp" : "udp", ports); /* it fits */
	if (keep->from.address.family == ADDRESS_NONE)
		return ret_text;
	size_t size = strlen(ret_text);
	(void)snprintf(ret_text + size, KEEP_TEXT_SIZE - size, "%s%s/%u", from_word,
		address_format(&keep->from.address, from), keep->from.length); /* it fits */
	return ret_text;
}

/* Whether an address lies within a prefix; one of no family has all. */
static bool prefix_has(const struct prefix *prefix, const struct address *address)
{
	if (prefix->address.family == ADDRESS_NONE)
		return true;
	if (prefix->address.family != address->family)
		return false;
	struct prefix other = {.address = *address, .length = prefix->length};
	prefix_normalize(&other);
	return address_equal(&other.address, &prefix->address);
}

bool keep_covers(
	const struct keep *keep, uint8_t protocol, uint16_t port, const struct address *source)
{
	return keep->protocol == protocol && port >= keep->port_least &&
	       port <= keep->port_greatest && prefix_has(&keep->from, source);
}

bool keep_any_covers(const struct keep *keeps, size_t count, uint8_t protocol, uint16_t port,
	const struct address *source)
{
	for (size_t i = 0; i < count; i++)
		if (keep_covers(&keeps[i], protocol, port, source))
			return true;
	return false;
}

bool keep_equal(const struct keep *a, const struct keep *b)
{
	return a->protocol == b->protocol && a->port_least == b->port_least &&
	       a->port_greatest == b->port_greatest && a->from.length == b->from.length &&
	       address_equal(&a->from.address, &b->from.address);
}
