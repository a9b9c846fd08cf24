/* SPDX-License-Identifier: ISC */
#include "harden/watcher.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Lets go of all that the terminal or the one who called could take us down with. */
static void detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		(void)dup2(null, fd); /* they are written to by nobody */
	(void)close_range(3, ~0U, 0); /* locks: they are the parent's */
	(void)prctl(PR_SET_NAME, "tacet-harden");
	if (chdir("/") < 0)
		return; /* a file system stays busy, no more */
}

__attribute__((noreturn)) static void wait_and_act(const struct watcher *watcher)
{
	static const struct timespec second = {.tv_sec = 1};

	while (watcher->is_wanted(watcher->context)) {
		if (clock_now().monotonic_ns >= watcher->deadline_ns) {
			watcher->act(watcher->context);
			break;
		}
		(void)nanosleep(&second, NULL); /* woken early, it looks once more */
	}
	_exit(0);
}

/* The one in between makes the watcher an orphan, in a session without a terminal. */
__attribute__((noreturn)) static void pass_on(const struct watcher *watcher)
{
	if (setsid() < 0)
		_exit(1);
	pid_t pid = fork();
	if (pid == 0) {
		detach();
		wait_and_act(watcher);
	}
	_exit(pid < 0 ? 1 : 0);
}

int watcher_start(const struct watcher *watcher)
{
	int status;

	pid_t pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		pass_on(watcher);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EAGAIN;
}
