/* SPDX-License-Identifier: ISC */
#include "tacetd/pidfile.h"

#include "folder.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

/* What another process finds: 1: locked, by us; 0: free; else something is wrong. */
static int ask_another(void)
{
	int status;
	pid_t parent = getpid(), child = fork();

	if (child < 0)
		abort();
	if (child == 0) {
		pid_t other = 0;
		int fd, result = pidfile_lock(path_of("pid"), &fd, &other);
		if (result == 0)
			_exit(0);
		_exit(result == -EWOULDBLOCK && other == parent ? 1 : 2);
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		abort();
	return WEXITSTATUS(status);
}

int main(void)
{
	pid_t other = 0;
	int fd, second;

	folder_make();
	folder_write("pid", "no number, and longer than one\n", 0644);
	tap_is_int(pidfile_lock(path_of("pid"), &fd, &other), 0, "a file of before is taken");
	tap_is_int(pidfile_lock(path_of("pid"), &second, &other), -EWOULDBLOCK, "once");
	tap_is_int(other, 0, "it does not say by whom");
	tap_is_int(pidfile_write(fd), 0, "now it does");
	tap_ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "not for programs that are executed");
	tap_is_int(ask_another(), 1, "another process is refused, and told who has it");
	if (close(fd) < 0)
		abort();
	tap_is_int(ask_another(), 0, "not any more");
	tap_is_int(pidfile_lock("/nowhere/pid", &fd, &other), -ENOENT, "no such folder");
	folder_clear("pid");
	folder_remove();
	return tap_done();
}
