/* SPDX-License-Identifier: ISC */
/* The socket file of the userspace interface: made, recognised, removed. Linux. */
#pragma once

#include "base/attributes.h"

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

enum {
	UAPI_BACKLOG = 32, /* clients that wait to be accepted */
};

#define UAPI_DIRECTORY "/var/run/wireguard"

struct uapi_socket {
	struct sockaddr_un address; /* UAPI_DIRECTORY "/NAME.sock" */
	dev_t device;		    /* of the file that we made: another may lie there by now */
	ino_t inode;
};

/*
 * Makes the directory (0700) if it is not there and the file (0600 from its birth), listening; the
 * file of a server that is gone is replaced. *ret_fd is the caller's, close-on-exec and
 * non-blocking.
 * -EADDRINUSE: somebody listens there. -EINVAL: no name of an interface. -EEXIST: the file is not a
 * socket. -EPERM: the directory is open to others. -errno.
 */
int uapi_socket_open(
	const char *interface_name, struct uapi_socket *ret_socket, int *ret_fd) must_check;

/*
 * Removes a file of that name which nobody listens behind any more, as a server leaves it that has
 * given up the right to remove it. 0 too where there is none, or somebody listens; -errno.
 */
int uapi_socket_clear(const char *interface_name) must_check;

/* Whether the file is there and the one that we made; also where we may not look any more. */
bool uapi_socket_is_there(const struct uapi_socket *self);

/* Removes the file if it is the one that we made. */
void uapi_socket_remove(const struct uapi_socket *self);

/* Whether the other end of a connection may configure us: root, or who we are ourselves. */
bool uapi_socket_is_admitted(int fd);
