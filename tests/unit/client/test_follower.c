/* SPDX-License-Identifier: ISC */
/*
 * The follower as a process of its own, confined as in tacetd, between a parent and a controller
 * that this test is: over the loopback interface in the place of a tunnel. Needs root, to give it
 * up. It waits for what the follower does by itself, a few seconds in all.
 */
#include "client/device.h"
#include "client/follower.h"

#include "base/memory.h"
#include "control/caller.h"
#include "control/server.h"
#include "priv/channel.h"

#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 20000, /* for a step: much more than it takes */
	GATEWAY_KEY = 7,     /* first byte of its public key */
};

/* What the test waits for, in this order. */
enum step {
	STEP_TUNNEL,	/* who we are */
	STEP_PLAN,	/* by the device file */
	STEP_ASKED,	/* a question that is to be answered at once */
	STEP_OPEN,	/* and one that is left open */
	STEP_NEW_PLAN,	/* after a change */
	STEP_STATUS,	/* over the local socket */
	STEP_ASKED_OUT, /* sent and nothing came: asked out of turn */
	STEP_SHELVED,	/* not answered: a plan with other keys */
	STEP_REPLANNED, /* and the real one again */
	STEP_END,
};

static struct {
	enum step step;
	uv_loop_t loop;
	struct channel *channel;
	struct server *server;
	struct server_request *open; /* the question that is left open */
	uv_timer_t patience;
	uv_work_t work;
	struct config config;
	struct netmap netmap;
	struct netmap_service services[2];
	struct message_plan plan; /* as it comes in */
	struct message_peer peer;
	struct message_name names[2];
	bool is_silent; /* the controller says nothing, and nothing comes in */
	uint64_t tx_bytes;
	json_t *status;
	int local; /* the local socket */
} test;

static struct address address(const char *text)
{
	struct address address;

	if (address_parse(text, strlen(text), &address) < 0)
		abort();
	return address;
}

/* ---- the controller ---- */

static void is_gone(void *context, struct server_request *request)
{
	(void)context;
	if (test.open == request)
		test.open = NULL;
}

static void reach(enum step step, const char *name)
{
	tap_is_int(test.step, step, name);
	test.step++;
	(void)uv_timer_again(&test.patience);
}

static void change_netmap(void)
{
	struct server_request *open = test.open;

	test.netmap.version = 2;
	test.netmap.service_count = 2;
	test.open = NULL;
	server_answer(open, 200, netmap_encode(&test.netmap));
}

static void netmap_is_asked(void *context, struct server_request *request,
	const char *const words[], const json_t *body)
{
	const char *version = server_query(request, "version");

	(void)context, (void)words, (void)body;
	if (test.is_silent) {
		server_keep(request, is_gone, NULL);
		if (test.step == STEP_ASKED_OUT && !version)
			reach(STEP_ASKED_OUT, "asked out of turn");
		return;
	}
	if (!version) {
		if (test.step == STEP_ASKED)
			reach(STEP_ASKED, "asked at once");
		server_answer(request, 200, netmap_encode(&test.netmap));
		return;
	}
	test.open = request;
	server_keep(request, is_gone, NULL);
	if (test.step == STEP_OPEN) {
		reach(STEP_OPEN, "a question is left open");
		change_netmap();
	}
}

static const struct server_route routes[] = {
	{"GET", "/v1/netmap", SERVER_BODY_NONE, netmap_is_asked},
};

/* A listening socket on the loopback interface; its port. */
static int listen_loopback(uint16_t *ret_port)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof name;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof name) < 0 || listen(fd, 16) < 0 ||
		getsockname(fd, (struct sockaddr *)&name, &size) < 0)
		abort();
	*ret_port = ntohs(name.sin_port);
	return fd;
}

