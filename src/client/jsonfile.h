/* SPDX-License-Identifier: ISC */
/* JSON in a file of ours, 0600. All of it may block. */
#pragma once

#include "base/attributes.h"

#include <jansson.h>
#include <sys/types.h>

enum {
	JSONFILE_MAX = 32 << 20, /* bytes */
};

/*
 * Reads it; the caller's. ERR_NOT_FOUND: there is none; ERR_SYNTAX: *ret_line is not JSON; -EFBIG;
 * -EINVAL: it is no file; -errno. ret_line is 0 but for ERR_SYNTAX.
 */
int jsonfile_read(const char *path, json_t **ret_json, int *ret_line) must_check;

/* Replaces it durably. uid, gid: whose it will be; -1: ours. -errno: then the former is there. */
int jsonfile_write(const char *path, const json_t *json, uid_t uid, gid_t gid) must_check;

/* A file of at most `room` bytes that is not opened by way of a link; how many bytes, or an error.
 */
ssize_t jsonfile_read_bytes(const char *path, char *ret_bytes, size_t room) must_check;
