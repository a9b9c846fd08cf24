/* SPDX-License-Identifier: ISC */
#include "control/server_state.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "control/problem.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char type_json[] = "application/json";
static const char type_file[] = "application/octet-stream";

/* The text of a response, wiped when libmicrohttpd has no more use for it: it may hold a token. */
struct text {
	size_t size;
	char *at;
};

static void text_free(void *context)
{
	struct text *text = context;

	bytes_wipe(text->at, text->size);
	free(text->at);
	free(text);
}

const struct server_peer *server_peer(const struct server_request *request)
{
	return &request->connection->peer;
}

const char *server_query(const struct server_request *request, const char *name)
{
	for (size_t i = 0; i < request->query_count; i++) {
		if (strcmp(request->query[i].name, name) == 0)
			return request->query[i].value;
	}
	return NULL;
}

const char *server_text(const struct server_request *request, size_t *ret_size)
{
	*ret_size = request->body.size;
	return request->body.at ? request->body.at : "";
}

/* ---- the answer ---- */

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	if (MHD_add_response_header(response, name, value) != MHD_YES)
		abort(); /* only for want of memory */
}

/* Takes the response as the request's answer; one that was kept goes on. */
static void respond(struct server_request *request, unsigned status, struct MHD_Response *response)
{
	bool was_kept = request->state == REQUEST_KEPT;

	assert(request->state == REQUEST_ARRIVING || request->state == REQUEST_HANDLED || was_kept);
	if (!response)
		abort(); /* only for want of memory */
	request->status = status;
	request->response = response;
	request->state = REQUEST_ANSWERED;
	if (was_kept)
		request_resume(request);
}

/* Consumes json. NULL: an empty body. */
static struct MHD_Response *response_of(json_t *json)
{
	static char nothing[1];

	if (!json)
		return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
	struct text *text = memory_new(1, sizeof *text);
	text->at = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (!text->at)
		abort(); /* only for want of memory */
	text->size = strlen(text->at);
	struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
		text->size, text->at, text_free, text);
	if (response)
		add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type_json);
	return response;
}

void server_answer(struct server_request *request, unsigned status, json_t *json)
{
	respond(request, status, response_of(json));
}

void server_refuse(struct server_request *request, int code, const char *format, ...)
{
	char text[PROBLEM_TEXT_SIZE];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(text, sizeof text, format, values); /* what does not fit is cut */
	va_end(values);
	server_answer(request, problem_status(code), problem_encode(code, text));
}

void server_answer_file(struct server_request *request, int fd, uint64_t size)
{
	struct MHD_Response *response = MHD_create_response_from_fd64(size, fd);

	if (response)
		add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type_file);
	respond(request, MHD_HTTP_OK, response);
}

void server_on_sent(struct server_request *request, void (*sent)(void *context), void *context)
{
	request->sent = sent;
	request->sent_context = context;
}

void server_keep(struct server_request *request,
	void (*gone)(void *context, struct server_request *request), void *context)
{
	assert(request->state == REQUEST_HANDLED);
	request->is_kept = true;
	request->gone = gone;
	request->gone_context = context;
}

/* ---- the beginning ---- */

static const struct server_route *find_route(
	const struct server_listener *listener, const char *path, const char *method)
{
	for (size_t i = 0; i < listener->route_count; i++) {
		const struct server_route *route = &listener->routes[i];
		if (strcmp(route->method, method) == 0 && route_matches(route->path, path))
			return route;
	}
	return NULL;
}

/* Refuses with 405 and the methods that there are (RFC 9110, 15.5.6), or with 404. */
static void refuse_unknown(struct server_request *request, const char *path)
{
	const struct server_listener *listener = &request->connection->listener->given;
	char methods[64] = "";
	size_t size = 0;

	for (size_t i = 0; i < listener->route_count; i++) {
		const struct server_route *route = &listener->routes[i];
		if (!route_matches(route->path, path) || size + strlen(route->method) + 3 > 64)
			continue;
		size += (size_t)snprintf(methods + size, sizeof methods - size, "%s%s",
			size ? ", " : "", route->method); /* fits */
	}
	if (size == 0) {
		server_refuse(request, ERR_NOT_FOUND, "nothing of that path is asked for here");
		return;
	}
	server_refuse(request, -EOPNOTSUPP, "that path takes %s only", methods);
	add_header(request->response, MHD_HTTP_HEADER_ALLOW, methods);
}

static char *decode_value(const char *text)
{
	size_t size = text ? strlen(text) : 0;
	char *decoded = memory_new(1, size + 1);

	if (percent_decode(text ? text : "", size, decoded, size + 1) == 0)
		return decoded;
	free(decoded);
	return NULL;
}

