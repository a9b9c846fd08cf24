/* SPDX-License-Identifier: ISC */
#include "base/log.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

enum {
	LINE_SIZE = 1024, /* a longer line is cut */
};

/* What log_start() and log_to_syslog() set: before there is a second thread, and read only then. */
static struct {
	const char *program;  /* borrowed for the life of the process */
	enum log_level level; /* graver or equal is written */
	bool to_syslog;	      /* else to stderr */
} state = {.program = "tacet", .level = LOG_LEVEL_INFO};

void log_start(const char *program, enum log_level level)
{
	state.program = program;
	state.level = level;
}

void log_to_syslog(void)
{
	openlog(state.program, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	state.to_syslog = true;
}

/* One of ours as syslog's priority. */
static int priority_of(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_SILENT:
	case LOG_LEVEL_ERROR:
		return LOG_ERR;
	case LOG_LEVEL_WARNING:
		return LOG_WARNING;
	case LOG_LEVEL_INFO:
		return LOG_INFO;
	case LOG_LEVEL_DEBUG:
		return LOG_DEBUG;
	}
	return LOG_ERR;
}

/* "message: words of the code" into `line`, cut to fit. */
static void compose(char line[static LINE_SIZE], int code, const char *format, va_list values)
	printf_like(3, 0);
static void compose(char line[static LINE_SIZE], int code, const char *format, va_list values)
{
	if (vsnprintf(line, LINE_SIZE, format, values) < 0)
		line[0] = '\0';
	if (code == 0)
		return;
	size_t length = strlen(line);
	(void)snprintf(line + length, LINE_SIZE - length, ": %s", err_str(code)); /* cut is fine */
}

/* "program: message\n" to stderr by one write, so that lines of threads and processes stay whole.
 */
static void write_line(const char *message)
{
	char line[LINE_SIZE + 64];
	int length = snprintf(line, sizeof line - 1, "%s: %s", state.program, message);

	if (length < 0)
		return;
	size_t size = (size_t)length < sizeof line - 1 ? (size_t)length : sizeof line - 2;
	line[size++] = '\n';
	if (write(STDERR_FILENO, line, size) < 0)
		return; /* stderr is gone: there is nobody to tell */
}

static void say(enum log_level level, int code, const char *format, va_list values)
	printf_like(3, 0);
static void say(enum log_level level, int code, const char *format, va_list values)
{
	char message[LINE_SIZE];

	if (level > state.level)
		return;
	compose(message, code, format, values);
	if (state.to_syslog)
		syslog(priority_of(level), "%s", message);
	else
		write_line(message);
}

void log_err(int code, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say(LOG_LEVEL_ERROR, code, format, values);
	va_end(values);
}

void log_warn(int code, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say(LOG_LEVEL_WARNING, code, format, values);
	va_end(values);
}

void log_info(int code, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say(LOG_LEVEL_INFO, code, format, values);
	va_end(values);
}

void log_debug(int code, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say(LOG_LEVEL_DEBUG, code, format, values);
	va_end(values);
}

void fatal(int code, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say(LOG_LEVEL_ERROR, code, format, values);
	va_end(values);
	exit(EXIT_FAILURE);
}
