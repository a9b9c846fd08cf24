/* SPDX-License-Identifier: ISC */
#include "control/server_lab.h"

#include "base/error.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	KEPT_MAX = 64,
	DEADLINE_S = 60,
};

struct lab {
	char folder[32], path[64];
	uint16_t port;
	int local_fd, tcp_fd;
	pthread_t thread;
	uv_loop_t loop;
	uv_async_t stop;
	struct server *server;
	struct server_request *kept[KEPT_MAX]; /* of the server's thread */
	size_t sizes[KEPT_MAX];		       /* of a text in their answers */
	size_t kept_count;
	pthread_mutex_t lock; /* guards events */
	pthread_cond_t changed;
	unsigned events[LAB_EVENTS];
};

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	abort();
}

static void note(struct lab *lab, enum lab_event event)
{
	pthread_mutex_lock(&lab->lock);
	lab->events[event]++;
	pthread_cond_broadcast(&lab->changed);
	pthread_mutex_unlock(&lab->lock);
}

void lab_wait(struct lab *lab, enum lab_event event, unsigned count)
{
	pthread_mutex_lock(&lab->lock);
	while (lab->events[event] < count)
		pthread_cond_wait(&lab->changed, &lab->lock);
	pthread_mutex_unlock(&lab->lock);
}

unsigned lab_count(struct lab *lab, enum lab_event event)
{
	pthread_mutex_lock(&lab->lock);
	unsigned count = lab->events[event];
	pthread_mutex_unlock(&lab->lock);
	return count;
}

/* ---- handlers ---- */

static void handle_words(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	const char *query = server_query(request, "q");

	(void)context;
	(void)body;
	server_answer(request, 200,
		json_pack("{s:s, s:s*, s:s*}", "first", words[0], "second", words[1], "q", query));
}

static void handle_echo(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	(void)context;
	(void)words;
	server_answer(request, 200, json_deep_copy(body));
}

static void handle_text(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	size_t size = 0;
	const char *text = server_text(request, &size);

	(void)context;
	(void)words;
	(void)body;
	server_answer(request, 200, json_pack("{s:s%}", "text", text, size));
}

static void handle_peer(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	const struct server_peer *peer = server_peer(request);
	char text[ADDRESS_TEXT_SIZE];

	(void)context;
	(void)words;
	(void)body;
	server_answer(request, 200,
		json_pack("{s:s, s:I, s:b}", "address", address_format(&peer->address, text), "uid",
			(json_int_t)peer->uid, "pid", peer->pid == getpid()));
}

static void handle_nothing(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	(void)context;
	(void)words;
	(void)body;
	server_answer(request, 204, NULL);
}

static void handle_refuse(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	(void)context;
	(void)body;
	server_refuse(request, ERR_NOT_FOUND, "no user named %s: \xc3\xa4", words[0]);
}

static void sent(void *context)
{
	note(context, LAB_SENT);
}

static void gone(void *context, struct server_request *request)
{
	struct lab *lab = context;

	for (size_t i = 0; i < lab->kept_count; i++) {
		if (lab->kept[i] != request)
			continue;
		lab->kept[i] = lab->kept[--lab->kept_count];
		lab->sizes[i] = lab->sizes[lab->kept_count];
	}
	note(lab, LAB_GONE);
}

static void handle_keep(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct lab *lab = context;

	const char *size = server_query(request, "size");

	(void)words;
	(void)body;
	demand(lab->kept_count < KEPT_MAX, "room for kept requests");
	lab->sizes[lab->kept_count] = size ? strtoul(size, NULL, 10) : 0;
	lab->kept[lab->kept_count++] = request;
	server_keep(request, gone, lab);
	server_on_sent(request, sent, lab);
	note(lab, LAB_KEPT);
}

/* {"kept": number, "pad": so much text} */
static json_t *kept_answer(size_t number, size_t size)
{
	char *pad = memory_new(size + 1, 1);

	memset(pad, 'x', size);
	json_t *json = json_pack("{s:i, s:s}", "kept", (int)number, "pad", pad);
	free(pad);
	return json;
}

/* Answers all that is kept. */
static void handle_release(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	struct lab *lab = context;
	size_t count = lab->kept_count;

	(void)words;
	(void)body;
	lab->kept_count = 0;
	for (size_t i = 0; i < count; i++)
		server_answer(lab->kept[i], 200, kept_answer(i, lab->sizes[i]));
	server_answer(request, 200, json_pack("{s:i}", "released", (int)count));
}

/* Kept, and answered before the handler has returned. */
static void handle_both(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	(void)words;
	(void)body;
	server_keep(request, gone, context);
	server_answer(request, 200, json_pack("{}"));
}

static void handle_file(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	FILE *file = tmpfile();

	(void)words;
	(void)body;
	demand(file != NULL, "tmpfile");
	for (int i = 0; i < 100000; i++)
		(void)fprintf(file, "%07d\n", i); /* seen in what is read */
	(void)fflush(file);
	int fd = dup(fileno(file));
	(void)fclose(file);
	server_on_sent(request, sent, context);
	server_answer_file(request, fd, 800000);
}

static const struct server_route routes[] = {
	{"GET", "/v1/words/{}", SERVER_BODY_NONE, handle_words},
	{"GET", "/v1/words/{}/and/{}", SERVER_BODY_NONE, handle_words},
	{"DELETE", "/v1/words/{}", SERVER_BODY_NONE, handle_refuse},
	{"POST", "/v1/echo", SERVER_BODY_JSON, handle_echo},
	{"PUT", "/v1/text", SERVER_BODY_TEXT, handle_text},
	{"GET", "/v1/peer", SERVER_BODY_NONE, handle_peer},
	{"POST", "/v1/nothing", SERVER_BODY_NONE, handle_nothing},
	{"GET", "/v1/keep", SERVER_BODY_NONE, handle_keep},
	{"POST", "/v1/keep", SERVER_BODY_JSON, handle_keep},
	{"POST", "/v1/release", SERVER_BODY_NONE, handle_release},
	{"GET", "/v1/both", SERVER_BODY_NONE, handle_both},
	{"GET", "/v1/file", SERVER_BODY_NONE, handle_file},
};

