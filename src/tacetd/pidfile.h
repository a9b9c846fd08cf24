/* SPDX-License-Identifier: ISC */
/* One daemon for each configuration: a locked file that says which process it is. */
#pragma once

#include "base/attributes.h"

#include <sys/types.h>

/*
 * Opens and locks it; the lock stays, through fork(2), as long as the descriptor is open, which is
 * kept for the life of the process. -EWOULDBLOCK: another process has it, *ret_other (0: not known)
 * is its id. -errno.
 */
int pidfile_lock(const char *path, int *ret_fd, pid_t *ret_other) must_check;

/* Writes our process id. -errno. */
int pidfile_write(int fd) must_check;
