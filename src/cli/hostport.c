/* SPDX-License-Identifier: ISC */
#include "cli/hostport.h"

#include "base/address.h"
#include "base/error.h"
#include "base/number.h"
#include "policy/name.h"

#include <string.h>

enum {
	NAME_MAX_BYTES = 253, /* of the DNS (RFC 1035, 2.3.4) */
};

static bool is_number(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
	}
	return true;
}

/* Labels parted by dots; the last is no number, for then an address was meant. */
static int check_name(const char *text, size_t size)
{
	size_t begin = 0;

	if (size > NAME_MAX_BYTES)
		return ERR_RANGE;
	for (size_t i = 0; i < size; i++) {
		if (text[i] != '.')
			continue;
		if (!policy_label_is_valid(text + begin, i - begin))
			return ERR_SYNTAX;
		begin = i + 1;
	}
	if (!policy_label_is_valid(text + begin, size - begin))
		return ERR_SYNTAX;
	return is_number(text + begin, size - begin) ? ERR_SYNTAX : 0;
}

static int check_host(const char *text, size_t size)
{
	struct address address;

	if (size > 2 && text[0] == '[' && text[size - 1] == ']') {
		int err = address_parse(text + 1, size - 2, &address);
		return err == 0 && address.family != ADDRESS_IPV6 ? ERR_SYNTAX : err;
	}
	if (address_parse(text, size, &address) == 0)
		return address.family == ADDRESS_IPV4 ? 0 : ERR_SYNTAX;
	return check_name(text, size);
}

int hostport_parse(const char *text, uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	uint64_t port = 0;

	if (!colon)
		return ERR_SYNTAX;
	int err = check_host(text, (size_t)(colon - text));
	if (err == 0)
		err = number_parse(colon + 1, strlen(colon + 1), UINT16_MAX, &port);
	if (err < 0)
		return err;
	if (port == 0)
		return ERR_RANGE;
	*ret_port = (uint16_t)port;
	return 0;
}
