/* SPDX-License-Identifier: ISC */
#include "cli/text.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	MINUTE_S = 60,
	HOUR_S = 60 * MINUTE_S,
	DAY_S = 24 * HOUR_S,
	ESCAPED_SIZE = 4, /* "\xNN" */
};

/* The largest first. */
static const struct unit {
	uint64_t seconds;
	const char *word;
	char letter; /* as it is written */
} units[] = {
	{DAY_S, "day", 'd'}, {HOUR_S, "hour", 'h'}, {MINUTE_S, "minute", 'm'}, {1, "second", 's'}};

char *text_duration(uint64_t seconds, char ret_text[static TEXT_SIZE])
{
	const struct unit *unit = units;

	while (unit->seconds > 1 && seconds < unit->seconds)
		unit++;
	unsigned long long count = seconds / unit->seconds;
	(void)snprintf(ret_text, TEXT_SIZE, "%llu %s%s", count, unit->word,
		count == 1 ? "" : "s"); /* fits */
	return ret_text;
}

char *text_when(uint64_t at_s, uint64_t now_s, char ret_text[static TEXT_SIZE])
{
	char span[TEXT_SIZE];

	if (at_s == 0)
		(void)snprintf(ret_text, TEXT_SIZE, "never");
	else if (at_s == now_s)
		(void)snprintf(ret_text, TEXT_SIZE, "now");
	else if (at_s > now_s)
		(void)snprintf(ret_text, TEXT_SIZE, "in %.28s", text_duration(at_s - now_s, span));
	else
		(void)snprintf(ret_text, TEXT_SIZE, "%.27s ago", text_duration(now_s - at_s, span));
	return ret_text; /* years of our era fit, others may be cut */
}

char *text_utc(uint64_t at_s, char ret_text[static TEXT_SIZE])
{
	time_t at = (time_t)at_s;
	struct tm parts;

	if (at < 0 || !gmtime_r(&at, &parts) ||
		strftime(ret_text, TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &parts) == 0)
		(void)snprintf(ret_text, TEXT_SIZE, "-");
	return ret_text;
}

char *text_since(uint64_t at_s, uint64_t now_s, char ret_text[static TEXT_SIZE])
{
	return text_duration(now_s > at_s ? now_s - at_s : 0, ret_text);
}

char *text_bytes(uint64_t bytes, char ret_text[static TEXT_SIZE])
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	uint64_t unit = 1024;
	size_t name = 0;

	if (bytes < unit) {
		(void)snprintf(ret_text, TEXT_SIZE, "%u B", (unsigned)bytes);
		return ret_text;
	}
	for (; name + 1 < ARRAY_LENGTH(names) && bytes / unit >= 1024; name++)
		unit *= 1024;
	/* in tenths, rounded down, so that 1023.99 MiB does not read as 1024.0 MiB */
	(void)snprintf(ret_text, TEXT_SIZE, "%u.%u %s", (unsigned)(bytes / unit),
		(unsigned)(bytes % unit * 10 / unit), names[name]);
	return ret_text;
}

int text_read_duration(const char *text, uint64_t greatest_s, uint64_t *ret_seconds)
{
	size_t length = strlen(text);
	uint64_t number;

	if (length < 2)
		return ERR_SYNTAX;
	for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
		if (text[length - 1] != units[i].letter)
			continue;
		int err = number_parse(text, length - 1, greatest_s / units[i].seconds, &number);
		if (err == 0 && number == 0)
			err = ERR_RANGE;
		if (err == 0)
			*ret_seconds = number * units[i].seconds;
		return err;
	}
	return ERR_SYNTAX;
}

char *text_escape(const char *text)
{
	size_t length = strlen(text);
	char *escaped = memory_new(length + 1, ESCAPED_SIZE), *at = escaped;

	for (size_t i = 0; i < length; i++) {
		if (text[i] >= ' ' && text[i] <= '~')
			*at++ = text[i];
		else
			at += snprintf(at, ESCAPED_SIZE + 1, "\\x%02x", (uint8_t)text[i]);
	}
	*at = '\0';
	return escaped;
}

char *text_format(const char *format, ...)
{
	char *text = NULL;
	va_list values;

	va_start(values, format);
	if (vasprintf(&text, format, values) < 0)
		abort();
	va_end(values);
	return text;
}

void text_free(char **text)
{
	free(*text);
}
