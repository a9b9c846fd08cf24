/* SPDX-License-Identifier: ISC */
/*
 * What listens on this host (the network namespace of the calling thread) and could be reached: TCP
 * sockets that listen, UDP sockets that take from anybody, raw sockets. With the programs that hold
 * them, as far as we may see them.
 */
#pragma once

#include "harden/face.h"
#include "harden/owner.h"

enum {
	LISTENERS_MAX = 65536, /* more are not looked at */
};

/* By whom it can be reached while the host is not hardened. */
enum listener_reach {
	LISTENER_STRANGERS, /* anybody */
	LISTENER_LOOPBACK,  /* this host alone */
	LISTENER_TUNNEL,    /* bound to an address of the overlay */
};

struct listener {
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_RAW */
	struct address address;
	uint16_t port; /* of a raw socket: the IP protocol */
	enum listener_reach reach;
	struct owner owner;
};

struct listeners {
	struct listener *list; /* on the heap, by protocol, port, address */
	size_t count;
};

/* `tunnel` is its interface's name. -errno. Release by listener_list_done(). */
int listener_list(const char *tunnel, struct listeners *ret_listeners) must_check;

void listener_list_done(struct listeners *listeners);

/* A TCP connection that is open; called for each. */
struct listener_flow {
	struct address here, there;
	uint16_t port_here, port_there;
};

typedef void listener_visit(void *context, const struct listener_flow *flow);

/*
 * Visits each TCP connection that is established, and that no listening socket of this host's ports
 * took: those that the host opened itself. -errno.
 */
int listener_visit_own_flows(
	const struct listeners *listeners, listener_visit *visit, void *context) must_check;

/* One line of /proc/net/tcp and its like, taken apart. */
struct listener_line {
	struct listener_flow flow;
	uint8_t state; /* TCP_LISTEN and the like; UDP uses them too */
	uint64_t inode;
};

/* Pure. ERR_SYNTAX: it is no such line, for example the first one. */
int listener_parse(const char *line, size_t size, struct listener_line *ret_line) must_check;
