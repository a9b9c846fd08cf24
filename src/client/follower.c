/* SPDX-License-Identifier: ISC */
/* Life of the follower: what it opens, gives up and is told. */
#include "client/follower.h"

#include "base/error.h"
#include "base/log.h"
#include "client/devicestatus.h"
#include "client/follower_state.h"
#include "client/jsonfile.h"
#include "priv/sandbox.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- status ---- */

static void answer_status(struct follower *follower, struct server_request *request)
{
	const struct devicestatus status = {
		.netmap = &follower->device.netmap,
		.contact = &follower->contact,
		.address = follower_address(follower),
		.written_s = follower->written_s,
		.now = clock_now(),
		.told = follower->is_gateway ? &follower->told : NULL,
		.in_force = follower->in_force,
	};

	server_answer(request, 200, devicestatus_encode(&status));
}

static void asker_is_gone(void *context, struct server_request *request)
{
	struct follower *follower = context;

	for (unsigned i = 0; i < follower->ask_count; i++) {
		if (follower->asks[i] == request)
			follower->asks[i] = follower->asks[--follower->ask_count];
	}
}

/* What is said has to be in force: a service that is shown can be used. */
static void status_is_asked(void *context, struct server_request *request,
	const char *const words[], const json_t *body)
{
	struct follower *follower = context;

	(void)words, (void)body; /* there are none */
	if (!follower->planner.is_under_way || follower->ask_count == FOLLOWER_ASKS_MAX) {
		answer_status(follower, request);
		return;
	}
	follower->asks[follower->ask_count++] = request;
	server_keep(request, asker_is_gone, follower);
}

static void answer_asks(struct follower *follower)
{
	while (!follower->planner.is_under_way && follower->ask_count > 0)
		answer_status(follower, follower->asks[--follower->ask_count]);
}

/* ---- who looked at this host ---- */

static void radar_is_asked(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct follower *follower = context;

	(void)words, (void)body; /* there are none */
	lookout_ask(&follower->lookout, follower->channel, request);
}

static void radar_is_cleared(void *context, struct server_request *request,
	const char *const words[], const json_t *body)
{
	struct follower *follower = context;

	(void)words, (void)body; /* there are none */
	lookout_clear(&follower->lookout, follower->channel, request);
}

static const struct server_route routes[] = {
	{"GET", "/v1/status", SERVER_BODY_NONE, status_is_asked},
	{"GET", "/v1/radar", SERVER_BODY_NONE, radar_is_asked},
	{"DELETE", "/v1/radar", SERVER_BODY_NONE, radar_is_cleared},
};

/* ---- what the parent says ---- */

static int serve(struct follower *follower)
{
	const struct server_listener listener = {
		.fd = follower->listener,
		.routes = routes,
		.route_count = ARRAY_LENGTH(routes),
	};
	const struct server_config config = {
		.loop = &follower->loop,
		.listeners = &listener,
		.listener_count = 1,
		.context = follower,
	};

	return server_open(&config, &follower->server);
}

/* The tunnel is there: now plans can be put in force, and the controller asked. */
static void take_listeners(struct follower *follower, const struct channel_message *message)
{
	const struct message_listeners *listeners = message->records;
	bool has_local = listeners->present & (1U << MESSAGE_LISTENER_LOCAL);
	unsigned first = 0;

	if (has_local && message->fd_count && follower->listener < 0)
		follower->listener = message->fds[first++];
	for (unsigned i = first; i < message->fd_count; i++)
		close(message->fds[i]);
	if (follower->server || follower->listener < 0)
		return;
	int err = serve(follower);
	if (err < 0) {
		log_err(err, "cannot serve the local socket");
		follower_stop(follower, EXIT_FAILURE);
		return;
	}
	follower_call_gateways(follower);
	planner_want(&follower->planner);
}

/* Not before the first plan is in force: what was asked earlier would be dropped, and repeated by
 * TCP a second later. */
static void take_done(struct follower *follower, const struct message_done *done)
{
	planner_done(&follower->planner, done);
	follower_contact_planned(follower);
	answer_asks(follower);
	int err = follower->asker ? 0 : follower_contact_begin(follower);
	if (err < 0) {
		log_err(err, "cannot ask the controller");
		follower_stop(follower, EXIT_FAILURE);
	}
}

static void report(const struct message_text *text)
{
	if (message_text_is_fine(text->text, sizeof text->text))
		log_warn(0, "%s", text->text);
}

static void is_received(void *context, const struct channel_message *message)
{
	struct follower *follower = context;

	if (message->head.type == MESSAGE_LISTENERS)
		take_listeners(follower, message);
	else if (message->head.type == MESSAGE_PLAN_DONE)
		take_done(follower, message->records);
	else if (message->head.type == MESSAGE_REPORT)
		report(message->records);
	else if (message->head.type == MESSAGE_STATUS_END)
		follower_all_counted(follower, message->records);
	else
		lookout_received(&follower->lookout, message);
	if (message->head.type != MESSAGE_STATUS_PEERS)
		return;
	const struct message_peer_status *peers = message->records;
	for (unsigned i = 0; i < message->head.count; i++)
		follower_peer_counted(follower, &peers[i]);
}

