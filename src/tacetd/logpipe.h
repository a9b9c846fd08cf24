/* SPDX-License-Identifier: ISC */
/*
 * What children say on stderr, when we are in the background: they cannot reach the system's log
 * from where they are, and may not hold the terminal. So they write into a pipe, and we pass each
 * line on as one of ours. On the loop's thread.
 */
#pragma once

#include "base/attributes.h"

#include <uv.h>

struct logpipe;

/* Makes the pipe. -errno. Release by logpipe_close(). */
int logpipe_open(uv_loop_t *loop, struct logpipe **ret_logpipe) must_check;

/* The end for children; ours to close. */
int logpipe_fd(const struct logpipe *logpipe);

/* Passes on what has come so far; the memory goes once the loop has closed the handle. Accepts
 * NULL. */
void logpipe_close(struct logpipe *logpipe);
