/* SPDX-License-Identifier: ISC */
#include "controller/gateways.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "controller/alarms.h"
#include "controller/answer.h"
#include "controller/gatewayplans.h"
#include "controller/knocks.h"
#include "controller/live.h"
#include "controller/netmaps.h"
#include "controller/rollout.h"
#include "controller/routes.h"

#include <stdlib.h>
#include <string.h>

enum {
	CONNECTED_MS = 5000, /* so long after an answer a gateway is expected to ask again */
};

struct gateway_link {
	uint64_t id;
	json_t *plan;		/* what it is told; NULL: nothing yet */
	uint64_t wanted;	/* its version */
	uint64_t knock;		/* number of the newest knock key in it; 0: none */
	uint64_t in_force;	/* what it says it has; 0: it has said nothing yet */
	uint64_t in_force_ns;	/* realtime, since when */
	uint64_t heard_ms;	/* of the loop's clock, when it asked or was answered last */
	bool was_heard, failed; /* ever; to make its plan */
};

static struct gateway_link *find(const struct controller *controller, uint64_t id)
{
	for (size_t i = 0; i < controller->gateways.count; i++) {
		if (controller->gateways.links[i].id == id)
			return &controller->gateways.links[i];
	}
	return NULL;
}

static void heard(struct controller *controller, struct gateway_link *link)
{
	link->was_heard = true;
	link->heard_ms = uv_now(controller->loop);
}

static bool is_connected(const struct controller *controller, const struct gateway_link *link)
{
	uint64_t now_ms = uv_now(controller->loop);

	return polls_has(&controller->gateways.polls, link->id) ||
	       (link->was_heard && now_ms - link->heard_ms < CONNECTED_MS);
}

/* Answers unless the gateway has it already, or nothing is to be said yet; true: answered. */
static bool answer(struct controller *controller, struct server_request *request, uint64_t id,
	uint64_t version)
{
	struct gateway_link *link = find(controller, id);

	if (!world_gateway_of_id(&controller->world, id)) {
		/* it cannot hear this any more, but its connection ends */
		server_refuse(request, ERR_NOT_FOUND, "no gateway of that address is known");
		return true;
	}
	if (!link || !link->plan || link->wanted == version)
		return false;
	heard(controller, link);
	server_answer(request, 200, json_incref(link->plan));
	return true;
}

static void has_waited(struct controller *controller, uint64_t id)
{
	struct gateway_link *link = find(controller, id);

	if (link)
		heard(controller, link);
}

void gateways_init(struct controller *controller)
{
	struct polls *polls = &controller->gateways.polls;

	*polls = (struct polls){.controller = controller,
		.loop = controller->loop,
		.answer = answer,
		.has_waited = has_waited};
	polls_init(polls);
}

void gateways_done(struct controller *controller)
{
	struct gateways *gateways = &controller->gateways;

	polls_done(&gateways->polls);
	for (size_t i = 0; i < gateways->count; i++)
		json_decref(gateways->links[i].plan);
	free(gateways->links);
	gateways->links = NULL;
	gateways->count = 0;
}

/* ---- what they are told ---- */

static uint64_t newest_of(const struct world *world)
{
	const struct store_knock *newest = world_newest_knock(world);

	return newest ? newest->number : 0;
}

/* Leaves the former plan where it cannot be made: that grants no more than was granted then. */
static void make(struct controller *controller, const struct policy_compiled *compiled,
	const struct store_gateway *gateway, struct gateway_link *link)
{
	struct gatewayplan plan;
	int err = gatewayplans_make(&controller->world, compiled, gateway, &plan);

	if (err < 0 && !link->failed)
		alarms_raise(controller,
			"gateway %s has more devices or grants than it can be told: it goes on "
			"with what it has",
			gateway->name);
	link->failed = err < 0;
	if (err == 0) {
		netmaps_of_gateway(controller, gateway, &plan.netmap);
		json_decref(link->plan);
		link->plan = gatewayplan_encode(&plan);
		link->knock = newest_of(&controller->world);
		link->wanted = (uint64_t)json_integer_value(json_object_get(link->plan, "version"));
	}
	gatewayplan_done(&plan);
}

/* Forgets those that were removed. */
static void forget(struct controller *controller)
{
	struct gateways *gateways = &controller->gateways;
	size_t kept = 0;

	for (size_t i = 0; i < gateways->count; i++) {
		if (world_gateway_of_id(&controller->world, gateways->links[i].id))
			gateways->links[kept++] = gateways->links[i];
		else
			json_decref(gateways->links[i].plan);
	}
	gateways->count = kept;
}

static struct gateway_link *find_or_add(struct controller *controller, uint64_t id)
{
	struct gateways *gateways = &controller->gateways;
	struct gateway_link *link = find(controller, id);

	if (link)
		return link;
	gateways->links =
		memory_grow(gateways->links, gateways->count + 1, sizeof *gateways->links);
	link = &gateways->links[gateways->count++];
	*link = (struct gateway_link){.id = id};
	return link;
}

void gateways_tell(struct controller *controller, const struct policy_compiled *compiled)
{
	const struct world *world = &controller->world;

	forget(controller);
	for (size_t i = 1; i < world->gateway_count; i++)
		make(controller, compiled, &world->gateways[i],
			find_or_add(controller, world->gateways[i].id));
	knocks_tell_gateways(controller);
	polls_changed(&controller->gateways.polls);
}

json_t *gateways_encode_netmap(
	struct controller *controller, uint64_t id, const struct message_done *done)
{
	const struct store_gateway *gateway = world_gateway_of_id(&controller->world, id);
	struct netmap netmap;

