/* SPDX-License-Identifier: ISC */
#include "client/deviceplan.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "wireguard/knock.h"

#include <stdio.h>
#include <stdlib.h>

void deviceplan_done(struct deviceplan *plan)
{
	if (plan->peers)
		bytes_wipe(plan->peers, plan->head.peers * sizeof *plan->peers);
	free(plan->peers);
	free(plan->prefixes);
	free(plan->names);
	free(plan->roles);
	free(plan->devices);
	free(plan->services);
	free(plan->grants);
	if (plan->knocks)
		bytes_wipe(plan->knocks, plan->head.knocks * sizeof *plan->knocks);
	free(plan->knocks);
	*plan = (struct deviceplan){0};
}

static void add_prefix(
	struct deviceplan *plan, struct message_peer *peer, const struct address *address)
{
	struct message_prefix *prefix = &plan->prefixes[plan->head.prefixes];

	if (address->family == ADDRESS_NONE)
		return;
	prefix->prefix.address = *address;
	prefix->prefix.length = address_bits(address->family);
	peer->prefix_count++;
	plan->head.prefixes++;
}

static int compare(const void *a, const void *b)
{
	const struct message_prefix *one = a, *other = b;

	return memcmp(&one->prefix.address, &other->prefix.address, sizeof one->prefix.address);
}

/* Whether a peer before this one has it: to two it cannot be routed. */
static bool has_earlier(const struct deviceplan *plan, const struct message_prefix *prefix)
{
	const struct message_prefix *first = plan->prefixes;

	for (uint32_t i = 0; i + 1 < plan->head.peers; i++) {
		if (bsearch(prefix, first, plan->peers[i].prefix_count, sizeof *first, compare))
			return true;
		first += plan->peers[i].prefix_count;
	}
	return false;
}

/* Services may share an address, by different ports: takes doubles from the last peer's prefixes,
 * which are sorted by that. */
static void leave_out_doubles(struct deviceplan *plan, struct message_peer *peer)
{
	struct message_prefix *first = plan->prefixes + plan->head.prefixes - peer->prefix_count;
	uint32_t kept = 0;

	qsort(first, peer->prefix_count, sizeof *first, compare);
	for (uint32_t i = 0; i < peer->prefix_count; i++) {
		bool is_double = kept && compare(&first[kept - 1], &first[i]) == 0;
		if (!is_double && !has_earlier(plan, &first[i]))
			first[kept++] = first[i];
	}
	plan->head.prefixes -= peer->prefix_count - kept;
	peer->prefix_count = kept;
}

struct message_knock deviceplan_knock(const struct netmap_knock *knock)
{
	struct message_knock sent = {0};

	if (!knock->is_there)
		return sent;
	sent.epoch = knock->epoch;
	sent.class = KNOCK_FULL; /* who sends does not care */
	memcpy(sent.key, knock->key, sizeof sent.key);
	return sent;
}

static void add_peer(struct deviceplan *plan, const struct netmap *netmap,
	const struct netmap_gateway *gateway, const struct endpoint *endpoint)
{
	struct message_peer *peer = &plan->peers[plan->head.peers++];

	memcpy(peer->public_key, gateway->public_key, sizeof peer->public_key);
	peer->endpoint = *endpoint;
	peer->keepalive_s = DEVICEPLAN_KEEPALIVE_S;
	peer->knock = deviceplan_knock(&gateway->knock);
	add_prefix(plan, peer, &gateway->ipv4);
	add_prefix(plan, peer, &gateway->ipv6);
	for (size_t i = 0; i < netmap->service_count; i++) {
		if (strcmp(netmap->services[i].gateway, gateway->name) == 0)
			add_prefix(plan, peer, &netmap->services[i].vip);
	}
	leave_out_doubles(plan, peer);
}

static bool has_gateway(const struct netmap *netmap, const char *name)
{
	for (size_t i = 0; i < netmap->gateway_count; i++) {
		if (strcmp(netmap->gateways[i].name, name) == 0)
			return true;
	}
	return false;
}

static void add_name(
	struct deviceplan *plan, const char *network, const struct netmap_service *service)
{
	struct message_name *name = &plan->names[plan->head.names++];

	(void)snprintf(name->name, sizeof name->name, "%s.%s", service->name, network); /* fits */
	name->address = service->vip;
}

/* Not those of a device that waits or is quarantined: the controller gives none, nor do we. */
static size_t granted(const struct netmap *netmap)
{
	return netmap->state == NETMAP_ACTIVE ? netmap->service_count : 0;
}

void deviceplan_make(
	const struct netmap *netmap, const struct endpoint *endpoints, struct deviceplan *ret_plan)
{
	struct netmap seen = *netmap; /* borrows all of it */
	struct deviceplan plan = {.head.knock_mode = KNOCK_REQUIRED};

	seen.service_count = granted(netmap);
	plan.peers = memory_new(seen.gateway_count + 1, sizeof *plan.peers);
	plan.prefixes =
		memory_new(2 * seen.gateway_count + seen.service_count + 1, sizeof *plan.prefixes);
	plan.names = memory_new(seen.service_count + 1, sizeof *plan.names);
	for (size_t i = 0; i < seen.gateway_count; i++)
		add_peer(&plan, &seen, &seen.gateways[i], &endpoints[i]);
	for (size_t i = 0; i < seen.service_count; i++) {
		if (has_gateway(&seen, seen.services[i].gateway))
			add_name(&plan, seen.network, &seen.services[i]);
	}
	*ret_plan = plan;
}

void deviceplan_shelve_controller(struct deviceplan *plan, struct entropy entropy)
{
	struct message_peer *peer = plan->peers;

	if (plan->head.peers == 0)
		return;
	entropy_fill(entropy, peer->public_key, sizeof peer->public_key);
	peer->endpoint = (struct endpoint){0};
	peer->keepalive_s = 0;
	bytes_wipe(&peer->knock, sizeof peer->knock);
}
