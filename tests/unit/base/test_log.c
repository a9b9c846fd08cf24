/* SPDX-License-Identifier: ISC */
#include "base/error.h"
#include "base/log.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child did. */
struct outcome {
	char text[4096]; /* its stderr, zero-terminated */
	int status;	 /* of waitpid() */
};

/* Runs `work` in a child and gathers what it writes to stderr. */
static struct outcome gather(void (*work)(void))
{
	struct outcome outcome = {0};
	size_t size = 0;
	ssize_t more;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		abort();
	pid_t child = fork();
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		work();
		_exit(0);
	}
	close(ends[1]);
	while ((more = read(ends[0], outcome.text + size, sizeof outcome.text - 1 - size)) > 0)
		size += (size_t)more;
	close(ends[0]);
	waitpid(child, &outcome.status, 0);
	return outcome;
}

static void say_all(enum log_level level)
{
	log_start("test", level);
	log_err(-EADDRINUSE, "%s: cannot bind UDP port %d", "wg0", 51820);
	log_warn(ERR_SYNTAX, "warning");
	log_info(0, "info");
	log_debug(0, "debug");
}

static void say_silent(void)
{
	say_all(LOG_LEVEL_SILENT);
}

static void say_error(void)
{
	say_all(LOG_LEVEL_ERROR);
}

static void say_warning(void)
{
	say_all(LOG_LEVEL_WARNING);
}

static void say_info(void)
{
	say_all(LOG_LEVEL_INFO);
}

static void say_debug(void)
{
	say_all(LOG_LEVEL_DEBUG);
}

static void say_nowhere(void)
{
	log_start("test", LOG_LEVEL_DEBUG);
	close(STDERR_FILENO);
	log_err(0, "nobody hears this");
}

static void say_long(void)
{
	char letters[3000];

	memset(letters, 'x', sizeof letters);
	letters[sizeof letters - 1] = '\0';
	log_start("test", LOG_LEVEL_INFO);
	log_err(ERR_SYNTAX, "%s", letters);
	log_err(0, "next");
}

static void end(void)
{
	log_start("test", LOG_LEVEL_ERROR);
	fatal(-ENOENT, "cannot go on");
}

#define LINE_ERR "test: wg0: cannot bind UDP port 51820: Address already in use\n"
#define LINE_WARN "test: warning: it is not written as expected\n"

static const struct {
	const char *name;
	void (*work)(void);
	const char *text; /* on stderr */
	int code;	  /* of exit */
} rows[] = {
	{"silent", say_silent, "", 0},
	{"error", say_error, LINE_ERR, 0},
	{"warning", say_warning, LINE_ERR LINE_WARN, 0},
	{"info", say_info, LINE_ERR LINE_WARN "test: info\n", 0},
	{"debug", say_debug, LINE_ERR LINE_WARN "test: info\ntest: debug\n", 0},
	{"stderr is closed", say_nowhere, "", 0},
	{"fatal", end, "test: cannot go on: No such file or directory\n", 1},
};

static void test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct outcome outcome = gather(rows[i].work);
		if (!tap_ok(strcmp(outcome.text, rows[i].text) == 0, rows[i].name))
			printf("# got %s", outcome.text);
		tap_ok(WIFEXITED(outcome.status) && WEXITSTATUS(outcome.status) == rows[i].code,
			rows[i].name);
	}
}

static void test_long_line(void)
{
	struct outcome outcome = gather(say_long);
	const char *end_of_line = strchr(outcome.text, '\n');

	tap_ok(end_of_line && end_of_line - outcome.text < 1100, "a long line is cut");
	tap_ok(end_of_line && strcmp(end_of_line, "\ntest: next\n") == 0, "and ends as a line");
}

int main(void)
{
	test_rows();
	test_long_line();
	return tap_done();
}