/* One value of the query; MHD_NO ends it. */
static enum MHD_Result take_value(
	void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct server_request *request = context;
	struct query_value taken = {.name = decode_value(name), .value = decode_value(value)};

	(void)kind; /* was asked for */
	if (taken.name && taken.value && request->query_count < SERVER_QUERY_MAX &&
		!server_query(request, taken.name)) {
		request->query[request->query_count++] = taken;
		return MHD_YES;
	}
	free(taken.name);
	free(taken.value);
	if (request->state == REQUEST_ARRIVING)
		server_refuse(request, ERR_SYNTAX,
			"the query has a wrong escape, a value twice, or more than %d",
			SERVER_QUERY_MAX);
	return MHD_NO;
}

/*
 * Our programs are not browsers. What a page makes a device's browser say to us, by our address or
 * by a name of its own that it had resolved to it, is refused. No browser speaks to a Unix socket.
 */
static bool is_from_page(const struct listener *listener, struct MHD_Connection *mhd)
{
	const char *host = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);

	if (listener->is_local)
		return false;
	if (MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN))
		return true;
	return host && !route_host_is_address(host);
}

struct server_request *request_begin(struct server_connection *connection,
	struct MHD_Connection *mhd, const char *path, const char *method)
{
	struct server_request *request = memory_new(1, sizeof *request);

	request->server = connection->listener->server;
	request->connection = connection;
	request->mhd = mhd;
	request->state = REQUEST_ARRIVING;
	if (is_from_page(connection->listener, mhd)) {
		server_refuse(request, -EACCES,
			"web pages are not answered; a program names this host by its address");
		return request;
	}
	request->route = find_route(&connection->listener->given, path, method);
	if (!request->route)
		refuse_unknown(request, path);
	else if (route_decode(request->route->path, path, &request->words) < 0)
		server_refuse(request, ERR_SYNTAX,
			"a part of the path has a wrong escape, a character that no name has, or "
			"more than %d of them",
			SERVER_WORD_SIZE - 1);
	else
		(void)MHD_get_connection_values(
			mhd, MHD_GET_ARGUMENT_KIND, take_value, request); /* how many */
	return request;
}

/* ---- the body ---- */

size_t request_body_max(const struct server_request *request)
{
	size_t given = request->connection->listener->given.body_max;

	if (!request->route)
		return 0;
	if (request->route->body == SERVER_BODY_NONE)
		return SERVER_EMPTY_BODY_MAX;
	return given ? given : SERVER_BODY_MAX;
}

void request_refuse_length(struct server_request *request)
{
	secret_wipe(&request->body);
	if (request->state == REQUEST_ARRIVING)
		server_refuse(request, -EFBIG, "the body is longer than %zu bytes",
			request_body_max(request));
}

bool request_receive(struct server_request *request, const char *bytes, size_t size)
{
	size_t most = request_body_max(request);

	request->received += size;
	if (request->received > most + SERVER_DRAIN_MAX)
		return false;
	if (request->state != REQUEST_ARRIVING)
		return true; /* refused already */
	if (request->received <= most) {
		secret_append(&request->body, bytes, size);
		return true;
	}
	request_refuse_length(request);
	return true;
}

/* Reads the body as the route wants it, or refuses. */
static void read_body(struct server_request *request)
{
	enum server_body kind = request->route->body;
	json_error_t error;

	if (kind == SERVER_BODY_TEXT || (kind == SERVER_BODY_NONE && request->body.size == 0))
		return;
	size_t size;
	const char *text = server_text(request, &size);
	request->json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (!request->json)
		server_refuse(request, ERR_SYNTAX,
			"the body is no JSON object: line %d, column %d: %s", error.line,
			error.column, error.text);
	else if (!json_is_object(request->json))
		server_refuse(request, ERR_SYNTAX, "the body is JSON, but no object");
	else if (kind == SERVER_BODY_NONE && json_object_size(request->json) > 0)
		server_refuse(request, ERR_SYNTAX, "nothing is expected in the body");
}

void request_handle(struct server_request *request)
{
	const char *words[SERVER_WORDS_MAX] = {0};

	if (request->state == REQUEST_ARRIVING)
		read_body(request);
	if (request->state != REQUEST_ARRIVING)
		return;
	for (size_t i = 0; i < request->words.count; i++)
		words[i] = request->words.text[i];
	request->state = REQUEST_HANDLED;
	request->route->handle(request->server->context, request, words, request->json);
	assert(request->state == REQUEST_ANSWERED || request->is_kept);
}

/* ---- the end ---- */

void request_leave(struct server_request *request)
{
	assert(request->state == REQUEST_KEPT);
	request->state = REQUEST_GONE;
	request->sent = NULL; /* its context may go with what gone() frees */
	if (request->gone)
		request->gone(request->gone_context, request);
	request_resume(request);
}

void request_end(struct server_request *request)
{
	void (*sent)(void *context) = request->sent;
	void *context = request->sent_context;

	assert(request->state != REQUEST_KEPT && request->state != REQUEST_HANDLED);
	if (request->response)
		MHD_destroy_response(request->response);
	for (size_t i = 0; i < request->query_count; i++) {
		free(request->query[i].name);
		free(request->query[i].value);
	}
	secret_wipe(&request->body);
	json_decref(request->json);
	free(request);
	if (sent)
		sent(context);
}
