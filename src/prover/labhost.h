/* SPDX-License-Identifier: ISC */
/*
 * A host to be proven, on this machine: in namespaces, with tacet-wg at its port, on a link with a
 * router and a stranger. Touches no network of the machine's. Root; blocks; one thread.
 */
#pragma once

#include "crypto/x25519.h"
#include "prover/scene.h"

#include <sys/types.h>

enum labhost_kind {
	LABHOST_DEFAULT,  /* Linux as it is installed, without a firewall */
	LABHOST_USUAL,	  /* INPUT drops all but the port and neighbour discovery */
	LABHOST_STANDARD, /* tacet harden */
	LABHOST_SEALED,	  /* tacet harden --level sealed */
	LABHOST_COUNT,
};

enum {
	LABHOST_ERROR_SIZE = 1200,
	LABHOST_PATH_SIZE = 64,
	LABHOST_PORT = 51820,
	LABHOST_CONTROL_PORT = 51821,
};

struct labhost {
	enum labhost_kind kind;
	int own, world, host, stranger; /* namespaces; -1: none */
	pid_t daemon;
	char interface[SCENE_INTERFACE_SIZE];
	char directory[LABHOST_PATH_SIZE]; /* of its state; "" : none */
	uint8_t public_key[X25519_KEY_SIZE];
	char error[LABHOST_ERROR_SIZE]; /* what went wrong, and at what */
};

/* One word, and one line for it; static. */
const char *labhost_name(enum labhost_kind kind);
const char *labhost_what(enum labhost_kind kind);

/* Whether it is meant to be silent. */
static inline bool labhost_is_ours(enum labhost_kind kind)
{
	return kind >= LABHOST_STANDARD;
}

/*
 * Makes one; program: tacet-wg's path. -errno, then ret_host->error says at what. Release by
 * labhost_done() in either case.
 */
int labhost_init(struct labhost *ret_host, enum labhost_kind kind, const char *program) must_check;

/* Ends what runs and removes what was made. */
void labhost_done(struct labhost *host);

/* The stranger enters, and sees where the host is; labhost_leave() goes back. */
int labhost_enter(struct labhost *host, struct scene *ret_scene) must_check;
void labhost_leave(struct labhost *host);
