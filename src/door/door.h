/* SPDX-License-Identifier: ISC */
/*
 * The door in the kernel (docs/door.md): loads the BPF program from memory, attaches it to the
 * host's outer interfaces, looks after it. Needs CAP_BPF and CAP_NET_ADMIN; what it is to know it
 * is told by a keeper. In the network namespace of the calling thread. One thread at a time.
 *
 * At tc the door outlives the process: who ended without door_close() leaves one behind that drops
 * everything, as nobody has the port. The next door of that name takes its place.
 */
#pragma once

#include "base/attributes.h"
#include "door/keeper.h"
#include "door/kind.h"

struct door;

enum {
	DOOR_ERROR_SIZE = 256,
};

struct door_config {
	enum door_kind kind;   /* not DOOR_NONE */
	const char *interface; /* the tunnel's: there is no door at it; names the door */
	uint32_t live_bits;    /* 2^n live indices have a slot; 0: as many as a server wants */
};

/*
 * Loads it; it is nowhere yet, and judges nobody. ret_error says what the kernel said. -EOPNOTSUPP:
 * built without; -EPERM; -errno. Release by door_close().
 */
int door_open(const struct door_config *config, struct door **ret_door,
	char ret_error[static DOOR_ERROR_SIZE]) must_check;

/* Detaches it everywhere. Accepts NULL. */
void door_close(struct door *door);

/* Borrowed: until door_close(). */
struct keeper_maps door_maps(const struct door *door);

/* The program that selects for a packet socket (SO_ATTACH_BPF). Borrowed. */
int door_tap_fd(const struct door *door);

/* The program at interfaces, for who wants to run or measure it by itself. Borrowed. */
int door_program_fd(const struct door *door);

/* Likewise the map of interfaces, by index, with the sizes of their link headers. Borrowed. */
int door_places_fd(const struct door *door);

/*
 * Attaches it to each outer interface (net/outerlink.h) where it is not yet; call again when
 * interfaces may have changed. *ret_count: to how many it is attached. -errno of the first that
 * failed; the others have it all the same.
 */
int door_attach(struct door *door, unsigned *ret_count) must_check;

/* Removes what a door of that name has left behind that was never closed. */
void door_sweep(const char *interface);
