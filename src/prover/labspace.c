/* SPDX-License-Identifier: ISC */
#include "prover/labspace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
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

/* In the child: becomes the program; it dies with us, however we end. Only returns on failure. */
static int become(const char *const argv[], pid_t parent)
{
	/* POSIX forgot two consts: it does not write to them (exec(3p), RATIONALE). */
	char *const *words;
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || nothing < 0)
		return errno;
	if (getppid() != parent)
		return ESRCH;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (dup2(nothing, fd) < 0)
			return errno;
	}
	memcpy(&words, &argv, sizeof words);
	(void)execvp(argv[0], words);
	return errno;
}

/* By a pipe that closes when the program runs, and bears the error when it does not. */
int labspace_start(const char *const argv[], pid_t *ret_pid)
{
	int ends[2], error = 0;
	pid_t parent = getpid();

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0) {
		error = become(argv, parent);
		ssize_t told = write(ends[1], &error, sizeof error);
		_exit(told == (ssize_t)sizeof error ? 127 : 126);
	}
	if (pid < 0)
		error = errno;
	(void)close(ends[1]); /* the child's */
	if (pid > 0 && read(ends[0], &error, sizeof error) != 0)
		labspace_end(pid);
	(void)close(ends[0]); /* read only */
	if (error == 0)
		*ret_pid = pid;
	return -error;
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
