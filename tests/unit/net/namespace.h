/* SPDX-License-Identifier: ISC */
/* Network namespaces of a test's own, and commands and children in them. Included by one file each.
 */
#pragma once

#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Aborts: a test's own ground does not hold. */
static inline void must(bool held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "cannot %s: %s\n", what, strerror(errno));
	abort();
}

/* Runs a command line; whether it succeeded. */
static inline bool run(const char *command)
{
	int status;
	pid_t child = fork();

	must(child >= 0, "fork");
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	must(waitpid(child, &status, 0) == child, "wait");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Writes one line to a file under /proc; whether it worked. */
static inline bool write_line(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	ssize_t size = write(fd, line, strlen(line));
	(void)close(fd); /* the write has said what there is to say */
	return size == (ssize_t)strlen(line);
}

/* Enters a namespace of our own, as its root even where we are nobody. False: not possible here. */
static inline bool namespace_enter(void)
{
	char uids[64], gids[64];

	if (unshare(CLONE_NEWNET) == 0)
		return run("ip link set lo up");
	(void)snprintf(uids, sizeof uids, "0 %u 1\n", (unsigned)getuid());
	(void)snprintf(gids, sizeof gids, "0 %u 1\n", (unsigned)getgid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
	       write_line("/proc/self/setgroups", "deny") &&
	       write_line("/proc/self/uid_map", uids) && write_line("/proc/self/gid_map", gids) &&
	       run("ip link set lo up");
}

/* The namespace that we are in, by a descriptor. */
static inline int namespace_here(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	must(fd >= 0, "open our namespace");
	return fd;
}

/* Goes into a namespace that a descriptor names. */
static inline void namespace_go(int fd)
{
	must(setns(fd, CLONE_NEWNET) == 0, "enter a namespace");
}

/* Makes another namespace, with lo up, and stays in this one. */
static inline int namespace_new(void)
{
	int home = namespace_here();
	int other;

	must(unshare(CLONE_NEWNET) == 0 && run("ip link set lo up"), "make a namespace");
	other = namespace_here();
	namespace_go(home);
	must(close(home) == 0, "close");
	return other;
}

/* Runs a function in a child; its result, or -1 where it died. */
static inline int in_child(int (*function)(void *), void *context)
{
	int status;

	(void)fflush(stdout); /* or the child says it again */
	pid_t child = fork();
	must(child >= 0, "fork");
	if (child == 0)
		_exit(function(context));
	must(waitpid(child, &status, 0) == child, "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Becomes nobody, without any capability; where nobody is not known (a user namespace): the latter.
 */
static inline void become_nobody(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	if (setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0)
		return;
	must(syscall(SYS_capset, &header, none) == 0, "drop capabilities");
}