static int listen_local(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	char path[CONFIG_PATH_SIZE];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)config_run_path(&test.config, CONFIG_SOCKET, path);
	if (strlen(path) >= sizeof name.sun_path)
		abort();
	memcpy(name.sun_path, path, strlen(path) + 1);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof name) < 0 || listen(fd, 16) < 0)
		abort();
	return fd;
}

/* ---- a look at the status, on a thread ---- */

static void look(uv_work_t *work)
{
	const struct caller_request request = {.method = "GET", .path = "/v1/status"};
	char path[CONFIG_PATH_SIZE];
	struct caller *caller;
	struct problem problem;

	(void)work;
	if (caller_new_local(config_run_path(&test.config, CONFIG_SOCKET, path), &caller) < 0)
		abort();
	if (caller_ask(caller, &request, &test.status, &problem) < 0)
		test.status = NULL;
	caller_free(caller);
}

static bool status_is(const char *name, const char *want)
{
	const char *text = json_string_value(json_object_get(test.status, name));

	return text && strcmp(text, want) == 0;
}

static void is_looked(uv_work_t *work, int status)
{
	(void)work, (void)status;
	reach(STEP_STATUS, "the local socket answers");
	tap_ok(status_is("role", "client") && status_is("network", "net") &&
			status_is("user", "alice") && status_is("device", "laptop") &&
			status_is("state", "active"),
		"who we are");
	tap_ok(json_is_true(json_object_get(test.status, "connected")), "connected");
	tap_ok(json_object_get(test.status, "silence") == NULL, "nobody is silent");
	tap_is_int((intmax_t)json_array_size(json_object_get(test.status, "services")), 2,
		"both services");
	json_decref(test.status);
	test.is_silent = true;
}

/* ---- the parent ---- */

static void check_tunnel(const struct message_tunnel *tunnel)
{
	const struct message_listeners listeners = {.present = 1U << MESSAGE_LISTENER_LOCAL};

	reach(STEP_TUNNEL, "the first word is who we are");
	tap_ok(address_equal(&tunnel->ipv4, &test.netmap.ipv4) &&
			address_equal(&tunnel->ipv6, &test.netmap.ipv6),
		"our addresses");
	tap_is_int(tunnel->control_port, 0, "and no listeners");
	channel_send_fds(test.channel, MESSAGE_LISTENERS, &listeners, &test.local, 1);
}

static void check_real(uint32_t services)
{
	char text[ENDPOINT_TEXT_SIZE];

	tap_is_int(test.plan.peers, 1, "one peer");
	tap_is_int(test.peer.public_key[0], GATEWAY_KEY, "the gateway");
	tap_ok(strcmp(endpoint_format(&test.peer.endpoint, text), "192.0.2.1:51820") == 0,
		"where it was told to be");
	tap_is_int(test.plan.prefixes, 2 + (intmax_t)services, "its addresses and the granted");
	tap_is_int(test.plan.names, services, "names");
}

static void check_plan(void)
{
	bool is_shelved = test.peer.endpoint.remote.family == ADDRESS_NONE;

	if (test.step == STEP_PLAN) {
		reach(STEP_PLAN, "a plan");
		check_real(1);
		tap_ok(strcmp(test.names[0].name, "web.net") == 0, "the name of a service");
	} else if (test.step == STEP_NEW_PLAN && test.plan.names == 2) {
		reach(STEP_NEW_PLAN, "another plan");
		check_real(2);
		if (uv_queue_work(&test.loop, &test.work, look, is_looked) < 0)
			abort();
	} else if (test.step == STEP_SHELVED) {
		reach(STEP_SHELVED, "a plan without sessions");
		tap_ok(is_shelved &&
				memcmp(test.peer.public_key, test.netmap.gateways[0].public_key,
					NETMAP_KEY_SIZE) != 0,
			"of another key");
		tap_is_int(test.plan.prefixes, 4, "with the same routes");
	} else if (test.step == STEP_REPLANNED) {
		reach(STEP_REPLANNED, "and the real one again");
		check_real(2);
		channel_close(test.channel);
		test.channel = NULL;
		uv_stop(&test.loop);
	}
}

