/* SPDX-License-Identifier: ISC */
/* The control process, put together: the store, the channel, the listeners. */
#include "controller/state.h"

#include "base/error.h"
#include "controller/alarms.h"
#include "controller/expiry.h"
#include "controller/gateways.h"
#include "controller/knocks.h"
#include "controller/live.h"
#include "controller/netmaps.h"
#include "controller/rollout.h"
#include "controller/routes.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TUNNEL_BODY_MAX = 16 * 1024, /* bytes: an enrolment is short */
};

static struct address asker_of(const struct server_peer *peer)
{
	return peer->address;
}

static int open_store(struct controller *controller)
{
	char path[CONFIG_PATH_SIZE];
	int err = store_open(config_state_path(controller->config, CONFIG_DATABASE, path),
		STORE_EXISTING, controller->since_ns, &controller->store);

	if (err < 0)
		return err;
	err = world_load(&controller->world, controller->store);
	if (err == ERR_POLICY) {
		alarms_raise(controller, "the policy that is stored cannot be read: all is denied");
		err = 0;
	}
	if (err < 0) {
		world_done(&controller->world);
		store_close(controller->store);
	}
	return err;
}

int controller_open(struct controller *controller, const struct config *config, uv_loop_t *loop)
{
	*controller = (struct controller){
		.config = config,
		.loop = loop,
		.since_ns = clock_now().realtime_ns,
		.asker = asker_of,
	};
	for (size_t i = 0; i < ARRAY_LENGTH(controller->listeners); i++)
		controller->listeners[i] = -1;
	int err = open_store(controller);
	if (err < 0)
		return err;
	rollout_init(controller);
	netmaps_init(controller);
	gateways_init(controller);
	live_init(controller);
	lookout_init(&controller->lookout, controller->loop, controller->config->radar);
	expiry_init(controller);
	expiry_set(controller);
	knocks_init(controller);
	return 0;
}

void controller_fail(struct controller *controller, int err, const char *what)
{
	log_err(err, "cannot %s: the control process ends, to be started anew", what);
	controller->result = 1;
	uv_stop(controller->loop);
}

/* Takes the descriptors, in order; the rest is closed. */
static void take_listeners(struct controller *controller, const struct channel_message *message)
{
	const struct message_listeners *listeners = message->records;
	unsigned taken = 0;

	for (unsigned i = 0; i < MESSAGE_LISTENERS_ALL; i++) {
		if (!(listeners->present & 1U << i) || taken == message->fd_count)
			continue;
		if (controller->listeners[i] >= 0)
			(void)close(controller->listeners[i]); /* said twice: the last counts */
		controller->listeners[i] = message->fds[taken++];
	}
	while (taken < message->fd_count)
		(void)close(message->fds[taken++]); /* not ours */
}

static int open_server(struct controller *controller)
{
	struct server_listener listeners[MESSAGE_LISTENERS_ALL];
	struct server_config server = {
		.loop = controller->loop, .listeners = listeners, .context = controller};

	for (unsigned i = 0; i < MESSAGE_LISTENERS_ALL; i++) {
		struct server_listener *listener = &listeners[server.listener_count];

		if (controller->listeners[i] < 0)
			continue;
		*listener = (struct server_listener){.fd = controller->listeners[i]};
		listener->routes = routes_of(i, &listener->route_count);
		if (i != MESSAGE_LISTENER_LOCAL)
			listener->body_max = TUNNEL_BODY_MAX;
		server.listener_count++;
	}
	return server_open(&server, &controller->server);
}

static void hear_listeners(struct controller *controller, const struct channel_message *message)
{
	server_close(controller->server);
	controller->server = NULL;
	take_listeners(controller, message);
	int err = open_server(controller);
	if (err < 0)
		controller_fail(controller, err, "serve on the sockets of the parent");
	else
		rollout_begin(controller);
}

static void hear_done(struct controller *controller, const struct channel_message *message)
{
	rollout_received(controller, message->records);
}

static void hear_report(struct controller *controller, const struct channel_message *message)
{
	const struct message_text *text = message->records;

	alarms_raise(controller, "%.*s", (int)sizeof text->text - 1, text->text);
}

static void hear_peers(struct controller *controller, const struct channel_message *message)
{
	live_received_peers(controller, message->records, message->head.count);
}

static void hear_status(struct controller *controller, const struct channel_message *message)
{
	live_received_end(controller, message->records);
}

static void hear_radar(struct controller *controller, const struct channel_message *message)
{
	lookout_received(&controller->lookout, message);
}

/* What a parent says to a control process; the rest is not for us. */
static void (*const hear[MESSAGE_TYPES])(
	struct controller *controller, const struct channel_message *message) = {
	[MESSAGE_LISTENERS] = hear_listeners,
	[MESSAGE_PLAN_DONE] = hear_done,
	[MESSAGE_REPORT] = hear_report,
	[MESSAGE_STATUS_PEERS] = hear_peers,
	[MESSAGE_STATUS_END] = hear_status,
	[MESSAGE_RADAR_COUNTS] = hear_radar,
	[MESSAGE_RADAR_SIGHTINGS] = hear_radar,
	[MESSAGE_RADAR_END] = hear_radar,
};

static void received(void *context, const struct channel_message *message)
{
	unsigned type = message->head.type;

	if (type != MESSAGE_LISTENERS) {
		for (unsigned i = 0; i < message->fd_count; i++)
			(void)close(message->fds[i]); /* no other message has any */
	}
	if (type < MESSAGE_TYPES && hear[type])
		hear[type](context, message);
}

static void ended(void *context, int err)
{
	struct controller *controller = context;

	if (err < 0)
		controller_fail(controller, err, "hear the parent");
	else
		uv_stop(controller->loop);
}

int controller_greet(struct controller *controller, int channel_fd)
{
	const struct channel_config channel = {
		.loop = controller->loop,
		.fd = channel_fd,
		.sender = MESSAGE_FROM_P,
		.received = received,
		.ended = ended,
		.context = controller,
	};
	const struct world *world = &controller->world;
	const struct message_tunnel tunnel = {
		.overlay_ipv4 = world->network.overlay.ipv4,
		.overlay_ipv6 = world->network.overlay.ipv6,
		.ipv4 = world->gateways[0].ipv4,
		.ipv6 = world->gateways[0].ipv6,
		.control_port = controller->config->control_port,
		.enrol_port = controller->config->enrol_port,
	};
	int err = channel_open(&channel, &controller->channel);

	if (err == 0)
		channel_send(controller->channel, MESSAGE_TUNNEL, &tunnel, 1);
	return err;
}

void controller_close(struct controller *controller)
{
	server_close(controller->server);
	channel_close(controller->channel);
	expiry_done(controller);
	knocks_done(controller);
	live_done(controller);
	lookout_done(&controller->lookout);
	gateways_done(controller);
	polls_done(&controller->netmaps);
	rollout_done(controller);
	for (size_t i = 0; i < ARRAY_LENGTH(controller->listeners); i++) {
		if (controller->listeners[i] >= 0)
			(void)close(controller->listeners[i]); /* nothing was written */
	}
	world_done(&controller->world);
	store_close(controller->store);
}
