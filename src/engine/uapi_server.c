/* SPDX-License-Identifier: ISC */
#include "engine/uapi_server.h"

#include "base/log.h"
#include "base/memory.h"
#include "engine/uapi_dialog.h"
#include "engine/uapi_socket.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* One connection. It reads while it has nothing to say, and says one answer at a time. */
struct client {
	struct uapi_server *server;
	struct client *next, *previous; /* among the server's */
	uv_pipe_t pipe;
	uv_write_t write;
	struct uapi_text answer; /* that is being written */
	bool is_ending;		 /* close it once the answer is written */
	struct uapi_dialog dialog;
};

struct uapi_server {
	struct uapi_server_config config;
	char name[IF_NAMESIZE]; /* of the interface */
	struct uapi_socket socket;
	uv_pipe_t pipe;	      /* listens */
	uv_fs_event_t watch;  /* on the directory */
	struct client *first; /* latest first */
	size_t client_count;
	size_t handle_count; /* that libuv has not closed yet */
	bool is_removed;     /* said so, or closed: not to be said again */
};

/* One handle less: the last one takes the server along. */
static void release(struct uapi_server *server)
{
	if (--server->handle_count == 0)
		free(server);
}

static void client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct uapi_server *server = client->server;

	uapi_dialog_done(&client->dialog);
	uapi_text_done(&client->answer);
	free(client);
	release(server);
}

/* Ends the connection. What is being written is given up. */
static void client_close(struct client *client)
{
	struct uapi_server *server = client->server;

	if (uv_is_closing((uv_handle_t *)&client->pipe))
		return;
	if (client->next)
		client->next->previous = client->previous;
	if (client->previous)
		client->previous->next = client->next;
	else
		server->first = client->next;
	server->client_count--;
	uv_close((uv_handle_t *)&client->pipe, client_closed);
}

static void client_proceed(struct client *client);

static void answer_written(uv_write_t *write, int status)
{
	struct client *client = write->data;

	uapi_text_done(&client->answer);
	if (status < 0 || client->is_ending)
		client_close(client);
	else
		client_proceed(client);
}

/* Says in the log what was wrong, and writes the answer; nothing is read meanwhile. */
static void client_answer(struct client *client)
{
	const char *complaint = uapi_dialog_complaint(&client->dialog);
	uv_stream_t *stream = (uv_stream_t *)&client->pipe;
	uv_buf_t buffer = {.base = client->answer.at, .len = client->answer.size};

	if (*complaint)
		log_warn(0, "%s: a request is refused: %s", client->server->name, complaint);
	(void)uv_read_stop(stream); /* always succeeds */
	client->write.data = client;
	if (uv_write(&client->write, stream, &buffer, 1, answer_written) < 0)
		client_close(client);
}

static void room_wanted(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct client *client = handle->data;

	(void)suggested; /* we have what we have */
	buffer->base = uapi_dialog_room(&client->dialog, &buffer->len);
}

/* The end is one too: a request that is not complete by then is void. */
static void bytes_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct client *client = stream->data;

	(void)buffer; /* is the dialog's */
	if (size < 0) {
		client_close(client);
	} else if (size > 0) {
		uapi_dialog_received(&client->dialog, (size_t)size);
		client_proceed(client);
	}
}

/* Goes on with what was received, or waits for more. */
static void client_proceed(struct client *client)
{
	switch (uapi_dialog_step(&client->dialog, &client->answer)) {
	case UAPI_STEP_MORE:
		break;
	case UAPI_STEP_LAST_ANSWER:
		client->is_ending = true;
		client_answer(client);
		return;
	case UAPI_STEP_ANSWER:
		client_answer(client);
		return;
	}
	int result = uv_read_start((uv_stream_t *)&client->pipe, room_wanted, bytes_read);
	if (result < 0 && result != UV_EALREADY)
		client_close(client);
}

