/* SPDX-License-Identifier: ISC */
/*
 * The interfaces of this host (the network namespace of the calling thread) as hardening sees them:
 * inside are bridges that hold nothing but containers or virtual machines of this very host; all
 * the rest is where strangers are, what comes later included.
 */
#pragma once

#include "harden/rules.h"

/* An address of this host, and what it is an address of. */
struct face_address {
	struct prefix network; /* that it is in, as the interface says */
	struct address address;
	char name[IF_NAMESIZE];
};

struct face_addresses {
	struct face_address *list; /* on the heap */
	size_t count;
};

/*
 * Looks at what is there. Outer are those that packets of strangers come in by first: no ports of
 * bridges or bonds. `known` are names of bridges to take for inside where they are not there yet
 * (before the network is); NULL: none. -errno.
 */
int face_read(const char *tunnel, const struct rules_faces *known, struct rules_faces *ret_inside,
	struct rules_faces *ret_outer) must_check;

/* Whether a bridge has a name by which Docker, libvirt and the like call theirs. Pure. */
bool face_is_bridge_name(const char *name);

/* All addresses. -errno. Release by face_addresses_done(). */
int face_read_addresses(struct face_addresses *ret_addresses) must_check;

void face_addresses_done(struct face_addresses *addresses);

/* Whether an interface of that name is the kernel's WireGuard. */
bool face_is_kernel_wireguard(const char *name);

bool face_has(const struct rules_faces *faces, const char *name);

/* "eth0, eth1", in memory that the caller frees; "none" where there are none. */
char *face_join(const struct rules_faces *faces)
	__attribute__((returns_nonnull, warn_unused_result));