static void end_plan(const struct message_plan *end)
{
	const struct message_done done = {.version = end->version};

	tap_ok(memcmp(end, &test.plan, sizeof *end) == 0, "its end says the same");
	channel_send(test.channel, MESSAGE_PLAN_DONE, &done, 1);
	check_plan();
}

/* Something is sent at each look; something comes in unless all is silent. */
static void say_status(const struct message_ask *ask)
{
	const struct message_status status = {.nonce = ask->nonce, .is_engine_up = 1};
	struct message_peer_status peer = {.last_handshake_ns = 1};

	test.tx_bytes += 100;
	peer.public_key[0] = GATEWAY_KEY;
	peer.tx_bytes = test.tx_bytes;
	peer.rx_bytes = test.is_silent ? 1 : test.tx_bytes;
	channel_send(test.channel, MESSAGE_STATUS_PEERS, &peer, 1);
	channel_send(test.channel, MESSAGE_STATUS_END, &status, 1);
}

static void is_received(void *context, const struct channel_message *message)
{
	(void)context;
	if (message->head.type == MESSAGE_TUNNEL)
		check_tunnel(message->records);
	else if (message->head.type == MESSAGE_PLAN_BEGIN)
		memcpy(&test.plan, message->records, sizeof test.plan);
	else if (message->head.type == MESSAGE_PLAN_PEERS)
		memcpy(&test.peer, message->records, sizeof test.peer);
	else if (message->head.type == MESSAGE_PLAN_NAMES)
		memcpy(test.names, message->records, message->head.size);
	else if (message->head.type == MESSAGE_PLAN_END)
		end_plan(message->records);
	else if (message->head.type == MESSAGE_STATUS_ASK)
		say_status(message->records);
}

static void has_ended(void *context, int err)
{
	(void)context;
	tap_ok(false, "the follower has ended too early");
	printf("# %d, at step %d\n", err, (int)test.step);
	uv_stop(&test.loop);
}

static void patience_is_over(uv_timer_t *timer)
{
	(void)timer;
	tap_ok(false, "waited too long for a step");
	printf("# step %d\n", (int)test.step);
	uv_stop(&test.loop);
}

/* ---- the world ---- */

static void make_netmap(uint16_t port)
{
	static struct netmap_gateway gateway = {
		.name = "gateway", .endpoint = "192.0.2.1:51820", .public_key = {GATEWAY_KEY}};

	gateway.ipv4 = address("127.0.0.1");
	gateway.ipv6 = address("fd00::1");
	test.services[0] = (struct netmap_service){.name = "web",
		.gateway = "gateway",
		.vip = address("127.0.64.1"),
		.port = 80,
		.protocol = IPPROTO_TCP};
	test.services[1] = test.services[0];
	(void)snprintf(test.services[1].name, sizeof test.services[1].name, "wiki");
	test.services[1].vip = address("127.0.64.2");
	test.netmap = (struct netmap){
		.version = 1,
		.network = "net",
		.user = "alice",
		.device = "laptop",
		.ipv4 = address("127.0.128.1"),
		.ipv6 = address("fd00::8001"),
		.overlay_ipv4 = {address("127.0.0.0"), 16},
		.overlay_ipv6 = {address("fd00::"), 112},
		.control_port = port,
		.gateways = &gateway,
		.gateway_count = 1,
		.services = test.services,
		.service_count = 1,
	};
}

static void make_files(const char *folder)
{
	const struct passwd *nobody = getpwnam(test.config.control_user);
	const struct device device = {.netmap = test.netmap};
	char path[CONFIG_PATH_SIZE];

	if (!nobody || chmod(folder, 0755) < 0)
		abort();
	(void)config_state_path(&test.config, "control", path);
	if (mkdir(path, 0700) < 0 || chown(path, nobody->pw_uid, nobody->pw_gid) < 0)
		abort();
	(void)config_state_path(&test.config, CONFIG_DEVICE, path);
	if (device_write(path, &device, nobody->pw_uid, nobody->pw_gid) < 0)
		abort();
}

