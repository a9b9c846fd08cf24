/* SPDX-License-Identifier: ISC */
/*
 * A netmap as JSON. One that is read lies within its overlay, names no service twice, and is
 * written and read again the same.
 */
#include "base/error.h"
#include "control/netmap.h"
#include "policy/name.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run where something is not as it must be, with or without assertions. */
static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void check_within(const struct address *address, const struct netmap *netmap)
{
	const struct prefix *overlay =
		address->family == ADDRESS_IPV4 ? &netmap->overlay_ipv4 : &netmap->overlay_ipv6;
	struct prefix own = {.address = *address, .length = overlay->length};

	prefix_normalize(&own);
	demand(overlay->length >= 8 && address_equal(&own.address, &overlay->address));
}

static void check_gateway(const struct netmap *netmap, const struct netmap_gateway *gateway)
{
	demand(policy_label_is_valid(gateway->name, strlen(gateway->name)));
	demand(strchr(gateway->endpoint, ':') && !strpbrk(gateway->endpoint, " \n"));
	demand(gateway->ipv4.family == ADDRESS_IPV4 && gateway->ipv6.family == ADDRESS_IPV6);
	check_within(&gateway->ipv4, netmap);
	check_within(&gateway->ipv6, netmap);
}

static void check_service(const struct netmap *netmap, const struct netmap_service *service)
{
	size_t same = 0;

	demand(policy_label_is_valid(service->name, strlen(service->name)));
	demand(service->port != 0);
	check_within(&service->vip, netmap);
	for (size_t i = 0; i < netmap->service_count; i++)
		same += strcmp(netmap->services[i].name, service->name) == 0;
	demand(same == 1);
}

static void check(const struct netmap *netmap)
{
	demand(netmap->gateway_count > 0 && netmap->gateway_count <= NETMAP_GATEWAYS_MAX);
	demand(netmap->service_count == 0 || netmap->state == NETMAP_ACTIVE);
	check_within(&netmap->ipv4, netmap);
	check_within(&netmap->ipv6, netmap);
	for (size_t i = 0; i < netmap->gateway_count; i++)
		check_gateway(netmap, &netmap->gateways[i]);
	for (size_t i = 0; i < netmap->service_count; i++)
		check_service(netmap, &netmap->services[i]);
}

static void decode(const json_t *json)
{
	char where[NETMAP_NAME_SIZE] = "";
	struct netmap netmap = {0}, other = {0};

	if (netmap_decode(json, &netmap, where) < 0) {
		demand(memchr(where, '\0', sizeof where) && !netmap.gateways && !netmap.services);
		return;
	}
	check(&netmap);
	json_t *written = netmap_encode(&netmap);
	demand(netmap_decode(written, &other, where) == 0);
	json_t *again = netmap_encode(&other);
	demand(json_equal(written, again));
	json_decref(written);
	json_decref(again);
	netmap_done(&netmap);
	netmap_done(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

	if (json)
		decode(json);
	json_decref(json);
	return 0;
}
