/* SPDX-License-Identifier: ISC */
/* Reading from a descriptor that may give less than was asked for. Any thread. */
#pragma once

#include "base/attributes.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * Reads until `room` bytes are there or the end is reached; goes on after signals. Blocks as the
 * descriptor does. How many bytes: fewer than room mean that there are no more; -errno.
 */
ssize_t descriptor_read(int fd, void *ret_bytes, size_t room) must_check;
