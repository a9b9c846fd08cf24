/* SPDX-License-Identifier: ISC */
#include "cli/stop.h"

#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "cli/file.h"
#include "cli/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

enum {
	STOP_MS = 15000,
	PROC_PATH_SIZE = 64,
	FILE_MAX = 4096, /* a pid file; /proc/<pid>/comm and cgroup */
};

#define DAEMON "tacetd"

/* The number in the pid file. ERR_NOT_FOUND, ERR_SYNTAX, -errno. */
static int read_pid(const char *path, pid_t *ret_pid)
{
	char *text = NULL;
	size_t size = 0;
	uint64_t number = 0;

	int err = file_read(path, FILE_MAX, &text, &size);
	if (err == -ENOENT)
		return ERR_NOT_FOUND;
	if (err < 0)
		return err;
	while (size && text[size - 1] == '\n')
		size--;
	err = number_parse(text, size, INT32_MAX, &number);
	free(text);
	if (err < 0 || number == 0)
		return ERR_SYNTAX;
	*ret_pid = (pid_t)number;
	return 0;
}

/* Whether a file of the process in /proc has these words in it. */
static bool process_says(pid_t pid, const char *name, const char *words)
{
	char path[PROC_PATH_SIZE];
	char *text = NULL;
	size_t size = 0;

	(void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name); /* fits */
	if (file_read(path, FILE_MAX, &text, &size) < 0)
		return false;
	bool says = strstr(text, words) != NULL;
	free(text);
	return says;
}

static int wait_for_end(int process)
{
	struct pollfd ended = {.fd = process, .events = POLLIN};
	int count;

	do {
		count = poll(&ended, 1, STOP_MS);
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	return count == 0 ? -ETIMEDOUT : 0;
}

/* `process` is its descriptor, so that it cannot be another that got its number. */
static int stop_process(int process, pid_t pid)
{
	if (pidfd_send_signal(process, SIGTERM, NULL, 0) < 0 && errno != ESRCH) {
		int err = -errno;
		log_err(err, DAEMON ", process %d, cannot be told to end", (int)pid);
		return err;
	}
	int err = wait_for_end(process);
	if (err < 0)
		log_err(err, DAEMON ", process %d, was told to end, and did not", (int)pid);
	return err;
}

int stop_daemon(const struct cli *cli)
{
	char path[CONFIG_PATH_SIZE];
	pid_t pid = 0;

	int err = read_pid(config_run_path(&cli->config, CONFIG_PID, path), &pid);
	if (err < 0 && err != ERR_NOT_FOUND)
		log_err(err, "%s: cannot be read", path);
	if (err < 0)
		return err;
	int process = pidfd_open(pid, 0);
	if (process < 0 || !process_says(pid, "comm", DAEMON)) {
		if (process >= 0)
			close(process);
		return ERR_NOT_FOUND; /* the file is of one that died */
	}
	err = process_says(pid, "cgroup", "/" UNIT) ? unit_stop() : stop_process(process, pid);
	close(process);
	return err;
}
