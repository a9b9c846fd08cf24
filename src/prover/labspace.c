/* SPDX-License-Identifier: ISC */
#include "prover/labspace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OWN "/proc/thread-self/ns/net"

int labspace_own(int *ret_fd)
{
	int fd = open(OWN, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int labspace_enter(int fd)
{
	return setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
}

int labspace_new(int *ret_fd)
{
	int own = -1, fd = -1;

	int err = labspace_own(&own);
	if (err < 0)
		return err;
	if (unshare(CLONE_NEWNET) < 0)
		err = -errno;
	if (err == 0)
		err = labspace_own(&fd);
	int back = labspace_enter(own);
	(void)close(own); /* only looked at */
	if (err == 0 && back < 0) {
		(void)close(fd);
		err = back;
	}
	if (err == 0)
		*ret_fd = fd;
	return err;
}

static int lay_out(posix_spawn_file_actions_t *actions)
{
	int err = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (err == 0)
		err = posix_spawn_file_actions_addopen(
			actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (err == 0)
		err = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
	return -err;
}

int labspace_start(const char *const argv[], pid_t *ret_pid)
{
	/* POSIX forgot two consts: it does not write to them (posix_spawn(3p), RATIONALE). */
	char *const *words;
	posix_spawn_file_actions_t actions;
	int err = -posix_spawn_file_actions_init(&actions);

	if (err < 0)
		return err;
	memcpy(&words, &argv, sizeof words);
	err = lay_out(&actions);
	if (err == 0)
		err = -posix_spawnp(ret_pid, argv[0], &actions, NULL, words, environ);
	(void)posix_spawn_file_actions_destroy(&actions); /* never fails on Linux */
	return err;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int labspace_run(const char *const argv[])
{
	pid_t pid = 0;

	int err = labspace_start(argv, &pid);
	return err < 0 ? err : wait_for(pid);
}

void labspace_end(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)kill(pid, SIGKILL); /* it may have ended */
	(void)wait_for(pid);
}
