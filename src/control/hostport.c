/* SPDX-License-Identifier: ISC */
#include "control/hostport.h"

#include "base/address.h"
#include "base/error.h"
#include "base/number.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Not isalnum(): names do not depend on a locale. */
static bool is_of_label(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
	       c == '_';
}

/* One part of a name. */
static int check_label(const char *text, size_t size)
{
	if (size == 0 || text[0] == '-' || text[size - 1] == '-')
		return ERR_SYNTAX;
	for (size_t i = 0; i < size; i++) {
		if (!is_of_label(text[i]))
			return ERR_SYNTAX;
	}
	return size > HOSTPORT_LABEL_MAX ? ERR_RANGE : 0;
}

static int check_name(const char *text, size_t size)
{
	if (size > HOSTPORT_NAME_MAX)
		return ERR_RANGE;
	for (;;) {
		const char *dot = memchr(text, '.', size);
		size_t label = dot ? (size_t)(dot - text) : size;
		int result = check_label(text, label);
		if (result < 0 || !dot)
			return result;
		text += label + 1;
		size -= label + 1;
		if (size == 0)
			return 0; /* the dot of the root */
	}
}

/* Whether it can only be meant as IPv4: the last part of a name is not of digits (RFC 1123, 2.1).
 */
static bool is_numeric(const char *text, size_t size)
{
	while (size > 0 && is_digit(text[size - 1]))
		size--;
	return size == 0 || text[size - 1] == '.';
}

static int check_host(const char *text, size_t size)
{
	struct address address;

	if (size == 0)
		return ERR_SYNTAX;
	if (text[0] != '[') {
		if (is_digit(text[size - 1]) && is_numeric(text, size))
			return address_parse(text, size, &address);
		return check_name(text, size);
	}
	if (text[size - 1] != ']' || !memchr(text, ':', size))
		return ERR_SYNTAX;
	return address_parse(text + 1, size - 2, &address);
}

int hostport_parse(const char *text, size_t size, uint16_t *ret_port)
{
	const char *colon = size ? memrchr(text, ':', size) : NULL;
	uint64_t port = 0;

	if (!colon)
		return ERR_SYNTAX;
	size_t host = (size_t)(colon - text);
	int result = number_parse(colon + 1, size - host - 1, UINT16_MAX, &port);
	if (result < 0)
		return result;
	if (port == 0)
		return ERR_RANGE;
	result = check_host(text, host);
	if (result == 0)
		*ret_port = (uint16_t)port;
	return result;
}
