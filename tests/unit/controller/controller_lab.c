/* SPDX-License-Identifier: ISC */
#include "controller_lab.h"

#include "base/error.h"
#include "controller/controller.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	LAB_PATIENCE_S = 5,
};

static struct controller_lab *the_lab; /* one at a time: a peer has no context */

static struct address asker(const struct server_peer *peer)
{
	const uint8_t *bytes = peer->address.bytes;

	(void)pthread_mutex_lock(&the_lab->lock);
	struct address address =
		bytes[2] == 1 && bytes[3] < LAB_ASKERS ? the_lab->askers[bytes[3]] : the_lab->asker;
	(void)pthread_mutex_unlock(&the_lab->lock);
	return address;
}

static int listen_local(struct controller_lab *lab)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	char path[CONFIG_PATH_SIZE];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)config_run_path(&lab->config, CONFIG_SOCKET, path);
	lab_must(strlen(path) < sizeof name.sun_path, "name a socket");
	memcpy(name.sun_path, path, strlen(path));
	lab_must(fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0 &&
			 listen(fd, 16) == 0,
		"listen locally");
	return fd;
}

static int listen_loopback(uint16_t *ret_port)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof name;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	lab_must(fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0 &&
			 listen(fd, 16) == 0 &&
			 getsockname(fd, (struct sockaddr *)&name, &size) == 0,
		"listen on loopback");
	*ret_port = ntohs(name.sin_port);
	return fd;
}

static void hand_over(struct controller_lab *lab)
{
	const struct message_listeners listeners = {.present = 1U << MESSAGE_LISTENER_LOCAL |
							       1U << MESSAGE_LISTENER_CONTROL_IPV4 |
							       1U << MESSAGE_LISTENER_ENROL_IPV4};

	channel_send_fds(lab->parent, MESSAGE_LISTENERS, &listeners, lab->sockets, 3);
}

static void free_plan(struct lab_plan *plan)
{
	free(plan->peers);
	free(plan->devices);
	free(plan->grants);
	*plan = (struct lab_plan){0};
}

/* Appends what came in pieces. */
static void *append(void *list, uint32_t *count, const struct channel_message *message)
{
	size_t size = message->head.size / message->head.count;
	char *grown = realloc(list, (*count + message->head.count) * size);

	lab_must(grown != NULL, "allocate");
	memcpy(grown + *count * size, message->records, message->head.size);
	*count += message->head.count;
	return grown;
}

static void answer_plan(struct controller_lab *lab)
{
	struct message_done done = {
		.version = lab->plan.head.version, .error = lab->error, .flows_cut = 3};

	if (lab->error)
		(void)snprintf(done.text, sizeof done.text, "the firewall says no");
	lab->is_owing = false;
	channel_send(lab->parent, MESSAGE_PLAN_DONE, &done, 1);
}

static void take_plan(struct controller_lab *lab, const struct message_plan *end)
{
	lab_must(lab->coming.head.peers == end->peers && lab->coming.head.devices == end->devices &&
			 lab->coming.head.grants == end->grants,
		"count what a plan has said");
	free_plan(&lab->plan);
	lab->coming.head = *end;
	lab->plan = lab->coming;
	lab->coming = (struct lab_plan){0};
	lab->plans++;
	lab->is_owing = true;
	if (!lab->is_held)
		answer_plan(lab);
	(void)pthread_cond_broadcast(&lab->changed);
}

static void answer_status(struct controller_lab *lab, const struct message_ask *ask)
{
	const struct message_status status = {.nonce = ask->nonce,
		.is_engine_up = 1,
		.engine_starts = 2,
		.dropped = 5,
		.repaired = 1,
		.listen_port = 51820};

	channel_send(lab->parent, MESSAGE_STATUS_PEERS, &lab->status_peer, 1);
	channel_send(lab->parent, MESSAGE_STATUS_END, &status, 1);
}

static void received(void *context, const struct channel_message *message)
{
	struct controller_lab *lab = context;
	struct lab_plan *coming = &lab->coming;

	(void)pthread_mutex_lock(&lab->lock);
	if (message->head.type == MESSAGE_TUNNEL)
		hand_over(lab);
	else if (message->head.type == MESSAGE_PLAN_BEGIN)
		free_plan(coming);
	else if (message->head.type == MESSAGE_PLAN_PEERS)
		coming->peers = append(coming->peers, &coming->head.peers, message);
	else if (message->head.type == MESSAGE_PLAN_DEVICES)
		coming->devices = append(coming->devices, &coming->head.devices, message);
	else if (message->head.type == MESSAGE_PLAN_GRANTS)
		coming->grants = append(coming->grants, &coming->head.grants, message);
	else if (message->head.type == MESSAGE_PLAN_END)
		take_plan(lab, message->records);
	else if (message->head.type == MESSAGE_STATUS_ASK)
		answer_status(lab, message->records);
	(void)pthread_mutex_unlock(&lab->lock);
}

