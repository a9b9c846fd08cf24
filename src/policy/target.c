/* SPDX-License-Identifier: ISC */
#include "policy/target.h"

#include "base/error.h"

#include <string.h>

/* Whether packets to the address go to one host: not to none, a group, or all on a link. */
static bool is_of_one_host(const struct address *address)
{
	static const uint8_t zeros[sizeof address->bytes];
	size_t size = address_bits(address->family) / 8U;

	if (memcmp(address->bytes, zeros, size) == 0)
		return false;
	if (address->family == ADDRESS_IPV6)
		return address->bytes[0] != 0xff;
	return address->bytes[0] != 0 && address->bytes[0] < 224; /* RFC 1122, 3.2.1.3 */
}

int policy_target_parse(const char *text, size_t size, struct policy_target *ret_target)
{
	struct endpoint endpoint;

	/* A scope would be looked up among this host's interfaces, and means nothing to another. */
	if (size == 0 || memchr(text, '%', size))
		return ERR_SYNTAX;
	int result = endpoint_parse(text, size, &endpoint);
	if (result < 0)
		return result;
	if (!is_of_one_host(&endpoint.remote))
		return ERR_RANGE;
	*ret_target = (struct policy_target){.address = endpoint.remote, .port = endpoint.port};
	return 0;
}

bool policy_target_equal(const struct policy_target *a, const struct policy_target *b)
{
	return address_equal(&a->address, &b->address) && a->port == b->port &&
	       a->protocol == b->protocol;
}

char *policy_target_format(
	const struct policy_target *target, char ret_text[static POLICY_TARGET_TEXT_SIZE])
{
	const struct endpoint endpoint = {.remote = target->address, .port = target->port};

	(void)endpoint_format(&endpoint, ret_text);
	size_t used = strnlen(ret_text, ENDPOINT_TEXT_SIZE);
	memcpy(ret_text + used, target->protocol == POLICY_UDP ? "/udp" : "/tcp", sizeof "/udp");
	return ret_text;
}
