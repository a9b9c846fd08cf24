/* SPDX-License-Identifier: ISC */
#include "store/network.h"

#include "base/error.h"
#include "control/hostport.h"
#include "control/netmap.h"
#include "controller/answer.h"
#include "controller/rollout.h"
#include "controller/routes.h"

#include <stdio.h>
#include <string.h>

void api_network_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	const struct world *world = &((struct controller *)context)->world;
	const struct store_gateway *gateway = &world->gateways[0];

	(void)words;
	(void)body;
	server_answer(request, 200,
		json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "name", world->network.name,
			"endpoint", world->network.endpoint, "server_key",
			answer_key(gateway->public_key), "ipv4", answer_address(&gateway->ipv4),
			"ipv6", answer_address(&gateway->ipv6), "overlay_ipv4",
			answer_prefix(&world->network.overlay.ipv4), "overlay_ipv6",
			answer_prefix(&world->network.overlay.ipv6)));
}

/* As tokens and netmaps have it. */
static int check_endpoint(const char *endpoint)
{
	const size_t size = strlen(endpoint);
	uint16_t port;

	return size < NETMAP_HOST_SIZE ? hostport_parse(endpoint, size, &port) : ERR_RANGE;
}

void api_network_put_endpoint(void *context, struct server_request *request,
	const char *const words[], const json_t *body)
{
	struct controller *controller = context;
	struct world *world = &controller->world;
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);
	const char *endpoint = NULL;
	const struct answer_member members[] = {{"endpoint", ANSWER_TEXT, false, &endpoint}};

	(void)words;
	if (!answer_read(request, body, members, ARRAY_LENGTH(members)))
		return;
	int err = check_endpoint(endpoint);
	if (err == 0)
		err = store_network_set_endpoint(controller->store, &by, endpoint);
	if (err == ERR_SYNTAX || err == ERR_RANGE) {
		server_refuse(request, err,
			"endpoint %s: expected a host and a UDP port, as gw.example.net:51820",
			ANSWER_SHOWN(endpoint));
		return;
	}
	if (err < 0) {
		answer_refuse(request, err, "set the endpoint");
		return;
	}
	/* both fit: the store has taken them */
	(void)snprintf(world->network.endpoint, sizeof world->network.endpoint, "%s", endpoint);
	(void)snprintf(
		world->gateways[0].endpoint, sizeof world->gateways[0].endpoint, "%s", endpoint);
	/* no plan says it, but netmaps do once one is in force */
	rollout_answer(controller, request, &(struct rollout_answer){.json = json_object()});
}
