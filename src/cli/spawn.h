/* SPDX-License-Identifier: ISC */
/* Other programs, run by us as they are: no shell, stdin empty, nothing inherited but stderr. */
#pragma once

#include "base/attributes.h"

#include <sys/types.h>

enum spawn_output {
	SPAWN_SHOWN,  /* its stdout and stderr are ours */
	SPAWN_HIDDEN, /* both go to /dev/null */
};

/*
 * Runs argv[0], which is looked for in PATH where it has no slash, and waits for its end, at most
 * `patience_ms` (then it is left alone: -ETIMEDOUT). Its exit code, 128 + n where signal n ended
 * it, or -errno: -ENOENT where there is no such program.
 */
int spawn_and_wait(
	const char *const argv[], enum spawn_output output, unsigned patience_ms) must_check;
