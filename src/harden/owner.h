/* SPDX-License-Identifier: ISC */
/* Which process holds a socket: /proc/<pid>/fd, as far as we may look. */
#pragma once

#include "base/attributes.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	OWNER_NAME_SIZE = 20, /* of a program's name: 15 bytes, a zero, and room */
};

struct owner {
	uint64_t inode; /* of the socket: asked for */
	pid_t pid;	/* the least of those that hold it; 0: not to be seen, or the kernel */
	char name[OWNER_NAME_SIZE]; /* printable; "" with pid 0 */
};

/* Finds the holders of all of them in one walk. -errno: there is no /proc. */
int owner_find(struct owner *owners, size_t count) must_check;