/* Whether the new connection may stay; says in the log why not. */
static bool client_is_welcome(struct client *client)
{
	struct uapi_server *server = client->server;
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&client->pipe, &fd) < 0)
		return false;
	if (!uapi_socket_is_admitted(fd)) {
		log_warn(
			0, "%s: a client that is neither root nor we is turned away", server->name);
		return false;
	}
	if (server->client_count > UAPI_CLIENTS_MAX) {
		log_warn(0, "%s: more than %d clients at a time: one is turned away", server->name,
			UAPI_CLIENTS_MAX);
		return false;
	}
	return true;
}

static struct client *client_new(struct uapi_server *server)
{
	struct client *client = memory_new(1, sizeof *client);
	int result = uv_pipe_init(server->config.loop, &client->pipe, 0);

	assert(result == 0); /* it has no reason to fail */
	client->server = server;
	client->pipe.data = client;
	client->next = server->first;
	if (server->first)
		server->first->previous = client;
	server->first = client;
	server->client_count++;
	server->handle_count++;
	uapi_dialog_init(&client->dialog, server->config.engine);
	return client;
}

static void client_connected(uv_stream_t *stream, int status)
{
	struct uapi_server *server = stream->data;

	if (status < 0) {
		log_warn(status, "%s: cannot accept a client", server->name);
		return;
	}
	struct client *client = client_new(server);
	int result = uv_accept(stream, (uv_stream_t *)&client->pipe);
	if (result < 0)
		log_warn(result, "%s: cannot accept a client", server->name);
	if (result < 0 || !client_is_welcome(client))
		client_close(client);
	else
		client_proceed(client);
}

static void directory_changed(uv_fs_event_t *watch, const char *name, int events, int status)
{
	struct uapi_server *server = watch->data;

	(void)name; /* asked about our file it is, whatever happened: events may be lost */
	(void)events;
	(void)status;
	if (server->is_removed || uapi_socket_is_there(&server->socket))
		return;
	server->is_removed = true;
	server->config.removed(server->config.context);
}

static void handle_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void uapi_server_close(struct uapi_server *server)
{
	if (!server || uv_is_closing((uv_handle_t *)&server->pipe))
		return;
	server->is_removed = true;
	uapi_socket_remove(&server->socket);
	while (server->first)
		client_close(server->first);
	uv_close((uv_handle_t *)&server->watch, handle_closed);
	uv_close((uv_handle_t *)&server->pipe, handle_closed);
}

/* A client may leave before it has read its answer; libuv writes without MSG_NOSIGNAL. */
static void ignore_broken_pipes(void)
{
	struct sigaction action = {0};

	if (sigaction(SIGPIPE, NULL, &action) < 0 || action.sa_handler != SIG_DFL)
		return;
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL); /* SIGPIPE is a signal, and this an action */
}

/* Hands the listening descriptor to the loop and watches its file. Consumes fd. */
static int start(struct uapi_server *server, int fd)
{
	int result = uv_pipe_open(&server->pipe, fd);

	if (result < 0) {
		(void)close(fd); /* the first error counts */
		return result;
	}
	result = uv_listen((uv_stream_t *)&server->pipe, UAPI_BACKLOG, client_connected);
	if (result == 0)
		result = uv_fs_event_start(&server->watch, directory_changed, UAPI_DIRECTORY, 0);
	if (result == 0 && !uapi_socket_is_there(&server->socket))
		result = -ENOENT; /* removed before we were watching */
	return result;
}

int uapi_server_open(const struct uapi_server_config *config, struct uapi_server **ret_server)
{
	struct uapi_socket socket;
	int fd;

	int result = uapi_socket_open(config->interface_name, &socket, &fd);
	if (result < 0)
		return result;
	ignore_broken_pipes();
	struct uapi_server *server = memory_new(1, sizeof *server);
	server->config = *config;
	memcpy(server->name, config->interface_name, strlen(config->interface_name) + 1);
	server->config.interface_name = server->name;
	server->socket = socket;
	server->handle_count = 2;
	result = uv_pipe_init(config->loop, &server->pipe, 0);
	assert(result == 0); /* neither has a reason to fail */
	result = uv_fs_event_init(config->loop, &server->watch);
	assert(result == 0);
	server->pipe.data = server;
	server->watch.data = server;
	result = start(server, fd);
	if (result < 0) {
		uapi_server_close(server);
		return result;
	}
	*ret_server = server;
	return 0;
}
