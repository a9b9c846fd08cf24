/* SPDX-License-Identifier: ISC */
/*
 * Linux keeps what a process gives up by thread: only ids (libc) and seccomp (the kernel) reach the
 * others. A signal does the rest, as in libc's setresuid() and in libpsx.
 */
#include "priv/sandbox_part.h"

#include "base/clock.h"
#include "base/number.h"

#include <dirent.h>
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	THREADS_MAX = 256, /* the engine has TUN_QUEUES_MAX, and libuv's pool */
	/*
	 * With a thread that does not answer, because it blocks the signal. The runtime of
	 * ThreadSanitizer has such a one, and is left alone.
	 */
	PATIENCE_MS = SANDBOX_IS_SANITIZED ? 200 : 5000,
};

/* For the handler. Written before a thread is called, read by it, until it has posted `done`. */
static struct {
	int (*act)(const void *context);
	const void *context;
	atomic_int result;
	sem_t done;
} order;

static void on_signal(int number)
{
	int kept = errno;
	int result = order.act(order.context);

	(void)number;
	if (result < 0)
		atomic_store(&order.result, result);
	(void)sem_post(&order.done); /* fails at SEM_VALUE_MAX only */
	errno = kept;
}

/* Waits until the thread that was called has acted. */
static int wait_for_it(void)
{
	struct timespec limit;

	if (clock_gettime(CLOCK_REALTIME, &limit) < 0)
		return -errno;
	limit.tv_sec += PATIENCE_MS / 1000;
	limit.tv_nsec += PATIENCE_MS % 1000 * NS_PER_MS;
	if (limit.tv_nsec >= NS_PER_S) {
		limit.tv_sec++;
		limit.tv_nsec -= NS_PER_S;
	}
	while (sem_timedwait(&order.done, &limit) < 0) {
		if (errno == ETIMEDOUT && SANDBOX_IS_SANITIZED)
			break;
		if (errno != EINTR)
			return -errno;
	}
	return atomic_load(&order.result);
}

/* Calls one thread. One that has ended meanwhile needs nothing. */
static int call(pid_t thread)
{
	if (syscall(SYS_tgkill, getpid(), thread, SIGRTMAX) < 0)
		return errno == ESRCH ? 0 : -errno;
	return wait_for_it();
}

/* The next thread's number in /proc/self/task; 0: there is none. */
static pid_t next_thread(DIR *tasks)
{
	const struct dirent *entry;
	uint64_t number;

	while ((entry = readdir(tasks))) {
		if (number_parse(entry->d_name, strlen(entry->d_name), INT32_MAX, &number) == 0)
			return (pid_t)number;
	}
	return 0;
}

static bool is_among(const pid_t *threads, size_t count, pid_t thread)
{
	for (size_t i = 0; i < count; i++) {
		if (threads[i] == thread)
			return true;
	}
	return false;
}

/* Calls those that were not called yet. How many, or -errno. */
static int call_new(DIR *tasks, pid_t *called, size_t *count)
{
	int fresh = 0;
	pid_t thread;

	rewinddir(tasks);
	while ((thread = next_thread(tasks))) {
		if (is_among(called, *count, thread))
			continue;
		if (*count == THREADS_MAX)
			return -EMFILE;
		int result = call(thread);
		if (result < 0)
			return result;
		called[(*count)++] = thread;
		fresh++;
	}
	return fresh;
}

/* A thread that was started by one that was not called yet is found by the next turn. */
static int call_others(void)
{
	pid_t called[THREADS_MAX] = {gettid()};
	size_t count = 1;
	int result;
	DIR *tasks = opendir("/proc/self/task");

	if (!tasks)
		return -errno;
	do {
		result = call_new(tasks, called, &count);
	} while (result > 0);
	(void)closedir(tasks); /* nothing was written */
	return result;
}

int sandbox_threads_each(int (*act)(const void *context), const void *context)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;

	order.act = act;
	order.context = context;
	atomic_store(&order.result, 0);
	if (sem_init(&order.done, 0, 0) < 0 || sigaction(SIGRTMAX, &action, &before) < 0)
		return -errno;
	int result = call_others();
	if (sigaction(SIGRTMAX, &before, NULL) < 0 && result == 0)
		result = -errno;
	return result < 0 ? result : act(context);
}