static void ended(void *context, int err)
{
	(void)context;
	(void)err;
}

static void woken(uv_async_t *wake)
{
	struct controller_lab *lab = wake->data;

	(void)pthread_mutex_lock(&lab->lock);
	if (lab->is_owing && !lab->is_held)
		answer_plan(lab);
	bool is_ending = lab->is_ending;
	(void)pthread_mutex_unlock(&lab->lock);
	if (is_ending)
		uv_stop(&lab->loop);
}

static void *run(void *context)
{
	struct controller_lab *lab = context;

	(void)uv_run(&lab->loop, UV_RUN_DEFAULT);
	if (lab->where == LAB_APART) {
		channel_close(lab->parent); /* it ends then */
		lab->parent = NULL;
		(void)uv_run(&lab->loop, UV_RUN_NOWAIT);
	}
	return NULL;
}

/* Gives the store to somebody who has nothing else, as tacet init does. */
static void give_away(struct controller_lab *lab)
{
	const struct passwd *nobody = getpwnam("nobody");
	char path[CONFIG_PATH_SIZE];

	lab->config.control_user[0] = '\0';
	if (geteuid() != 0 || !nobody)
		return;
	(void)snprintf(lab->config.control_user, sizeof lab->config.control_user, "nobody");
	lab_must(chmod(lab->lab.directory, 0711) == 0 &&
			 chown(config_state_path(&lab->config, "control", path), nobody->pw_uid,
				 nobody->pw_gid) == 0 &&
			 chown(lab->lab.path, nobody->pw_uid, nobody->pw_gid) == 0,
		"give the store away");
}

/* Starts it as tacetd does. */
static void run_apart(struct controller_lab *lab, const int fds[2])
{
	give_away(lab);
	lab->pid = fork();
	lab_must(lab->pid >= 0, "fork");
	if (lab->pid == 0) {
		(void)close(fds[0]);
		_exit(controller_run(&lab->config, fds[1]));
	}
	(void)close(fds[1]);
}

static void open_all(struct controller_lab *lab)
{
	struct channel_config parent = {.loop = &lab->loop,
		.sender = MESSAGE_FROM_C,
		.received = received,
		.ended = ended,
		.context = lab};
	int fds[2];

	lab_must(channel_pair(fds) == 0, "make a channel");
	if (lab->where == LAB_APART)
		run_apart(lab, fds);
	lab_must(uv_loop_init(&lab->loop) == 0 && uv_async_init(&lab->loop, &lab->wake, woken) == 0,
		"make a loop");
	lab->wake.data = lab;
	parent.fd = fds[0];
	lab_must(channel_open(&parent, &lab->parent) == 0, "be the parent");
	if (lab->where == LAB_APART)
		return;
	lab_must(controller_open(&lab->controller, &lab->config, &lab->loop) == 0, "open");
	lab->controller.asker = asker;
	lab_must(controller_greet(&lab->controller, fds[1]) == 0, "greet");
}

void controller_lab_start(struct controller_lab *lab, enum controller_lab_where where,
	void (*fill)(struct store *store))
{
	char path[CONFIG_PATH_SIZE];

	memset(lab, 0, sizeof *lab);
	lab->where = where;
	the_lab = lab;
	(void)pthread_mutex_init(&lab->lock, NULL);
	(void)pthread_cond_init(&lab->changed, NULL);
	lab_begin(&lab->lab);
	config_default(&lab->config);
	(void)snprintf(lab->config.state, sizeof lab->config.state, "%s", lab->lab.directory);
	(void)snprintf(lab->config.run, sizeof lab->config.run, "%s", lab->lab.directory);
	lab_must(mkdir(config_state_path(&lab->config, "control", path), 0700) == 0, "a folder");
	(void)config_state_path(&lab->config, CONFIG_DATABASE, path);
	(void)snprintf(lab->lab.path, sizeof lab->lab.path, "%.*s", LAB_PATH_SIZE - 1, path);
	lab_setup(&lab->lab);
	if (fill)
		fill(lab->lab.store);
	store_close(lab->lab.store);
	lab->lab.store = NULL;
	lab->sockets[0] = listen_local(lab);
	lab->sockets[1] = listen_loopback(&lab->control_port);
	lab->sockets[2] = listen_loopback(&lab->enrol_port);
	open_all(lab);
	lab_must(pthread_create(&lab->thread, NULL, run, lab) == 0, "start a thread");
	lab_must(caller_new_local(
			 config_run_path(&lab->config, CONFIG_SOCKET, path), &lab->local) == 0,
		"make a caller");
}

