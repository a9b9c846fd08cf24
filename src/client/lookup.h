/* SPDX-License-Identifier: ISC */
/*
 * The addresses behind a gateway's host:port, by the system's resolver, on a thread of libuv's
 * pool. On the loop's thread but for lookup_split().
 */
#pragma once

#include "base/address.h"
#include "control/netmap.h"

#include <uv.h>

enum {
	LOOKUP_ADDRESSES_MAX = 8, /* of one name that are tried */
	LOOKUP_PORT_SIZE = 6,	  /* "65535" with its zero */
};

struct lookup;

struct lookup_config {
	uv_loop_t *loop;
	/* err 0 and at least one; or what getaddrinfo said, and none. */
	void (*done)(void *context, int err, const struct endpoint *endpoints, unsigned count);
	void *context;
};

/* Takes "host:port" or "[address]:port" apart. ERR_SYNTAX. */
int lookup_split(const char *text, char ret_host[static NETMAP_HOST_SIZE],
	char ret_port[static LOOKUP_PORT_SIZE]) must_check;

/* Waits: for programs that have nothing else to do. How many, or ERR_*, -ENOENT. */
int lookup_wait(
	const char *text, struct endpoint ret_endpoints[static LOOKUP_ADDRESSES_MAX]) must_check;

/*
 * Begins to look a text up; done() is called later unless lookup_free() was before. -errno,
 * ERR_SYNTAX. Release by lookup_free(), also once it is done.
 */
int lookup_new(const struct lookup_config *config, const char *text,
	struct lookup **ret_lookup) must_check;

/* done() will not be called; the memory goes when the thread is through. Accepts NULL. */
void lookup_free(struct lookup *lookup);
