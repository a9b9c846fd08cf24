/* SPDX-License-Identifier: ISC */
#include "cli/start.h"

#include "base/clock.h"
#include "base/log.h"
#include "cli/near.h"
#include "cli/spawn.h"
#include "cli/unit.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	START_MS = 30000, /* for the program to be ready and go to the background */
	ANSWER_MS = 5000, /* from there to the local socket */
	PAUSE_MS = 10,
};

#define DAEMON "tacetd"

bool start_is_running(const struct cli *cli)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char path[CONFIG_PATH_SIZE];

	(void)config_run_path(&cli->config, CONFIG_SOCKET, path);
	if (strlen(path) >= sizeof address.sun_path)
		return false; /* nobody can listen there either */
	memcpy(address.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	bool answers = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ||
		       errno == EAGAIN; /* its queue is full: it is there */
	(void)close(fd);		/* nothing was written */
	return answers;
}

static int wait_for_answer(const struct cli *cli)
{
	const struct timespec pause = {.tv_nsec = (long)PAUSE_MS * NS_PER_MS};

	for (unsigned waited_ms = 0; waited_ms < ANSWER_MS; waited_ms += PAUSE_MS) {
		if (start_is_running(cli))
			return 0;
		(void)nanosleep(&pause, NULL); /* woken early: asks earlier */
	}
	log_err(-ETIMEDOUT, DAEMON " was started, but does not answer at %s/%s: see its log",
		cli->config.run, CONFIG_SOCKET);
	return -ETIMEDOUT;
}

/* Whether systemd should start it: an own TACETD or another configuration is not its unit's. */
static bool is_for_systemd(const struct cli *cli)
{
	if (getenv("TACETD") || strcmp(cli->config_path, CONFIG_PATH) != 0)
		return false;
	if (access("/run/systemd/system", F_OK) < 0) /* as sd_booted(3) */
		return false;
	return unit_is_there();
}

static int start_program(const struct cli *cli)
{
	char program[NEAR_PATH_SIZE], config_path[PATH_MAX];

	near_program("TACETD", DAEMON, program);
	/* In the background it is somewhere else: no relative path would be found again. */
	if (!realpath(cli->config_path, config_path)) {
		int err = -errno;
		log_err(err, "%s: cannot find the configuration", cli->config_path);
		return err;
	}
	const char *const argv[] = {program, "-c", config_path, NULL};
	int code = spawn_and_wait(argv, SPAWN_SHOWN, START_MS);
	if (code == 0)
		return 0;
	if (code == -ENOENT)
		log_err(code, "%s: cannot find the daemon: set TACETD to its path", program);
	else if (code < 0)
		log_err(code, "%s: cannot start the daemon", program);
	else
		log_err(0, "%s: the daemon did not start (it ended with %d)", program, code);
	return code < 0 ? code : -EIO;
}

int start_daemon(const struct cli *cli)
{
	if (start_is_running(cli))
		return 0;
	int err = is_for_systemd(cli) ? unit_start() : start_program(cli);
	return err < 0 ? err : wait_for_answer(cli);
}
