/* SPDX-License-Identifier: ISC */
#include "priv/process.h"

#include "base/clock.h"
#include "base/memory.h"
#include "priv/channel.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One life; goes with its handle. */
struct life {
	uv_process_t handle;
	struct process *process;
};

struct process {
	struct process_config config;
	char *title, *config_path; /* ours */
	uv_timer_t timer;	   /* the pause; once it is being stopped, our patience */
	struct life *life;	   /* NULL: it is not running */
	uint64_t started_ns;	   /* monotonic */
	unsigned starts;
	unsigned pause_ms; /* before the next start */
	bool is_stopped;   /* it is not started again */
};

static void again(struct process *process);

static void on_life_closed(uv_handle_t *handle)
{
	free(container_of(handle, struct life, handle));
}

/* No life lasted as long as a calm one: the next start waits for longer. */
static void lengthen_pause(struct process *process)
{
	if (process->pause_ms == 0)
		process->pause_ms = PROCESS_PAUSE_FIRST_MS;
	else if (process->pause_ms < PROCESS_PAUSE_LONGEST_MS / 2)
		process->pause_ms *= 2;
	else
		process->pause_ms = PROCESS_PAUSE_LONGEST_MS;
}

static void on_exit_of_child(uv_process_t *handle, int64_t exit_code, int signal)
{
	struct life *life = container_of(handle, struct life, handle);
	struct process *process = life->process;
	uint64_t lived_ns = clock_now().monotonic_ns - process->started_ns;

	uv_close((uv_handle_t *)handle, on_life_closed);
	process->life = NULL;
	if (lived_ns >= (uint64_t)PROCESS_CALM_MS * NS_PER_MS)
		process->pause_ms = 0;
	if (process->is_stopped)
		(void)uv_timer_stop(&process->timer); /* cannot fail */
	else
		again(process);
	process->config.ended(process->config.context, (int)exit_code, signal);
}

/*
 * The new program, with the other end of the channel at PROCESS_CHANNEL_FD. What else is open may
 * come from whoever started us: only close-on-exec keeps it from the child. -errno.
 */
static int spawn(struct process *process, struct life *life, int other_end)
{
	char *arguments[] = {
		program_invocation_short_name, process->title, process->config_path, NULL};
	const int error_fd = process->config.error_fd ? process->config.error_fd : STDERR_FILENO;
	uv_stdio_container_t stdio[PROCESS_CHANNEL_FD + 1] = {
		{.flags = UV_IGNORE}, /* /dev/null */
		{.flags = UV_IGNORE},
		{.flags = UV_INHERIT_FD, .data.fd = error_fd},
		{.flags = UV_INHERIT_FD, .data.fd = other_end},
	};
	const uv_process_options_t options = {
		.file = "/proc/self/exe",
		.args = arguments,
		.stdio = stdio,
		.stdio_count = (int)ARRAY_LENGTH(stdio),
		.exit_cb = on_exit_of_child,
	};

	if (close_range(PROCESS_CHANNEL_FD, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return -errno;
	return uv_spawn(process->config.loop, &life->handle, &options);
}

/* Begins one life. -errno. */
static int begin_life(struct process *process, int *ret_channel)
{
	int ends[2];
	int result = channel_pair(ends);

	if (result < 0)
		return result;
	struct life *life = memory_new(1, sizeof *life);
	life->process = process;
	result = spawn(process, life, ends[1]);
	(void)close(ends[1]); /* the child's */
	if (result < 0) {
		(void)close(ends[0]);
		uv_close((uv_handle_t *)&life->handle, on_life_closed);
		return result;
	}
	process->life = life;
	process->started_ns = clock_now().monotonic_ns;
	process->starts++;
	*ret_channel = ends[0];
	return 0;
}

static void on_pause_over(uv_timer_t *timer)
{
	struct process *process = timer->data;
	int channel;
	int result = begin_life(process, &channel);

	if (result == 0) {
		process->config.started(process->config.context, channel);
		return;
	}
	again(process);
	process->config.ended(process->config.context, result, 0);
}

/* Starts it again after the pause that is due. */
static void again(struct process *process)
{
	int result = uv_timer_start(&process->timer, on_pause_over, process->pause_ms, 0);

	assert(result == 0); /* the timer is not being closed */
	lengthen_pause(process);
}

static char *copy(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(memory_new(1, size), text, size);
}

int process_start(const struct process_config *config, struct process **ret_process)
{
	struct process *process = memory_new(1, sizeof *process);
	int channel;

	process->config = *config;
	process->title = copy(config->title);
	process->config_path = copy(config->config_path);
	int result = uv_timer_init(config->loop, &process->timer);
	assert(result == 0); /* cannot fail */
	process->timer.data = process;
	result = begin_life(process, &channel);
	if (result < 0) {
		process_free(process);
		return result;
	}
	*ret_process = process;
	config->started(config->context, channel);
	return 0;
}

static void on_patience_over(uv_timer_t *timer)
{
	const struct process *process = timer->data;

	if (process->life) /* if it has ended by now, so much the better */
		(void)uv_process_kill(&process->life->handle, SIGKILL);
}

/* It was stopped between two lives. */
static void on_stopped(uv_timer_t *timer)
{
	const struct process *process = timer->data;

	process->config.ended(process->config.context, 0, 0);
}

void process_stop(struct process *process, unsigned patience_ms)
{
	uv_timer_cb next = process->life ? on_patience_over : on_stopped;

	if (process->is_stopped)
		return;
	process->is_stopped = true;
	if (process->life) /* if it has ended by now, so much the better */
		(void)uv_process_kill(&process->life->handle, SIGTERM);
	int result = uv_timer_start(&process->timer, next, process->life ? patience_ms : 0, 0);
	assert(result == 0); /* the timer is not being closed */
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct process *process = handle->data;

	free(process->title);
	free(process->config_path);
	free(process);
}

void process_free(struct process *process)
{
	if (!process)
		return;
	assert(!process->life);
	uv_close((uv_handle_t *)&process->timer, on_timer_closed);
}

pid_t process_pid(const struct process *process)
{
	return process->life ? process->life->handle.pid : 0;
}

unsigned process_starts(const struct process *process)
{
	return process->starts;
}
