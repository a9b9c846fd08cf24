/* SPDX-License-Identifier: ISC */
/* Children of this very program: what they get, and when they are started again. */
#include "tap.h"

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "priv/channel.h"
#include "priv/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FD_LIMIT = 64,
	LIVES_MAX = 8,
	EXIT_WELL = 40, /* a child's, when all was as it should be */
	EXIT_ILL,
};

/* ---- the children ---- */

static bool is_null(int fd)
{
	struct stat is, want;

	return fstat(fd, &is) == 0 && stat("/dev/null", &want) == 0 && is.st_rdev == want.st_rdev;
}

/* Nothing is open but the first four, with what belongs there. */
static int child_looks(void)
{
	int type = 0;
	socklen_t size = sizeof type;

	for (int fd = PROCESS_CHANNEL_FD + 1; fd < FD_LIMIT; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			return EXIT_ILL;
	}
	if (!is_null(0) || !is_null(1) || fcntl(2, F_GETFD) < 0)
		return EXIT_ILL;
	if (getsockopt(PROCESS_CHANNEL_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return EXIT_ILL;
	return type == SOCK_SEQPACKET ? EXIT_WELL : EXIT_ILL;
}

/* Waits for the end of its channel. */
static int child_waits(void)
{
	char byte;
	ssize_t size;

	(void)fcntl(PROCESS_CHANNEL_FD, F_SETFL, 0); /* blocking */
	do {
		size = recv(PROCESS_CHANNEL_FD, &byte, 1, 0);
	} while (size < 0 && errno == EINTR);
	return EXIT_WELL;
}

/* Says by a byte on its channel that it ignores SIGTERM by now. */
static int child_is_deaf(void)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (sigaction(SIGTERM, &ignore, NULL) < 0 || send(PROCESS_CHANNEL_FD, "x", 1, 0) != 1)
		return EXIT_ILL;
	return child_waits();
}

static int child_dies(void)
{
	return EXIT_WELL;
}

static const struct {
	const char *title;
	int (*run)(void);
} children[] = {
	{"looks", child_looks},
	{"waits", child_waits},
	{"deaf", child_is_deaf},
	{"dies", child_dies},
};

static int run_child(const char *title, const char *config_path)
{
	if (strcmp(config_path, "/a/path") != 0)
		return EXIT_ILL;
	for (size_t i = 0; i < ARRAY_LENGTH(children); i++) {
		if (strcmp(children[i].title, title) == 0)
			return children[i].run();
	}
	return EXIT_ILL;
}

/* ---- the parent ---- */

struct watch {
	uv_loop_t loop;
	struct process *process; /* NULL: freed */
	int channel;		 /* -1: none */
	unsigned lives, ends;
	bool stops_inside; /* ended() */
	bool is_stopped;
	uint64_t ended_ns, paused_ns[LIVES_MAX]; /* between an end and the start behind it */
	int exit_codes[LIVES_MAX], signal;
	pid_t pid_at_end;
};

static void close_channel(struct watch *watch)
{
	if (watch->channel >= 0)
		close(watch->channel);
	watch->channel = -1;
}

static void stop(struct watch *watch, unsigned patience_ms)
{
	watch->is_stopped = true;
	process_stop(watch->process, patience_ms);
}

static void started(void *context, int channel_fd)
{
	struct watch *watch = context;

	watch->channel = channel_fd;
	if (watch->lives > 0)
		watch->paused_ns[watch->lives] = clock_now().monotonic_ns - watch->ended_ns;
	watch->lives++;
}

static void ended(void *context, int exit_code, int signal)
{
	struct watch *watch = context;

	close_channel(watch);
	watch->ended_ns = clock_now().monotonic_ns;
	watch->exit_codes[watch->ends++] = exit_code;
	watch->signal = signal;
	watch->pid_at_end = process_pid(watch->process);
	if (watch->is_stopped) {
		process_free(watch->process);
		watch->process = NULL;
	} else if (watch->stops_inside) {
		stop(watch, 1000);
	}
}

static void begin(struct watch *watch, const char *title)
{
	const struct process_config config = {
		.loop = &watch->loop,
		.title = title,
		.config_path = "/a/path",
		.started = started,
		.ended = ended,
		.context = watch,
	};

	*watch = (struct watch){.channel = -1};
	if (uv_loop_init(&watch->loop) < 0)
		abort();
	tap_is_int(process_start(&config, &watch->process), 0, title);
}

/* The loop runs until the process has ended so often. */
static void run_until(struct watch *watch, unsigned ends)
{
	while (watch->ends < ends)
		(void)uv_run(&watch->loop, UV_RUN_ONCE);
}

static void finish(struct watch *watch)
{
	if (!watch->is_stopped)
		stop(watch, 1000);
	(void)uv_run(&watch->loop, UV_RUN_DEFAULT);
	tap_ok(!watch->process, "it has ended for good");
	tap_is_int(uv_loop_close(&watch->loop), 0, "nothing is left on the loop");
}

/* A descriptor that was opened without care is no child's. */
static void test_inherited(void)
{
	struct watch watch;
	int fd = dup(2);

	begin(&watch, "looks");
	watch.stops_inside = true;
	tap_ok(process_pid(watch.process) > 0, "it has a process id");
	tap_ok(watch.channel >= 0 && fcntl(watch.channel, F_GETFD) & FD_CLOEXEC, "and a channel");
	run_until(&watch, 2);
	tap_is_int(watch.exit_codes[0], EXIT_WELL, "what it got is what it should get");
	tap_is_int(watch.pid_at_end, 0, "it is not running at its end");
	tap_is_int(watch.lives, 1, "stopped between two lives");
	tap_is_int(watch.exit_codes[1], 0, "which is said like an end");
	finish(&watch);
	close(fd);
}

/* At once, which no clock can tell; then 50 ms, then 100 ms. */
static void test_pauses(void)
{
	struct watch watch;

	begin(&watch, "dies");
	run_until(&watch, 4);
	tap_is_int(watch.lives, 4, "it was started again");
	tap_is_int(process_starts(watch.process), 4, "and counted");
	tap_ok(watch.paused_ns[2] >= 45 * (uint64_t)NS_PER_MS, "after a pause");
	tap_ok(watch.paused_ns[3] >= 95 * (uint64_t)NS_PER_MS, "after a longer one");
	finish(&watch);
}

static void test_stop(void)
{
	struct watch watch;

	begin(&watch, "waits");
	stop(&watch, 10000);
	stop(&watch, 10000);
	run_until(&watch, 1);
	tap_is_int(watch.signal, SIGTERM, "stopped");
	tap_is_int(watch.lives, 1, "and not started again");
	finish(&watch);
	tap_is_int(watch.ends, 1, "its end was said once");
}

/* It dies by itself when its channel does. */
static void test_channel(void)
{
	struct watch watch;

	begin(&watch, "waits");
	close_channel(&watch);
	run_until(&watch, 1);
	tap_ok(watch.exit_codes[0] == EXIT_WELL && watch.signal == 0, "it saw its channel's end");
	finish(&watch);
}

static void test_patience(void)
{
	struct watch watch;
	char byte;

	begin(&watch, "deaf");
	(void)fcntl(watch.channel, F_SETFL, 0); /* blocking */
	tap_is_int(recv(watch.channel, &byte, 1, 0), 1, "it heeds no SIGTERM");
	stop(&watch, 20);
	run_until(&watch, 1);
	tap_is_int(watch.signal, SIGKILL, "killed");
	finish(&watch);
}

/* There are no descriptors for a channel. */
static void test_fails(void)
{
	const struct rlimit limit = {FD_LIMIT, FD_LIMIT};
	struct watch watch = {.channel = -1, .is_stopped = true};
	const struct process_config config = {
		.loop = &watch.loop, .title = "dies", .config_path = "/a/path"};
	int fds[FD_LIMIT], count = 0;

	if (uv_loop_init(&watch.loop) < 0 || setrlimit(RLIMIT_NOFILE, &limit) < 0)
		abort();
	while ((fds[count] = dup(0)) >= 0)
		count++;
	tap_is_int(process_start(&config, &watch.process), -EMFILE, "no descriptor is left");
	while (count > 0)
		close(fds[--count]);
	finish(&watch);
	process_free(NULL);
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return run_child(argv[1], argv[2]);
	test_inherited();
	test_pauses();
	test_stop();
	test_channel();
	test_patience();
	test_fails();
	return tap_done();
}