/* ---- the thread ---- */

static void stop(uv_async_t *async)
{
	struct lab *lab = async->data;

	server_close(lab->server);
	uv_close((uv_handle_t *)async, NULL);
}

static void *run(void *context)
{
	struct lab *lab = context;

	uv_run(&lab->loop, UV_RUN_DEFAULT); /* until the last handle is closed */
	return NULL;
}

static int listen_local(struct lab *lab)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(name.sun_path, sizeof name.sun_path, "%s", lab->path);
	demand(fd >= 0, "socket");
	demand(bind(fd, (const struct sockaddr *)&name, sizeof name) == 0, "bind");
	demand(chmod(lab->folder, 0755) == 0 && chmod(lab->path, 0666) == 0, "chmod");
	demand(listen(fd, 128) == 0, "listen");
	return fd;
}

static int listen_tcp(struct lab *lab)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof name;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	demand(fd >= 0, "socket");
	demand(bind(fd, (const struct sockaddr *)&name, sizeof name) == 0, "bind");
	demand(listen(fd, 128) == 0, "listen");
	demand(getsockname(fd, (struct sockaddr *)&name, &size) == 0, "getsockname");
	lab->port = ntohs(name.sin_port);
	return fd;
}

struct lab *lab_open(void)
{
	struct lab *lab = memory_new(1, sizeof *lab);

	alarm(DEADLINE_S); /* a test that would wait for ever fails */
	(void)snprintf(lab->folder, sizeof lab->folder, "/tmp/tacet-lab-XXXXXX");
	demand(mkdtemp(lab->folder) != NULL, "mkdtemp");
	(void)snprintf(lab->path, sizeof lab->path, "%s/s", lab->folder);
	lab->local_fd = listen_local(lab);
	lab->tcp_fd = listen_tcp(lab);
	pthread_mutex_init(&lab->lock, NULL);
	pthread_cond_init(&lab->changed, NULL);
	demand(uv_loop_init(&lab->loop) == 0, "uv_loop_init");
	demand(uv_async_init(&lab->loop, &lab->stop, stop) == 0, "uv_async_init");
	lab->stop.data = lab;
	struct server_listener listeners[] = {
		{lab->local_fd, routes, ARRAY_LENGTH(routes), LAB_BODY_MAX},
		{lab->tcp_fd, routes, ARRAY_LENGTH(routes), LAB_BODY_MAX},
	};
	struct server_config config = {&lab->loop, listeners, ARRAY_LENGTH(listeners), lab};
	demand(server_open(&config, &lab->server) == 0, "server_open");
	demand(pthread_create(&lab->thread, NULL, run, lab) == 0, "pthread_create");
	return lab;
}

void lab_close(struct lab *lab)
{
	uv_async_send(&lab->stop);
	pthread_join(lab->thread, NULL);
	demand(uv_loop_close(&lab->loop) == 0, "uv_loop_close");
	(void)close(lab->local_fd);
	(void)close(lab->tcp_fd);
	(void)unlink(lab->path);
	(void)rmdir(lab->folder);
	free(lab);
}

const char *lab_socket(const struct lab *lab)
{
	return lab->path;
}

uint16_t lab_port(const struct lab *lab)
{
	return lab->port;
}

/* ---- the other end, by hand ---- */

/* So that a test that would hang fails. */
static int with_deadline(int fd)
{
	struct timeval deadline = {.tv_sec = DEADLINE_S};

	demand(fd >= 0, "socket");
	demand(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline) == 0, "timeout");
	return fd;
}

int lab_socket_new(void)
{
	return with_deadline(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

void lab_connect(const struct lab *lab, int fd)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	(void)snprintf(name.sun_path, sizeof name.sun_path, "%s", lab->path);
	demand(connect(fd, (const struct sockaddr *)&name, sizeof name) == 0, "connect");
}

int lab_connect_local(const struct lab *lab)
{
	int fd = lab_socket_new();

	lab_connect(lab, fd);
	return fd;
}

int lab_connect_tcp(const struct lab *lab)
{
	struct sockaddr_in name = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(lab->port)};
	int fd = with_deadline(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	demand(connect(fd, (const struct sockaddr *)&name, sizeof name) == 0, "connect");
	return fd;
}

void lab_say(int fd, const char *text)
{
	size_t size = strlen(text);

	while (size > 0) {
		ssize_t written = send(fd, text, size, MSG_NOSIGNAL);
		if (written <= 0)
			return; /* it was closed: what was answered is to be heard */
		text += written;
		size -= (size_t)written;
	}
}

size_t lab_hear(int fd, char *ret_text, size_t size)
{
	size_t heard = 0;
	ssize_t count = 1;

	while (heard < size - 1 && count > 0) {
		count = recv(fd, ret_text + heard, size - 1 - heard, 0);
		if (count > 0)
			heard += (size_t)count;
		else if (count < 0 && errno == EAGAIN)
			demand(false, "nothing is heard");
	}
	ret_text[heard] = '\0';
	return heard;
}

void lab_talk(const struct lab *lab, const char *text, char *ret_answer, size_t size)
{
	int fd = lab_connect_local(lab);

	lab_say(fd, text);
	(void)lab_hear(fd, ret_answer, size);
	(void)close(fd);
}
