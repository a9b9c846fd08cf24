/* SPDX-License-Identifier: ISC */
/*
 * The userspace interface's socket, /var/run/wireguard/NAME.sock, on a libuv loop: several clients
 * at a time, several requests a connection, none of which can hold up another for long. It logs
 * what clients do wrong. All of it in the loop's thread.
 */
#pragma once

#include "base/attributes.h"
#include "engine/engine.h"

#include <uv.h>

enum {
	UAPI_CLIENTS_MAX = 32, /* at a time; one more is turned away */
};

struct uapi_server;

struct uapi_server_config {
	uv_loop_t *loop;
	const char *interface_name; /* copied */
	struct engine *engine;	    /* borrowed until the server is closed */
	void (*removed)(
		void *context); /* the socket file was removed: the program is to end; once */
	void *context;
};

/*
 * Makes the directory (0700 if it is not there) and the socket (0600). A stale socket file, to
 * which nobody listens, is replaced; -EADDRINUSE where somebody does. -errno. SIGPIPE is ignored
 * from now on unless the program has decided on it: libuv would have a client that leaves end us.
 */
int uapi_server_open(
	const struct uapi_server_config *config, struct uapi_server **ret_server) must_check;

/*
 * Removes the socket file (only if it is still ours), ends all connections; freed once the loop has
 * closed its handles. May be called from removed(). Accepts NULL.
 */
void uapi_server_close(struct uapi_server *server);
