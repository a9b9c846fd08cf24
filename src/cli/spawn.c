/* SPDX-License-Identifier: ISC */
#include "cli/spawn.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PAUSE_MS = 10, /* between two looks whether it has ended */
};

/* Which descriptors it gets. */
static int lay_out(posix_spawn_file_actions_t *actions, enum spawn_output output)
{
	int err = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (err != 0 || output == SPAWN_SHOWN)
		return -err;
	err = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (err == 0)
		err = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
	return -err;
}

static int begin(const char *const argv[], enum spawn_output output, pid_t *ret_pid)
{
	/* POSIX forgot two consts: it does not write to them (posix_spawn(3p), RATIONALE). */
	char *const *words;
	posix_spawn_file_actions_t actions;
	int err = -posix_spawn_file_actions_init(&actions);

	if (err < 0)
		return err;
	memcpy(&words, &argv, sizeof words);
	err = lay_out(&actions, output);
	if (err == 0)
		err = -posix_spawnp(ret_pid, argv[0], &actions, NULL, words, environ);
	(void)posix_spawn_file_actions_destroy(&actions); /* never fails on Linux */
	return err;
}

static int code_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int spawn_and_wait(const char *const argv[], enum spawn_output output, unsigned patience_ms)
{
	const struct timespec pause = {.tv_nsec = (long)PAUSE_MS * NS_PER_MS};
	uint64_t end_ns = clock_now().monotonic_ns + (uint64_t)patience_ms * NS_PER_MS;
	pid_t pid = -1;
	int status = 0;

	int err = begin(argv, output, &pid);
	if (err < 0)
		return err;
	for (;;) {
		pid_t ended = waitpid(pid, &status, WNOHANG);
		if (ended == pid)
			return code_of(status);
		if (ended < 0 && errno != EINTR)
			return -errno;
		if (clock_now().monotonic_ns >= end_ns)
			return -ETIMEDOUT;
		(void)nanosleep(&pause, NULL); /* woken early: looks earlier */
	}
}
