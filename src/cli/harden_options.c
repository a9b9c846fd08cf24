/* SPDX-License-Identifier: ISC */
#include "cli/harden_options.h"

#include "base/error.h"
#include "base/number.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Where we are in the words. */
struct reader {
	int argc;
	char **argv;
	int at;
	bool has_verb; /* --confirm and the like were given */
	bool has_set;  /* --keep, --seconds or --yes were given */
	struct harden_options options;
};

printf_like(1, 2) static enum cli_exit wrong(const char *format, ...)
{
	va_list values;

	fputs("tacet: harden: ", stderr);
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fputs("\n" HARDEN_USAGE, stderr);
	return CLI_USAGE;
}

/* What is wrong with an exception, and how one is written. */
static enum cli_exit wrong_keep(const char *text, int error)
{
	const char *why = "it is not written as expected";

	if (error == ERR_UNKNOWN_WORD)
		why = "the protocol is tcp or udp";
	else if (error == ERR_RANGE)
		why = "a port is 1 to 65535, a range goes upwards, a prefix has at most 32 or 128 "
		      "bits";
	return wrong("--keep \"%s\": %s; for example --keep tcp/22 from 192.0.2.0/24", text, why);
}

/* The next word, if it is no option. */
static const char *next_word(struct reader *reader)
{
	if (reader->at >= reader->argc || strncmp(reader->argv[reader->at], "--", 2) == 0)
		return NULL;
	return reader->argv[reader->at++];
}

/* "tcp/22", "tcp/22 from PREFIX" as one word or as three. */
static enum cli_exit read_keep(struct reader *reader)
{
	struct harden_options *options = &reader->options;
	char text[2 * KEEP_TEXT_SIZE];

	const char *what = next_word(reader), *prefix = NULL;
	if (!what)
		return wrong("--keep needs what to keep, such as tcp/22");
	if (reader->at < reader->argc && strcmp(reader->argv[reader->at], "from") == 0) {
		reader->at++;
		prefix = next_word(reader);
		if (!prefix)
			return wrong("--keep %s from: from where? Such as 192.0.2.0/24", what);
	}
	int size = snprintf(
		text, sizeof text, "%s%s%s", what, prefix ? " from " : "", prefix ? prefix : "");
	if (size < 0 || (size_t)size >= sizeof text)
		return wrong_keep(what, ERR_SYNTAX);
	if (options->keep_count == KEEPS_MAX)
		return wrong("--keep: more than %d of them; give ranges of ports, or shorter "
			     "prefixes",
			KEEPS_MAX);
	int result = keep_parse(text, (size_t)size, &options->keeps[options->keep_count]);
	if (result < 0)
		return wrong_keep(text, result);
	options->keep_count++;
	return CLI_OK;
}

static enum cli_exit read_seconds(struct reader *reader)
{
	const char *text = next_word(reader);
	uint64_t number;

	if (!text || number_parse(text, strlen(text), HARDEN_SECONDS_GREATEST, &number) < 0 ||
		number < HARDEN_SECONDS_LEAST)
		return wrong("--seconds needs a number from %d to %d", HARDEN_SECONDS_LEAST,
			HARDEN_SECONDS_GREATEST);
	reader->options.seconds = (unsigned)number;
	return CLI_OK;
}

/* Options that are the whole of what is wanted. */
static const struct {
	const char *word;
	enum harden_verb verb;
} verbs[] = {
	{"--confirm", HARDEN_CONFIRM},
	{"--undo", HARDEN_UNDO},
	{"--show", HARDEN_SHOW},
	{"--load", HARDEN_LOAD},
};

static enum cli_exit read_verb(struct reader *reader, const char *word)
{
	for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++) {
		if (strcmp(word, verbs[i].word) != 0)
			continue;
		if (reader->has_verb)
			return wrong(
				"%s: one of --confirm, --undo, --show, --load at a time", word);
		reader->has_verb = true;
		reader->options.verb = verbs[i].verb;
		return CLI_OK;
	}
	return wrong("%s: there is no such option", word);
}

static enum cli_exit read_option(struct reader *reader, const char *word)
{
	if (strcmp(word, "--force") == 0) {
		reader->options.is_forced = true;
		return CLI_OK;
	}
	if (strcmp(word, "--keep") == 0) {
		reader->has_set = true;
		return read_keep(reader);
	}
	if (strcmp(word, "--seconds") == 0) {
		reader->has_set = true;
		return read_seconds(reader);
	}
	if (strcmp(word, "--yes") == 0) {
		reader->has_set = true;
		reader->options.is_sure = true;
		return CLI_OK;
	}
	return read_verb(reader, word);
}

enum cli_exit harden_options_read(int argc, char **argv, struct harden_options *ret_options)
{
	struct reader reader = {
		.argc = argc,
		.argv = argv,
		.at = 1,
		.options = {.verb = HARDEN_APPLY, .seconds = HARDEN_SECONDS},
	};

	while (reader.at < argc) {
		enum cli_exit code = read_option(&reader, argv[reader.at++]);
		if (code != CLI_OK)
			return code;
	}
	if (reader.has_verb && reader.has_set)
		return wrong("--keep, --seconds and --yes go with none of --confirm, --undo, "
			     "--show, --load");
	if (reader.options.is_forced && reader.options.verb != HARDEN_CONFIRM)
		return wrong("--force goes with --confirm only");
	*ret_options = reader.options;
	return CLI_OK;
}
