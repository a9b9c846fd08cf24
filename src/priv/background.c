/* SPDX-License-Identifier: ISC */
#include "priv/background.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits for the child's word or its end. */
static void wait_and_exit(pid_t child, int ready)
{
	char byte;
	ssize_t size;
	int status;

	do {
		size = read(ready, &byte, 1);
	} while (size < 0 && errno == EINTR);
	if (size == 1)
		_exit(EXIT_SUCCESS);
	if (waitpid(child, &status, 0) == child && WIFEXITED(status))
		_exit(WEXITSTATUS(status)); /* it has said why */
	_exit(EXIT_FAILURE);
}

int background_begin(int *ret_ready)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid_t child = fork();
	if (child < 0) {
		int err = -errno;
		close(ends[0]);
		close(ends[1]);
		return err;
	}
	if (child > 0) {
		close(ends[1]);
		wait_and_exit(child, ends[0]);
	}
	close(ends[0]);
	*ret_ready = ends[1];
	return 0;
}

int background_ready(int ready)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	if (setsid() < 0 || chdir("/") < 0 || dup2(null, STDIN_FILENO) < 0 ||
		dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 ||
		write(ready, "", 1) != 1) {
		int err = -errno;
		close(null);
		return err;
	}
	if (null > STDERR_FILENO)
		close(null);
	close(ready);
	return 0;
}
