/* SPDX-License-Identifier: ISC */
#include "base/address.h"

#include "base/error.h"
#include "base/number.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

void prefix_normalize(struct prefix *prefix)
{
	for (unsigned i = 0; i < sizeof prefix->address.bytes; i++) {
		unsigned before = i * 8;
		if (prefix->length <= before)
			prefix->address.bytes[i] = 0;
		else if (prefix->length < before + 8)
			prefix->address.bytes[i] &= (uint8_t)(0xff00 >> (prefix->length - before));
	}
}

char *address_format(const struct address *address, char ret_text[static ADDRESS_TEXT_SIZE])
{
	int family = address->family == ADDRESS_IPV4 ? AF_INET : AF_INET6;

	if (address->family == ADDRESS_NONE)
		memcpy(ret_text, "(none)", sizeof "(none)");
	else if (!inet_ntop(family, address->bytes, ret_text, ADDRESS_TEXT_SIZE))
		abort(); /* only for want of room, and there is room */
	return ret_text;
}

char *endpoint_format(const struct endpoint *endpoint, char ret_text[static ENDPOINT_TEXT_SIZE])
{
	bool is_ipv6 = endpoint->remote.family == ADDRESS_IPV6;
	char address[ADDRESS_TEXT_SIZE];
	char scope[12] = "";

	address_format(&endpoint->remote, address);
	if (is_ipv6 && endpoint->scope_id != 0)
		(void)snprintf(scope, sizeof scope, "%%%" PRIu32, endpoint->scope_id); /* fits */
	(void)snprintf(ret_text, ENDPOINT_TEXT_SIZE, "%s%.46s%s%s:%u", is_ipv6 ? "[" : "", address,
		scope, is_ipv6 ? "]" : "", endpoint->port); /* fits */
	return ret_text;
}

/* Reads `size` characters as the family's text. ERR_SYNTAX. */
static int parse_family(
	const char *text, size_t size, enum address_family family, struct address *ret_address)
{
	struct address address = {.family = (uint8_t)family};
	char terminated[ADDRESS_TEXT_SIZE];

	if (size >= sizeof terminated || memchr(text, '\0', size))
		return ERR_SYNTAX;
	memcpy(terminated, text, size);
	terminated[size] = '\0';
	if (inet_pton(family == ADDRESS_IPV4 ? AF_INET : AF_INET6, terminated, address.bytes) != 1)
		return ERR_SYNTAX;
	*ret_address = address;
	return 0;
}

int address_parse(const char *text, size_t size, struct address *ret_address)
{
	if (size == 0)
		return ERR_SYNTAX;
	return parse_family(
		text, size, memchr(text, ':', size) ? ADDRESS_IPV6 : ADDRESS_IPV4, ret_address);
}

int prefix_parse(const char *text, size_t size, struct prefix *ret_prefix)
{
	const char *slash = size ? memchr(text, '/', size) : NULL;
	size_t address_size = slash ? (size_t)(slash - text) : size;
	struct prefix prefix;
	uint64_t length;

	int result = address_parse(text, address_size, &prefix.address);
	if (result < 0)
		return result;
	length = address_bits(prefix.address.family);
	if (slash)
		result = number_parse(slash + 1, size - address_size - 1, length, &length);
	if (result < 0)
		return result;
	prefix.length = (uint8_t)length;
	prefix_normalize(&prefix);
	*ret_prefix = prefix;
	return 0;
}

/* Reads the port behind the colon at `colon`, which lies before `end`. ERR_SYNTAX, ERR_RANGE. */
static int parse_port(const char *colon, const char *end, uint16_t *ret_port)
{
	uint64_t port;

	if (colon == end || *colon != ':')
		return ERR_SYNTAX;
	int result = number_parse(colon + 1, (size_t)(end - colon - 1), UINT16_MAX, &port);
	if (result < 0)
		return result;
	if (port == 0)
		return ERR_RANGE; /* nothing can be sent there */
	*ret_port = (uint16_t)port;
	return 0;
}

/*
 * Reads an interface's name or number. A name wins, as in the C library, whose text it is that
 * wg(8) sends. ERR_SYNTAX, ERR_RANGE, -ENODEV.
 */
static int parse_scope(const char *text, size_t size, uint32_t *ret_scope)
{
	char name[IF_NAMESIZE];
	uint64_t number = 0;

	if (size == 0 || memchr(text, '\0', size))
		return ERR_SYNTAX;
	if (size < sizeof name) {
		memcpy(name, text, size);
		name[size] = '\0';
		number = if_nametoindex(name);
	}
	if (number == 0) {
		int result = number_parse(text, size, INT32_MAX, &number);
		if (result < 0)
			return result == ERR_SYNTAX && size < sizeof name ? -ENODEV : result;
	}
	*ret_scope = (uint32_t)number;
	return 0;
}

/* Whether an address means something only together with an interface: fe80::/10, ff02::/16. */
static bool needs_scope(const struct address *address)
{
	const uint8_t *bytes = address->bytes;

	return (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) ||
	       (bytes[0] == 0xff && (bytes[1] & 0x0f) == 0x02);
}

/* Reads "address%scope" or "address" between the brackets; drops a scope that means nothing. */
static int parse_scoped(const char *text, size_t size, struct endpoint *endpoint)
{
	const char *percent = size ? memchr(text, '%', size) : NULL;
	size_t address_size = percent ? (size_t)(percent - text) : size;
	uint32_t scope = 0;

	int result = parse_family(text, address_size, ADDRESS_IPV6, &endpoint->remote);
	if (result == 0 && percent)
		result = parse_scope(percent + 1, size - address_size - 1, &scope);
	if (result == 0 && needs_scope(&endpoint->remote))
		endpoint->scope_id = scope;
	return result;
}

int endpoint_parse(const char *text, size_t size, struct endpoint *ret_endpoint)
{
	bool is_ipv6 = size > 0 && text[0] == '[';
	const char *address_end = size ? memchr(text, is_ipv6 ? ']' : ':', size) : NULL;
	struct endpoint endpoint = {0};
	int result;

	if (!address_end)
		return ERR_SYNTAX;
	size_t before = (size_t)(address_end - text);
	if (is_ipv6)
		result = parse_scoped(text + 1, before - 1, &endpoint);
	else
		result = parse_family(text, before, ADDRESS_IPV4, &endpoint.remote);
	if (result < 0)
		return result;
	result = parse_port(address_end + is_ipv6, text + size, &endpoint.port);
	if (result < 0)
		return result;
	*ret_endpoint = endpoint;
	return 0;
}
