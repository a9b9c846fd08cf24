/* SPDX-License-Identifier: ISC */
/*
 * A gateway's plan as JSON. One that is read lies within its overlay, has targets that can be
 * called, and is written and read again the same.
 */
#include "base/error.h"
#include "control/gatewayplan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run where something is not as it must be, with or without assertions. */
static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void check_within(const struct address *address, const struct prefix *overlay)
{
	struct prefix own = {.address = *address, .length = overlay->length};

	demand(address->family == overlay->address.family);
	prefix_normalize(&own);
	demand(address_equal(&own.address, &overlay->address));
}

static void check(const struct gatewayplan *plan)
{
	const struct netmap *netmap = &plan->netmap;

	demand(plan->version > 0 && netmap->gateway_count > 0);
	for (size_t i = 0; i < plan->device_count; i++) {
		check_within(&plan->devices[i].ipv4, &netmap->overlay_ipv4);
		check_within(&plan->devices[i].ipv6, &netmap->overlay_ipv6);
		demand(plan->devices[i].role > 0);
	}
	for (size_t i = 0; i < plan->service_count; i++) {
		check_within(&plan->services[i].vip_ipv4, &netmap->overlay_ipv4);
		check_within(&plan->services[i].vip_ipv6, &netmap->overlay_ipv6);
		demand(plan->services[i].port > 0);
		demand(plan->services[i].target.remote.family != ADDRESS_NONE);
	}
	for (size_t i = 0; i < plan->grant_count; i++)
		demand(plan->grants[i].role > 0 && plan->grants[i].service > 0);
}

static void decode(const json_t *json)
{
	char where[NETMAP_NAME_SIZE] = "";
	struct gatewayplan plan = {0}, other = {0};

	if (gatewayplan_decode(json, &plan, where) < 0) {
		demand(memchr(where, '\0', sizeof where) && !plan.devices && !plan.grants);
		return;
	}
	check(&plan);
	json_t *written = gatewayplan_encode(&plan);
	demand(gatewayplan_decode(written, &other, where) == 0);
	json_t *again = gatewayplan_encode(&other);
	demand(json_equal(written, again));
	json_decref(written);
	json_decref(again);
	gatewayplan_done(&plan);
	gatewayplan_done(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

	if (json)
		decode(json);
	json_decref(json);
	return 0;
}
