/* SPDX-License-Identifier: ISC */
/*
 * Network namespaces without a name: they go with the last descriptor and process that holds them,
 * so that nothing is left behind however we end. Root. One thread: its namespace is changed for as
 * long as a call takes, or until labspace_enter() of another.
 */
#pragma once

#include "base/attributes.h"

#include <sys/types.h>

/* A new one, with `lo` down. -EPERM; -errno. The descriptor is the caller's. */
int labspace_new(int *ret_fd) must_check;

/* The one that we are in. */
int labspace_own(int *ret_fd) must_check;

/* The calling thread is in that one from now on. */
int labspace_enter(int fd) must_check;

/*
 * Runs a program in the namespace that we are in, its output hidden, and waits for its end. 0; its
 * exit code (128 + n: by signal n); -ENOENT: there is no such program; -errno.
 */
int labspace_run(const char *const argv[]) must_check;

/* Starts one, its output hidden; it ends by labspace_end(). */
int labspace_start(const char *const argv[], pid_t *ret_pid) must_check;

/* Ends it and waits for that; a pid of 0 or less is nobody. */
void labspace_end(pid_t pid);
