/* SPDX-License-Identifier: ISC */
/* What is known, and what follows from it: netmap, device file, gateways, plan. */
#include "client/follower_state.h"
#include "client/jsonfile.h"

#include "base/log.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void address_changed(void *context)
{
	struct follower *follower = context;

	bool is_calling = follower->asker && !follower->contact.is_connected;

	if (is_calling) /* in vain so far: or it waited until the engine repeats its initiation */
		planner_want_handshakes(&follower->planner);
	else
		planner_want(&follower->planner);
}

void follower_forget_gateways(struct follower *follower)
{
	for (size_t i = 0; i < follower->callee_count; i++)
		callee_end(&follower->callees[i]);
	free(follower->callees);
	follower->callees = NULL;
	follower->callee_count = 0;
}

void follower_call_gateways(struct follower *follower)
{
	const struct netmap *netmap = &follower->device.netmap;

	follower->callees = memory_new(netmap->gateway_count + 1, sizeof *follower->callees);
	follower->callee_count = netmap->gateway_count;
	for (size_t i = 0; i < netmap->gateway_count; i++) {
		struct callee *callee = &follower->callees[i];
		callee->loop = &follower->loop;
		callee->changed = address_changed;
		callee->context = follower;
		if (i == 0)
			callee->last_known = follower->device.last_known;
		(void)snprintf(callee->text, sizeof callee->text, "%s",
			netmap->gateways[i].endpoint); /* of the same size */
		callee_begin(callee);
	}
}

struct endpoint follower_address(const struct follower *follower)
{
	return follower->callee_count ? callee_address(&follower->callees[0])
				      : (struct endpoint){0};
}

void follower_make_plan(void *context, struct deviceplan *ret_plan)
{
	struct follower *follower = context;
	if (follower->is_gateway) {
		struct endpoint controller = follower_address(follower);

		deviceplan_make_gateway(
			&follower->device.netmap, &follower->told, &controller, ret_plan);
		follower->planned = follower->told.version;
		return;
	}
	struct endpoint *endpoints = memory_new(follower->callee_count + 1, sizeof *endpoints);

	for (size_t i = 0; i < follower->callee_count; i++)
		endpoints[i] = callee_address(&follower->callees[i]);
	deviceplan_make(&follower->device.netmap, endpoints, ret_plan);
	free(endpoints);
}

void follower_note_knock(struct follower *follower)
{
	const struct netmap_knock *knock = &follower->device.netmap.gateways[0].knock;

	follower->has_knock = knock->is_there;
	follower->knock = knock->epoch;
}

static void store(struct follower *follower)
{
	int err = device_write(follower->device_path, &follower->device, (uid_t)-1, (gid_t)-1);

	if (err < 0) {
		log_err(err, "%s: cannot be written: what is new is lost by a restart",
			follower->device_path);
		return;
	}
	follower->written_s = clock_now().realtime_ns / NS_PER_S;
	follower_note_knock(follower);
}

void follower_keep_address(struct follower *follower)
{
	if (follower->callee_count == 0)
		return;
	struct endpoint address = follower_address(follower);
	if (address.remote.family == ADDRESS_NONE ||
		endpoint_equal_remote(&address, &follower->device.last_known))
		return;
	follower->device.last_known = address;
	follower->callees[0].last_known = address;
	store(follower);
}

static bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->length == b->length && address_equal(&a->address, &b->address);
}

/* Whether the tunnel or the way to the controller is another: then it is easiest to begin anew. */
static bool needs_new_tunnel(const struct netmap *a, const struct netmap *b)
{
	return !address_equal(&a->ipv4, &b->ipv4) || !address_equal(&a->ipv6, &b->ipv6) ||
	       !prefix_equal(&a->overlay_ipv4, &b->overlay_ipv4) ||
	       !prefix_equal(&a->overlay_ipv6, &b->overlay_ipv6) ||
	       a->control_port != b->control_port ||
	       !address_equal(&a->gateways[0].ipv4, &b->gateways[0].ipv4) ||
	       !address_equal(&a->gateways[0].ipv6, &b->gateways[0].ipv6);
}

static bool same_gateways(const struct netmap *a, const struct netmap *b)
{
	if (a->gateway_count != b->gateway_count)
		return false;
	for (size_t i = 0; i < a->gateway_count; i++) {
		if (strcmp(a->gateways[i].endpoint, b->gateways[i].endpoint) != 0)
			return false;
	}
	return true;
}

static void exchange(struct follower *follower, struct netmap *netmap)
{
	struct netmap former = follower->device.netmap;
	bool calls_anew = !same_gateways(&former, netmap);
	bool begins_anew = needs_new_tunnel(&former, netmap);

	follower->device.netmap = *netmap;
	store(follower);
	netmap_done(&former);
	if (begins_anew) {
		log_info(0, "our addresses or the controller's have changed: beginning anew");
		follower_stop(follower, EXIT_SUCCESS);
		return;
	}
	if (calls_anew) {
		follower_forget_gateways(follower);
		follower_call_gateways(follower);
	}
	planner_want(&follower->planner);
}

static void take_netmap(struct follower *follower, const json_t *json)
{
	struct netmap netmap = {0};
	char where[NETMAP_NAME_SIZE] = "";

	int err = netmap_decode(json, &netmap, where);
	if (err == 0 && netmap.gateway_count == 0) {
		netmap_done(&netmap);
		log_err(0, "the controller's netmap has no gateway: going on with the former one");
		return;
	}
	if (err < 0) {
		log_err(err,
			"the controller's netmap is refused at \"%s\": is this program "
			"older? going on with the former one",
			where);
		return;
	}
	if (netmap.version == follower->device.netmap.version) {
		netmap_done(&netmap);
		return;
	}
	log_info(0, "netmap %" PRIu64 ": %zu services", netmap.version, netmap.service_count);
	exchange(follower, &netmap);
}

/* Put in force first: what is new may be that something is denied. */
static void take_told(struct follower *follower, const json_t *json)
{
	struct gatewayplan told = {0};
	char where[NETMAP_NAME_SIZE] = "";

	int err = gatewayplan_decode(json, &told, where);
	if (err < 0) {
		log_err(err,
			"the controller's plan is refused at \"%s\": is this program "
			"older? going on with the former one",
			where);
		return;
	}
	if (told.version == follower->told.version) {
		gatewayplan_done(&told);
		return;
	}
	log_info(0, "plan %" PRIu64 ": %zu devices, %zu services", told.version, told.device_count,
		told.service_count);
	struct netmap netmap = told.netmap;
	told.netmap = (struct netmap){0};
	gatewayplan_done(&follower->told);
	follower->told = told;
	exchange(follower, &netmap);
	err = jsonfile_write(follower->told_path, json, (uid_t)-1, (gid_t)-1);
	if (err < 0)
		log_err(err, "%s: cannot be written: what is new is lost by a restart",
			follower->told_path);
}

void follower_take_answer(struct follower *follower, const json_t *json)
{
	if (follower->is_gateway)
		take_told(follower, json);
	else
		take_netmap(follower, json);
}
