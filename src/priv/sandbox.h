/* SPDX-License-Identifier: ISC */
/*
 * What a process gives up, once it holds what it needs, in this order and in this one file:
 * no_new_privs, dumpable off, ids, capabilities, Landlock, seccomp. Each part either is in force
 * when sandbox_enter() returns, or it returns an error; where a kernel has no Landlock
 * (before 5.13) that part is left out, and said so by the result. seccomp kills the process for a
 * call that is not on the list; a few that libraries do without (a socket for syslog(3), code by
 * mmap) are refused by an error. All threads that there are are confined, and those to come.
 */
#pragma once

#include "base/attributes.h"

#include <stddef.h>
#include <sys/types.h>

enum sandbox_profile {
	SANDBOX_ENGINE,	 /* packets on sockets that are there, threads, files of one folder */
	SANDBOX_CONTROL, /* files of some folders, accept, timers */
	SANDBOX_CALLER,	 /* as control, and connections of its own (a device's control process) */
	SANDBOX_RADAR,	 /* reading and writing what it was given, and nothing else */
};

/* A folder, with all below it. */
struct sandbox_folder {
	const char *path;
	enum { SANDBOX_READ, SANDBOX_WRITE } access;
};

struct sandbox_config {
	enum sandbox_profile profile;
	const char *user; /* whom to become, by name; NULL: stay */
	const struct sandbox_folder *folders;
	size_t folder_count;
};

enum {
	SANDBOX_WITHOUT_LANDLOCK = 1, /* all but that is in force */
};

/*
 * 0 or SANDBOX_WITHOUT_LANDLOCK. ERR_NOT_FOUND: no such user; -errno: the process must end, for it
 * may have given up a part; -EINVAL: the user is root. No thread may block SIGRTMAX. What needs
 * root, other files, or another socket has to be open by now; so has syslog(3), by LOG_NDELAY.
 */
int sandbox_enter(const struct sandbox_config *config) must_check;
