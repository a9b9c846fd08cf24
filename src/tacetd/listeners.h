/* SPDX-License-Identifier: ISC */
/*
 * The sockets that the control process listens at, made by the parent: who makes them is root, who
 * uses them is not. They stay while it is started anew, so that who calls meanwhile waits.
 */
#pragma once

#include "priv/message.h"

struct listeners {
	int fds[MESSAGE_LISTENERS_ALL]; /* by enum message_listener; -1: not there */
};

/* None yet. */
void listeners_init(struct listeners *listeners);

/* Closes all. The file of the local one stays. */
void listeners_done(struct listeners *listeners);

/*
 * The local one: a Unix socket, 0600, in place of what a daemon that is gone has left there. Who
 * calls this is the only one that would listen there. -ENAMETOOLONG; -EEXIST: what is there is no
 * socket; -errno.
 */
int listeners_open_local(struct listeners *listeners, const char *path) must_check;

/*
 * Those at our addresses of the tunnel, for what comes by that interface alone; former ones are
 * closed. -errno, and *ret_failed says which.
 */
int listeners_open_tunnel(struct listeners *listeners, const char *interface,
	const struct message_tunnel *tunnel, struct endpoint *ret_failed) must_check;

/* Those that are there, in order; returns how many. */
unsigned listeners_list(const struct listeners *listeners, struct message_listeners *ret_message,
	int ret_fds[static MESSAGE_LISTENERS_ALL]);
