/* SPDX-License-Identifier: ISC */
#include "tacetd/logpipe.h"

#include "base/log.h"
#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE_SIZE = 1100, /* as long as base/log writes, with the program's name; longer is cut */
	TURN_MAX = 16,	  /* reads before others on the loop have their turn */
};

struct logpipe {
	uv_poll_t poll;
	int ours, theirs;
	size_t size; /* of the line so far */
	char line[LINE_SIZE + 1];
};

/* One line, of printable characters whatever was written. */
static void pass_on(struct logpipe *logpipe)
{
	if (logpipe->size == 0)
		return;
	for (size_t i = 0; i < logpipe->size; i++) {
		if (logpipe->line[i] < ' ' || logpipe->line[i] > '~')
			logpipe->line[i] = '?';
	}
	logpipe->line[logpipe->size] = '\0';
	log_warn(0, "%s", logpipe->line); /* its writer has decided that it is to be seen */
	logpipe->size = 0;
}

static void take(struct logpipe *logpipe, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n')
			pass_on(logpipe);
		else if (logpipe->size < LINE_SIZE)
			logpipe->line[logpipe->size++] = bytes[i];
	}
}

static void read_all(struct logpipe *logpipe)
{
	for (unsigned i = 0; i < TURN_MAX; i++) {
		char bytes[LINE_SIZE];
		ssize_t size = read(logpipe->ours, bytes, sizeof bytes);
		if (size <= 0)
			return;
		take(logpipe, bytes, (size_t)size);
	}
}

static void is_readable(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events; /* reading says what is wrong */
	read_all(poll->data);
}

int logpipe_open(uv_loop_t *loop, struct logpipe **ret_logpipe)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	struct logpipe *logpipe = memory_new(1, sizeof *logpipe);
	logpipe->ours = ends[0];
	logpipe->theirs = ends[1];
	int result = uv_poll_init(loop, &logpipe->poll, logpipe->ours);
	if (result < 0) {
		(void)close(ends[0]); /* nothing was written */
		(void)close(ends[1]);
		free(logpipe);
		return result;
	}
	logpipe->poll.data = logpipe;
	result = uv_poll_start(&logpipe->poll, UV_READABLE, is_readable);
	assert(result == 0); /* it was just made */
	*ret_logpipe = logpipe;
	return 0;
}

int logpipe_fd(const struct logpipe *logpipe)
{
	return logpipe->theirs;
}

static void is_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void logpipe_close(struct logpipe *logpipe)
{
	if (!logpipe)
		return;
	read_all(logpipe);
	pass_on(logpipe);
	uv_close((uv_handle_t *)&logpipe->poll, is_closed);
	(void)close(logpipe->ours); /* libuv does not look at it any more */
	(void)close(logpipe->theirs);
}
