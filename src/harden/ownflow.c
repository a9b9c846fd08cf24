/* SPDX-License-Identifier: ISC */
#include "harden/ownflow.h"

#include "harden/listener.h"
#include "net/conntrack.h"

#include <netinet/in.h>

/* The first error of a tour. */
struct tour {
	int result;
};

static void add_flow(void *context, const struct listener_flow *flow)
{
	struct tour *tour = context;
	const struct conntrack_flow known = {
		.source = flow->here,
		.destination = flow->there,
		.source_port = flow->port_here,
		.destination_port = flow->port_there,
		.protocol = IPPROTO_TCP,
	};

	int result = conntrack_add_tcp(&known);
	if (result < 0 && tour->result == 0)
		tour->result = result;
}

int ownflow_remember(const char *tunnel)
{
	struct listeners listeners;
	struct tour tour = {0};

	int result = listener_list(tunnel, &listeners);
	if (result < 0)
		return result;
	result = listener_visit_own_flows(&listeners, add_flow, &tour);
	listener_list_done(&listeners);
	return result < 0 ? result : tour.result;
}

/* What makes a flow a stranger's. */
struct judge {
	struct face_addresses addresses;
	const char *tunnel;
	const struct rules_faces *inside;
	const struct keep *keeps;
	size_t keep_count;
};

/* Whether it is one of this host's addresses, or of a network behind an inner interface. */
static bool is_ours(const struct judge *judge, const struct address *address)
{
	for (size_t i = 0; i < judge->addresses.count; i++) {
		const struct face_address *own = &judge->addresses.list[i];
		if (address_equal(&own->address, address))
			return true;
		if (strcmp(own->name, judge->tunnel) != 0 && strcmp(own->name, "lo") != 0 &&
			!face_has(judge->inside, own->name))
			continue;
		struct prefix other = {*address, own->network.length};
		if (own->network.address.family != address->family)
			continue;
		prefix_normalize(&other);
		if (address_equal(&other.address, &own->network.address))
			return true;
	}
	return false;
}

static bool is_strangers(void *context, const struct conntrack_flow *flow)
{
	const struct judge *judge = context;

	return flow->protocol == IPPROTO_TCP && !is_ours(judge, &flow->source) &&
	       !keep_any_covers(judge->keeps, judge->keep_count, flow->protocol,
		       flow->destination_port, &flow->source);
}

int ownflow_forget_others(const char *tunnel, const struct rules_faces *inside,
	const struct keep *keeps, size_t keep_count, size_t *ret_count)
{
	struct judge judge = {
		.tunnel = tunnel, .inside = inside, .keeps = keeps, .keep_count = keep_count};

	int result = face_read_addresses(&judge.addresses);
	if (result < 0)
		return result;
	result = conntrack_delete(is_strangers, &judge, ret_count);
	face_addresses_done(&judge.addresses);
	return result;
}