static void channel_has_ended(void *context, int err)
{
	if (err < 0)
		log_err(err, "the channel to the parent broke");
	follower_stop(context, err < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* ---- life ---- */

void follower_stop(struct follower *follower, int exit_code)
{
	follower->exit_code = exit_code;
	uv_stop(&follower->loop);
}

static void read_device(struct follower *follower)
{
	char where[DEVICE_WHERE_SIZE];
	struct stat status;

	(void)config_state_path(follower->config,
		follower->is_gateway ? CONFIG_GATEWAY_FILE : CONFIG_DEVICE, follower->device_path);
	int err = device_read(follower->device_path, &follower->device, where);
	if (err == ERR_NOT_FOUND)
		fatal(err, "%s: this host has not joined a network: tacet join TOKEN",
			follower->device_path);
	if (err < 0)
		fatal(err,
			"%s: it is damaged%s%s: join anew with a new invite (tacet join --again)",
			follower->device_path, *where ? " at " : "", where);
	if (follower->device.netmap.gateway_count == 0)
		fatal(0,
			"%s: it names no gateway: join anew with a new invite (tacet join --again)",
			follower->device_path);
	follower_note_knock(follower);
	if (stat(follower->device_path, &status) == 0)
		follower->written_s = (uint64_t)status.st_mtim.tv_sec;
}

/* Nothing told yet, or nothing that can be read: all is denied until the controller answers. */
static void read_told(struct follower *follower)
{
	char where[NETMAP_NAME_SIZE] = "";
	json_t *json = NULL;
	int line = 0;

	(void)config_state_path(follower->config, CONFIG_GATEWAY_PLAN, follower->told_path);
	int err = jsonfile_read(follower->told_path, &json, &line);
	if (err == 0)
		err = gatewayplan_decode(json, &follower->told, where);
	json_decref(json);
	if (err < 0 && err != ERR_NOT_FOUND)
		log_err(err, "%s: it is damaged%s%s: all is denied until the controller answers",
			follower->told_path, *where ? " at " : "", where);
	if (err < 0)
		return;
	netmap_done(&follower->device.netmap);
	follower->device.netmap = follower->told.netmap; /* it may be the newer one */
	follower->told.netmap = (struct netmap){0};
}

/*
 * Files of ours, and what the system's resolver reads: resolv.conf may be a link to one of the
 * others, and be replaced at any time. (What libc would load for further sources of names, it may
 * not any more; files and DNS are built in.)
 */
static void confine(const struct follower *follower)
{
	static const char *const readable[] = {
		"/etc", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager"};
	struct sandbox_folder folders[ARRAY_LENGTH(readable) + 1] = {{0}};
	char own[CONFIG_PATH_SIZE];
	size_t count = 0;

	(void)snprintf(own, sizeof own, "%s", follower->device_path);
	folders[count++] = (struct sandbox_folder){dirname(own), SANDBOX_WRITE};
	for (size_t i = 0; i < ARRAY_LENGTH(readable); i++) {
		if (access(readable[i], F_OK) == 0)
			folders[count++] = (struct sandbox_folder){readable[i], SANDBOX_READ};
	}
	const struct sandbox_config config = {
		.profile = SANDBOX_CALLER,
		.user = follower->config->control_user,
		.folders = folders,
		.folder_count = count,
	};
	int err = sandbox_enter(&config);
	if (err < 0)
		fatal(err, "cannot confine the process (user %s)", config.user);
	if (err == SANDBOX_WITHOUT_LANDLOCK)
		log_warn(0, "this kernel has no Landlock: files are guarded by their modes alone");
}

static void open_channel(struct follower *follower, int channel_fd)
{
	const struct channel_config config = {
		.loop = &follower->loop,
		.fd = channel_fd,
		.sender = MESSAGE_FROM_P,
		.received = is_received,
		.ended = channel_has_ended,
		.context = follower,
	};

	int err = channel_open(&config, &follower->channel);
	if (err < 0)
		fatal(err, "cannot speak to the parent");
	follower->planner.channel = follower->channel;
	follower->planner.make = follower_make_plan;
	follower->planner.context = follower;
}

static void say_who_we_are(const struct follower *follower)
{
	const struct netmap *netmap = &follower->device.netmap;
	struct message_tunnel tunnel = {
		.overlay_ipv4 = netmap->overlay_ipv4,
		.overlay_ipv6 = netmap->overlay_ipv6,
		.ipv4 = netmap->ipv4,
		.ipv6 = netmap->ipv6,
	};

	if (follower->is_gateway) {
		tunnel.controller_ipv4 = netmap->gateways[0].ipv4;
		tunnel.controller_ipv6 = netmap->gateways[0].ipv6;
		tunnel.controller_port = netmap->control_port;
	}
	channel_send(follower->channel, MESSAGE_TUNNEL, &tunnel, 1);
}

static void close_all(struct follower *follower)
{
	follower_contact_end(follower);
	follower_forget_gateways(follower);
	server_close(follower->server);
	lookout_done(&follower->lookout);
	channel_close(follower->channel);
	netwatch_close(follower->netwatch);
	if (follower->listener >= 0)
		close(follower->listener);
	gatewayplan_done(&follower->told);
	device_done(&follower->device);
}

int follower_run(const struct config *config, int channel_fd)
{
	static struct follower follower; /* outlives threads of the pool that are still at it */

	follower.config = config;
	follower.listener = -1;
	follower.is_gateway = config->role == CONFIG_GATEWAY;
	read_device(&follower);
	if (follower.is_gateway)
		read_told(&follower);
	int err = netwatch_open(config->interface, &follower.netwatch);
	if (err < 0)
		log_warn(err, "cannot hear of this host's addresses: changes are found out later");
	err = uv_loop_init(&follower.loop);
	if (err < 0)
		fatal(err, "cannot make an event loop");
	lookout_init(&follower.lookout, &follower.loop, config->radar);
	confine(&follower);
	open_channel(&follower, channel_fd);
	say_who_we_are(&follower);
	uv_run(&follower.loop, UV_RUN_DEFAULT);
	close_all(&follower);
	return follower.exit_code;
}