	(void)done;
	if (!gateway)
		return NULL;
	netmaps_of_gateway(controller, gateway, &netmap);
	json_t *json = netmap_encode(&netmap);
	netmap_done(&netmap);
	return json;
}

/* ---- what they ask and say ---- */

/* A gateway says by its question what is in force there. */
static void note(struct controller *controller, struct gateway_link *link, uint64_t in_force)
{
	heard(controller, link);
	if (in_force != link->in_force)
		link->in_force_ns = clock_now().realtime_ns;
	link->in_force = in_force;
	if (in_force && in_force == link->wanted)
		knocks_heard(controller,
			&(const struct store_knock_news){
				.is_gateway = true, .holder = link->id, .has = link->knock});
	rollout_look_settled(controller);
}

void gateways_get_plan(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	const struct address address = controller->asker(server_peer(request));
	const struct store_gateway *gateway = world_gateway_at(&controller->world, &address);
	uint64_t version = 0, in_force = 0, wait_s = 0;

	(void)words;
	(void)body;
	if (!gateway) {
		server_refuse(request, ERR_NOT_FOUND, "no gateway of that address is known");
		return;
	}
	if (!answer_query_number(request, "version", UINT64_MAX, &version) ||
		!answer_query_number(request, "in_force", UINT64_MAX, &in_force) ||
		!answer_query_number(request, "wait", POLLS_WAIT_MAX_S, &wait_s))
		return;
	uint64_t id = gateway->id;
	note(controller, find_or_add(controller, id), in_force);
	if (!answer(controller, request, id, version))
		polls_wait(&controller->gateways.polls, request, id, version, wait_s);
}

json_t *gateways_behind(const struct controller *controller)
{
	json_t *names = json_array();

	for (size_t i = 0; i < controller->gateways.count; i++) {
		const struct gateway_link *link = &controller->gateways.links[i];
		const struct store_gateway *gateway =
			world_gateway_of_id(&controller->world, link->id);

		if (gateway && link->in_force != link->wanted && is_connected(controller, link))
			answer_append(names, json_string(gateway->name));
	}
	return names;
}

/* ---- administration ---- */

/* The controller's own, whose plan is the one that was rolled out. */
static json_t *encode_own(const struct controller *controller)
{
	const struct rollout *rollout = &controller->rollout;

	return json_pack("{s:b, s:b, s:b, s:I, s:o}", "own", 1, "connected", 1, "current",
		rollout->failure[0] == '\0', "version", (json_int_t)rollout->in_force_head.version,
		"since", answer_seconds(rollout->in_force_ns));
}

static json_t *encode_link(const struct controller *controller, uint64_t id)
{
	static const struct gateway_link unknown;
	const struct gateway_link *link = find(controller, id);

	if (!link)
		link = &unknown;
	return json_pack("{s:b, s:b, s:b, s:I, s:o}", "own", 0, "connected",
		link->id && is_connected(controller, link), "current",
		link->in_force && link->in_force == link->wanted, "version",
		(json_int_t)link->in_force, "since", answer_seconds(link->in_force_ns));
}

static json_t *encode(const struct controller *controller, size_t index)
{
	static const struct message_peer_status unheard;
	const struct world *world = &controller->world;
	const struct store_gateway *gateway = &world->gateways[index];
	const struct message_peer_status *peer = live_peer(controller, gateway->public_key);
	json_t *json = index == 0 ? encode_own(controller) : encode_link(controller, gateway->id);

	if (!peer)
		peer = &unheard;
	json_t *who = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "name", gateway->name,
		"endpoint", index == 0 ? world->network.endpoint : gateway->endpoint, "public_key",
		answer_key(gateway->public_key), "ipv4", answer_address(&gateway->ipv4), "ipv6",
		answer_address(&gateway->ipv6), "added", answer_seconds(gateway->added_ns),
		"last_handshake", answer_seconds(peer->last_handshake_ns));
	if (json_object_update(json, who) < 0)
		abort(); /* for want of memory */
	json_decref(who);
	return json;
}

json_t *gateways_list(struct controller *controller)
{
	json_t *list = json_array();

	for (size_t i = 0; i < controller->world.gateway_count; i++)
		answer_append(list, encode(controller, i));
	return list;
}

static void answer_list(struct controller *controller, struct server_request *request)
{
	server_answer(request, 200, json_pack("{s:o}", "gateways", gateways_list(controller)));
}

void api_gateways_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	(void)words;
	(void)body;
	live_ask(context, request, answer_list);
}

static uint64_t find_id(const struct world *world, const char *name)
{
	for (size_t i = 1; i < world->gateway_count; i++) {
		if (strcmp(world->gateways[i].name, name) == 0)
			return world->gateways[i].id;
	}
	return 0;
}

void api_gateways_delete(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct controller *controller = context;
	const struct world *world = &controller->world;
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);
	uint64_t id = find_id(world, words[0]);

	(void)body;
	if (strcmp(words[0], world->gateways[0].name) == 0) {
		server_refuse(request, ERR_IN_USE,
			"%s is the gateway of this host, which is the controller: it stays",
			ANSWER_SHOWN(words[0]));
		return;
	}
	int err = store_gateway_remove(controller->store, &by, words[0]);
	if (err < 0) {
		server_refuse(request, err, "cannot remove the gateway %s: %s",
			ANSWER_SHOWN(words[0]),
			err == ERR_NOT_FOUND ? "there is none: tacet gateway list shows them"
			: err == ERR_IN_USE
				? "services stand behind it: tacet service list shows them"
				: err_str(err));
		return;
	}
	world_remove_gateway(&controller->world, id);
	knocks_changed(controller);
	rollout_answer(controller, request, &(struct rollout_answer){.json = json_object()});
}
