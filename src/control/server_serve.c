/* SPDX-License-Identifier: ISC */
/* What libmicrohttpd calls, and how a request is suspended and resumed there. */
#include "control/server_state.h"

#include "base/memory.h"
#include "base/number.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Hands the answer over. */
static enum MHD_Result queue(struct server_request *request)
{
	request->state = REQUEST_QUEUED;
	return MHD_queue_response(request->mhd, request->status, request->response);
}

static void watch_closed(uv_handle_t *handle)
{
	struct server *server = handle->data;

	free(handle);
	server_release(server);
}

/* No longer looks whether the asker leaves; its descriptor may be closed from now on. */
static void unwatch(struct server_request *request)
{
	uv_handle_t *handle = (uv_handle_t *)request->watch;

	request->watch = NULL;
	if (!handle)
		return;
	handle->data = request->server;
	uv_close(handle, watch_closed);
}

static void asker_left(uv_poll_t *poll, int status, int events)
{
	(void)status; /* whatever it is: nobody can be answered */
	(void)events;
	request_leave(poll->data);
}

/* libmicrohttpd does not look at a suspended connection: we do, for the other end's closing. */
static void watch(struct server_request *request)
{
	struct server *server = request->server;
	uv_poll_t *poll = memory_new(1, sizeof *poll);

	if (uv_poll_init(server->loop, poll, request->connection->fd) < 0) {
		free(poll);
		return; /* then its leaving is seen when it is answered */
	}
	server->handle_count++;
	poll->data = request;
	request->watch = poll;
	if (uv_poll_start(poll, UV_DISCONNECT, asker_left) < 0)
		unwatch(request);
}

static enum MHD_Result suspend(struct server_request *request)
{
	struct server *server = request->server;

	request->state = REQUEST_KEPT;
	request->next = server->kept;
	if (request->next)
		request->next->previous = request;
	server->kept = request;
	MHD_suspend_connection(request->mhd);
	watch(request);
	return MHD_YES;
}

void request_resume(struct server_request *request)
{
	unwatch(request);
	if (request->next)
		request->next->previous = request->previous;
	if (request->previous)
		request->previous->next = request->next;
	else
		request->server->kept = request->next;
	/* Neither its epoll descriptor nor its timeout tells of that: it has to be run. */
	MHD_resume_connection(request->mhd);
	server_run_soon(request->server);
}

/* Handles a request that is all here, or goes on with one that was kept. */
static enum MHD_Result proceed(struct server_request *request)
{
	if (request->state == REQUEST_ARRIVING)
		request_handle(request);
	switch (request->state) {
	case REQUEST_ANSWERED:
		return queue(request);
	case REQUEST_HANDLED:
		return suspend(request);
	case REQUEST_KEPT:
	case REQUEST_QUEUED:
		return MHD_YES;
	case REQUEST_ARRIVING:
	case REQUEST_GONE:
		break;
	}
	return MHD_NO; /* ends the connection */
}

/* Whether so long a body was announced that it is not even read to be thrown away. */
static bool is_far_too_long(struct server_request *request)
{
	const char *text = MHD_lookup_connection_value(
		request->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	uint64_t size = 0;

	if (!text || number_parse(text, strlen(text), UINT64_MAX, &size) < 0)
		return false; /* libmicrohttpd has looked at it; in pieces it is counted as it comes
			       */
	return size > request_body_max(request) + SERVER_DRAIN_MAX;
}

static enum MHD_Result begin(
	struct MHD_Connection *mhd, const char *path, const char *method, void **slot)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct server_request *request = request_begin(info->socket_context, mhd, path, method);

	*slot = request;
	if (!is_far_too_long(request))
		return MHD_YES;
	request_refuse_length(request);
	return queue(request);
}

/* NOLINTNEXTLINE(readability-function-size): MHD_AccessHandlerCallback has that many */
enum MHD_Result serve(void *context, struct MHD_Connection *mhd, const char *path,
	const char *method, const char *version, const char *bytes, size_t *size, void **slot)
{
	struct server_request *request = *slot;

	(void)context;
	(void)version;
	if (!request)
		return begin(mhd, path, method, slot);
	if (*size == 0)
		return proceed(request);
	if (!request_receive(request, bytes, *size))
		return MHD_NO;
	*size = 0;
	return MHD_YES;
}

void serve_completed(void *context, struct MHD_Connection *mhd, void **slot,
	enum MHD_RequestTerminationCode reason)
{
	struct server_request *request = *slot;

	(void)context;
	(void)mhd;
	(void)reason;
	*slot = NULL;
	if (request)
		request_end(request);
}

void serve_connection(void *context, struct MHD_Connection *mhd, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct server *server = context;

	(void)mhd;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = server->arriving;
		server->arriving = NULL;
	} else if (*socket_context) {
		connection_free(*socket_context);
	}
}

size_t serve_undecoded(void *context, struct MHD_Connection *mhd, char *text)
{
	(void)context;
	(void)mhd;
	return strlen(text);
}
