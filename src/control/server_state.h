/* SPDX-License-Identifier: ISC */
/*
 * What the parts of the server share, and nobody else sees. server.c owns the loop's handles and
 * the connections; server_request.c what one request is and how it is answered; server_serve.c is
 * what libmicrohttpd calls.
 *
 * One libmicrohttpd daemon serves all listeners, without a thread or a listening socket: we accept,
 * so that nobody is read from before we know who it is.
 */
#pragma once

#include "control/secret.h"
#include "control/server.h"
#include "control/server_route.h"

#include <microhttpd.h>
#include <stdbool.h>

enum {
	SERVER_QUERY_MAX = 16,	    /* values in one query */
	SERVER_DRAIN_MAX = 1 << 20, /* bytes of a refused body that are read, to be thrown away */
	SERVER_EMPTY_BODY_MAX = 64, /* bytes of a body where none is wanted: "{}" may come */
	SERVER_ACCEPTS_MAX = 64,    /* connections in one turn of the loop */
	SERVER_REST_MS = 200,	    /* not accepting, where there are no descriptors left */
	SERVER_TIMEOUT_MAX_MS = 60000, /* libmicrohttpd is asked at least so often */
};

struct server_connection {
	struct listener *listener;
	struct server_connection *next, *previous; /* among the listener's */
	struct server_peer peer;
	int fd; /* libmicrohttpd's */
};

struct listener {
	struct server *server;
	struct server_listener given;
	bool is_local;	/* a Unix socket */
	bool is_polled; /* its handle is the loop's */
	uv_poll_t poll;
	struct server_connection *first;
	size_t connection_count;
};

struct server {
	uv_loop_t *loop;
	void *context;
	uid_t uid; /* that opened it: admitted over the local socket, as root is */
	struct MHD_Daemon *daemon;
	uv_poll_t ready; /* libmicrohttpd's epoll descriptor */
	uv_timer_t timeout;
	uv_timer_t rest;
	struct server_connection *arriving; /* between accept and its being libmicrohttpd's */
	struct server_request *kept;	    /* first of them */
	bool is_running;		    /* within libmicrohttpd */
	bool is_due;			    /* it is to run once more: something was resumed */
	size_t handle_count;		    /* that libuv has not closed yet */
	size_t listener_count;
	struct listener listeners[];
};

struct query_value {
	char *name, *value; /* owned */
};

enum request_state {
	REQUEST_ARRIVING, /* its body is not all here */
	REQUEST_HANDLED,  /* the handler is running */
	REQUEST_KEPT,	  /* suspended */
	REQUEST_ANSWERED, /* there is a response */
	REQUEST_QUEUED,	  /* the response is libmicrohttpd's */
	REQUEST_GONE,	  /* nobody waits any more */
};

struct server_request {
	struct server *server;
	struct server_connection *connection;
	struct MHD_Connection *mhd;
	const struct server_route *route; /* NULL: there is none */
	struct route_words words;
	struct query_value query[SERVER_QUERY_MAX];
	size_t query_count;
	enum request_state state;

	struct secret body;
	size_t received; /* bytes of the body, those thrown away too */
	json_t *json;

	unsigned status;
	struct MHD_Response *response;
	void (*sent)(void *context);
	void *sent_context;

	bool is_kept; /* server_keep() was called */
	void (*gone)(void *context, struct server_request *request);
	void *gone_context;
	uv_poll_t *watch;			/* while suspended: whether the asker leaves */
	struct server_request *next, *previous; /* kept ones */
};

/* Begins a request by its first line and heads; finds its route or refuses it. Never NULL. */
struct server_request *request_begin(struct server_connection *connection,
	struct MHD_Connection *mhd, const char *path, const char *method);

/* Bytes of a body that the request may have. */
size_t request_body_max(const struct server_request *request);

/* A part of the body. False: it is so much too long that the connection has to end. */
bool request_receive(struct server_request *request, const char *bytes, size_t size);

/* The request is all here: has it handled. Then it is answered or kept. */
void request_handle(struct server_request *request);

/* It is over: tells who asked to be told, and frees it. */
void request_end(struct server_request *request);

/* Refuses a body for its length. */
void request_refuse_length(struct server_request *request);

/* Has libmicrohttpd go on with a request that was kept; its state says with what. */
void request_resume(struct server_request *request);

/* Nobody waits for it any more. */
void request_leave(struct server_request *request);

/* Forgets a connection that is closed. */
void connection_free(struct server_connection *connection);

/* Has libmicrohttpd work, and asks it when it wants to be called next. */
void server_run(struct server *server);

/* The same, in the next turn of the loop. */
void server_run_soon(struct server *server);

/* One handle less: the last one takes the server along. */
void server_release(struct server *server);

/* What libmicrohttpd calls; context: the server. */
enum MHD_Result serve(void *context, struct MHD_Connection *mhd, const char *path,
	const char *method, const char *version, const char *bytes, size_t *size, void **slot);
void serve_completed(void *context, struct MHD_Connection *mhd, void **slot,
	enum MHD_RequestTerminationCode reason);
void serve_connection(void *context, struct MHD_Connection *mhd, void **socket_context,
	enum MHD_ConnectionNotificationCode code);
size_t serve_undecoded(void *context, struct MHD_Connection *mhd, char *text);
