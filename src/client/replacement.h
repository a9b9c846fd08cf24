/* SPDX-License-Identifier: ISC */
/* A file that is replaced as a whole and durably: a reader sees the old one or the new. Blocks. */
#pragma once

#include "base/attributes.h"

#include <stddef.h>
#include <sys/types.h>

struct replacement {
	const char *path;
	mode_t mode;
	uid_t uid; /* (uid_t)-1: whoever we are; likewise gid */
	gid_t gid;
	const void *bytes; /* may be NULL where size is 0 */
	size_t size;
};

/* Writes beside it and renames over. -errno: then the former is there, and nothing beside it. */
int replacement_write(const struct replacement *replacement) must_check;

/* Writes all to a descriptor from its start, cuts what was longer, and syncs. -errno. */
int replacement_fill(int fd, const void *bytes, size_t size) must_check;