int controller_lab_stop(struct controller_lab *lab)
{
	int status = 0;

	(void)pthread_mutex_lock(&lab->lock);
	lab->is_ending = true;
	(void)pthread_mutex_unlock(&lab->lock);
	lab_must(uv_async_send(&lab->wake) == 0, "wake the loop");
	lab_must(pthread_join(lab->thread, NULL) == 0, "stop the thread");
	if (lab->where == LAB_APART)
		lab_must(waitpid(lab->pid, &status, 0) == lab->pid, "wait for it");
	lab->lab.store = lab_reopen(&lab->lab, STORE_EXISTING);
	if (lab->where == LAB_WITHIN)
		return lab->controller.result;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void controller_lab_end(struct controller_lab *lab)
{
	if (lab->where == LAB_WITHIN)
		controller_close(&lab->controller);
	channel_close(lab->parent);
	uv_close((uv_handle_t *)&lab->wake, NULL);
	(void)uv_run(&lab->loop, UV_RUN_DEFAULT);
	lab_must(uv_loop_close(&lab->loop) == 0, "close the loop: something is open still");
	caller_free(lab->local);
	free_plan(&lab->plan);
	free_plan(&lab->coming);
	for (size_t i = 0; i < ARRAY_LENGTH(lab->sockets); i++)
		(void)close(lab->sockets[i]);
	lab_end(&lab->lab);
	(void)pthread_mutex_destroy(&lab->lock);
	(void)pthread_cond_destroy(&lab->changed);
}

static unsigned ask(struct caller *caller, const char *method, const char *path, json_t *body,
	json_t **ret_json)
{
	struct caller_request request = {.method = method, .path = path, .json = body};
	struct problem problem = {0};
	json_t *json = NULL;

	if (json_is_string(body)) {
		request.json = NULL;
		request.text = json_string_value(body);
		request.text_size = json_string_length(body);
	}
	int err = caller_ask(caller, &request, &json, &problem);
	json_decref(body);
	if (err < 0)
		printf("# %s %s: %d, status %u, %s\n", method, path, err, problem.status,
			problem.text);
	if (err == ERR_REFUSED && !json)
		json = problem_encode(problem.code, problem.text);
	if (ret_json)
		*ret_json = json;
	else
		json_decref(json);
	return err == 0 ? 200 : err == ERR_REFUSED ? problem.status : 0;
}

unsigned controller_lab_ask(struct controller_lab *lab, const char *method, const char *path,
	json_t *body, json_t **ret_json)
{
	return ask(lab->local, method, path, body, ret_json);
}

unsigned controller_lab_ask_tunnel(struct controller_lab *lab, uint16_t port, const char *method,
	const char *path, json_t *body, json_t **ret_json)
{
	const struct address loopback = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}};
	struct caller *caller = NULL;

	(void)lab;
	lab_must(caller_new_tunnel(&loopback, port, "lo", &caller) == 0, "make a caller");
	unsigned status = ask(caller, method, path, body, ret_json);
	caller_free(caller);
	return status;
}

void controller_lab_be(struct controller_lab *lab, const struct address *address)
{
	(void)pthread_mutex_lock(&lab->lock);
	lab->asker = *address;
	(void)pthread_mutex_unlock(&lab->lock);
}

bool controller_lab_wait_peers(struct controller_lab *lab, size_t peers)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LAB_PATIENCE_S;
	(void)pthread_mutex_lock(&lab->lock);
	int result = 0;
	while (lab->plan.head.peers != peers && result == 0)
		result = pthread_cond_timedwait(&lab->changed, &lab->lock, &until);
	bool has = lab->plan.head.peers == peers;
	(void)pthread_mutex_unlock(&lab->lock);
	return has;
}

void controller_lab_hold(struct controller_lab *lab, bool held, int error)
{
	(void)pthread_mutex_lock(&lab->lock);
	lab->is_held = held;
	lab->error = error;
	(void)pthread_mutex_unlock(&lab->lock);
	lab_must(uv_async_send(&lab->wake) == 0, "wake the loop");
}

uint32_t controller_lab_role(struct controller_lab *lab, const char *ipv4)
{
	struct address address;
	uint32_t role = 0;

	lab_must(address_parse(ipv4, strlen(ipv4), &address) == 0, "read an address");
	(void)pthread_mutex_lock(&lab->lock);
	for (size_t i = 0; i < lab->plan.head.devices; i++) {
		if (address_equal(&lab->plan.devices[i].ipv4, &address))
			role = lab->plan.devices[i].role;
	}
	(void)pthread_mutex_unlock(&lab->lock);
	return role;
}

size_t controller_lab_plans(struct controller_lab *lab)
{
	(void)pthread_mutex_lock(&lab->lock);
	size_t plans = lab->plans;
	(void)pthread_mutex_unlock(&lab->lock);
	return plans;
}