static void open_world(int listener, int channel_fd)
{
	const struct server_listener at = {
		.fd = listener, .routes = routes, .route_count = ARRAY_LENGTH(routes)};
	const struct server_config server = {
		.loop = &test.loop, .listeners = &at, .listener_count = 1};
	const struct channel_config channel = {
		.loop = &test.loop,
		.fd = channel_fd,
		.sender = MESSAGE_FROM_C,
		.received = is_received,
		.ended = has_ended,
	};

	if (uv_loop_init(&test.loop) < 0 || uv_timer_init(&test.loop, &test.patience) < 0 ||
		uv_timer_start(&test.patience, patience_is_over, PATIENCE_MS, PATIENCE_MS) < 0 ||
		server_open(&server, &test.server) < 0 || channel_open(&channel, &test.channel) < 0)
		abort();
}

static void close_world(pid_t child)
{
	int status = 0;

	channel_close(test.channel);
	uv_close((uv_handle_t *)&test.patience, NULL);
	tap_ok(waitpid(child, &status, 0) == child && WIFEXITED(status) &&
			WEXITSTATUS(status) == EXIT_SUCCESS,
		"it ends with its channel");
	server_close(test.server);
	uv_run(&test.loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&test.loop);
}

/* What it has learned is on disk. */
static void check_file(void)
{
	struct device device;
	char path[CONFIG_PATH_SIZE], where[DEVICE_WHERE_SIZE], text[ENDPOINT_TEXT_SIZE];
	struct stat status;

	(void)config_state_path(&test.config, CONFIG_DEVICE, path);
	if (!tap_is_int(device_read(path, &device, where), 0, "the device file is whole"))
		return;
	tap_is_int((intmax_t)device.netmap.version, 2, "and new");
	tap_ok(strcmp(endpoint_format(&device.last_known, text), "192.0.2.1:51820") == 0,
		"with the address that answered");
	tap_ok(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600, "for its owner only");
	device_done(&device);
}

static void remove_files(const char *folder)
{
	static const char *const names[] = {CONFIG_DEVICE, "control", CONFIG_SOCKET};
	char path[CONFIG_PATH_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		(void)remove(config_state_path(&test.config, names[i], path));
	tap_ok(rmdir(folder) == 0, "nothing was left behind");
}

static void run(void)
{
	char folder[] = "/tmp/tacet-follower-XXXXXX";
	int ends[2];
	uint16_t port;

	if (!mkdtemp(folder))
		abort();
	config_default(&test.config);
	test.config.role = CONFIG_CLIENT;
	(void)snprintf(test.config.state, sizeof test.config.state, "%s", folder);
	(void)snprintf(test.config.run, sizeof test.config.run, "%s", folder);
	(void)snprintf(test.config.interface, sizeof test.config.interface, "lo");
	(void)snprintf(test.config.control_user, sizeof test.config.control_user, "nobody");
	int listener = listen_loopback(&port);
	make_netmap(port);
	make_files(folder);
	test.local = listen_local();
	if (channel_pair(ends) < 0)
		abort();
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		close(listener);
		close(test.local);
		log_start("follower", LOG_LEVEL_WARNING);
		_exit(follower_run(&test.config, ends[1]));
	}
	close(ends[1]);
	open_world(listener, ends[0]);
	uv_run(&test.loop, UV_RUN_DEFAULT);
	tap_is_int(test.step, STEP_END, "all steps");
	close_world(child);
	check_file();
	close(listener);
	close(test.local);
	remove_files(folder);
}

int main(void)
{
	if (geteuid() != 0)
		tap_skip("the follower as a process", "it takes root to give it up");
	else
		run();
	return tap_done();
}
