/* SPDX-License-Identifier: ISC */
/*
 * HTTP and JSON for those who have been let in: over the local Unix socket, and at the control and
 * enrolment ports inside the tunnel. libmicrohttpd behind a table of routes, on a libuv loop, one
 * thread. It makes no socket: listeners are given as descriptors.
 *
 * A listener has a table of its own: what is not in it is 404 there, whoever asks. Who asks is
 * known by peer credentials (local), or by the source address, which the engine has authenticated
 * (tunnel).
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"

#include <jansson.h>
#include <sys/types.h>
#include <uv.h>

enum {
	SERVER_BODY_MAX = 5 << 20, /* bytes of a request's body, by default; a policy file fits */
	/* On one listener. A device keeps one to be told of changes; a kept request takes 6 kB. */
	SERVER_CONNECTIONS_MAX = 1 << 13,
	SERVER_CONNECTIONS_PER_PEER_MAX = 8, /* from one address, over the tunnel */
	SERVER_IDLE_S = 40,	/* a connection that says nothing for so long is closed */
	SERVER_WORD_SIZE = 128, /* of a part of a path, with its zero */
	SERVER_WORDS_MAX = 4,	/* parts of a path that stand for {} */
};

struct server;
struct server_request;

/* Who asks. */
struct server_peer {
	struct address address; /* over the tunnel; ADDRESS_NONE: local */
	uid_t uid;		/* local */
	pid_t pid;		/* local */
};

/*
 * Answers a request, at once by server_answer() or later, when it was kept by server_keep().
 * `words` are what stood for the {} of the route's path, percent-decoded. `body` is JSON or, where
 * the route takes text, NULL: see server_text().
 */
typedef void server_handler(void *context, struct server_request *request,
	const char *const words[], const json_t *body);

enum server_body {
	SERVER_BODY_NONE,
	SERVER_BODY_JSON, /* an object; anything else is answered with 400 before the handler */
	SERVER_BODY_TEXT,
};

struct server_route {
	const char *method; /* "GET" */
	const char *path;   /* "/v1/devices/{}/{}/revoke" */
	enum server_body body;
	server_handler *handle;
};

struct server_listener {
	int fd; /* listening; borrowed, must outlive the server */
	const struct server_route *routes;
	size_t route_count;
	size_t body_max; /* bytes; 0: SERVER_BODY_MAX */
};

struct server_config {
	uv_loop_t *loop;
	const struct server_listener *listeners;
	size_t listener_count;
	void *context; /* handed to handlers */
};

/* -errno, -ENOMEM. Release by server_close(). */
int server_open(const struct server_config *config, struct server **ret_server) must_check;

/*
 * Ends all connections; kept requests are dropped, their gone() called. Not from a handler. The
 * listening descriptors may be closed after it; the memory goes when the loop has run once more.
 * Accepts NULL.
 */
void server_close(struct server *server);

/* Who asks. */
const struct server_peer *server_peer(const struct server_request *request);

/* A value of the query, "?version=7"; NULL: it is not there. Borrowed. */
const char *server_query(const struct server_request *request, const char *name);

/* The body where the route takes text; not zero-terminated. Borrowed. */
const char *server_text(const struct server_request *request, size_t *ret_size);

/*
 * Answers. Consumes json; NULL: no body. Sent to its end before the connection closes; then `sent`
 * is called, where server_on_sent() asked for it.
 */
void server_answer(struct server_request *request, unsigned status, json_t *json);

/* Answers with a problem: status and words of the code, and a sentence. */
void server_refuse(struct server_request *request, int code, const char *format, ...)
	printf_like(3, 4);

/* Answers 200 with a file, application/octet-stream. Consumes fd. */
void server_answer_file(struct server_request *request, int fd, uint64_t size);

/*
 * Keeps the request to be answered later, from any call on the loop's thread. When the asker leaves
 * before that, `gone` is called and the request must not be touched any more.
 */
void server_keep(struct server_request *request,
	void (*gone)(void *context, struct server_request *request), void *context);

/*
 * Has `sent` called once the answer has left, or cannot any more. Before server_answer(). Not
 * called where gone() was.
 */
void server_on_sent(struct server_request *request, void (*sent)(void *context), void *context);
