/* SPDX-License-Identifier: ISC */
#include "cli/harden_options.h"

#include "base/error.h"
#include "base/number.h"

#include <stdio.h>
#include <string.h>

/* Where we are in the words. */
struct reader {
	int argc;
	char **argv;
	int at;
	bool has_verb; /* --confirm and the like were given */
	bool has_set;  /* one of wishes[] was given */
	struct harden_options options;
};

/* Says what is wrong with which option and its value ("": none), and what is right. */
static enum cli_exit wrong(const char *option, const char *value, const char *why)
{
	fprintf(stderr, "tacet: harden: %s%s%s: %s\n" HARDEN_USAGE, option, *value ? " " : "",
		value, why);
	return CLI_USAGE;
}

/* What is wrong with an exception, and how one is written. */
static enum cli_exit wrong_keep(const char *text, int error)
{
	if (error == ERR_UNKNOWN_WORD)
		return wrong("--keep", text, "the protocol is tcp or udp, as in tcp/22");
	if (error == ERR_RANGE)
		return wrong("--keep", text,
			"a port is 1 to 65535, a range goes upwards, a prefix has at most 32 or "
			"128 bits");
	return wrong("--keep", text,
		"it is not written as expected, for example --keep tcp/22 from 192.0.2.0/24");
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
		return wrong("--keep", "", "it needs what to keep, such as tcp/22");
	if (reader->at < reader->argc && strcmp(reader->argv[reader->at], "from") == 0) {
		reader->at++;
		prefix = next_word(reader);
		if (!prefix)
			return wrong("--keep", what, "from where? Such as from 192.0.2.0/24");
	}
	int size = snprintf(
		text, sizeof text, "%s%s%s", what, prefix ? " from " : "", prefix ? prefix : "");
	if (size < 0 || (size_t)size >= sizeof text)
		return wrong_keep(what, ERR_SYNTAX);
	if (options->keep_count == KEEPS_MAX)
		return wrong("--keep", what,
			"there are too many: give ranges of ports, or shorter prefixes");
	int result = keep_parse(text, (size_t)size, &options->keeps[options->keep_count]);
	if (result < 0)
		return wrong_keep(text, result);
	options->keep_count++;
	return CLI_OK;
}

static enum cli_exit read_level(struct reader *reader)
{
	const char *text = next_word(reader);

	if (!text || rules_level_parse(text, &reader->options.level) < 0)
		return wrong("--level", text ? text : "", "it is standard or sealed");
	reader->options.has_level = true;
	return CLI_OK;
}

static enum cli_exit read_engine(struct reader *reader)
{
	const char *text = next_word(reader);

	if (!text || rules_engine_parse(text, &reader->options.engine) < 0)
		return wrong("--engine", text ? text : "", "it is tacet or kernel");
	reader->options.has_engine = true;
	return CLI_OK;
}

static enum cli_exit read_peer(struct reader *reader)
{
	const char *text = next_word(reader);
	struct rules_peers *peers = &reader->options.peers;

	if (peers->count == RULES_PEERS_MAX)
		return wrong("--peer", text ? text : "", "there are too many");
	if (!text || prefix_parse(text, strlen(text), &peers->list[peers->count]) < 0)
		return wrong("--peer", text ? text : "",
			"it needs from where members call, such as 198.51.100.0/24");
	peers->count++;
	return CLI_OK;
}

static enum cli_exit read_neighbour(struct reader *reader)
{
	const char *text = next_word(reader);
	struct address address;

	if (!text || address_parse(text, strlen(text), &address) < 0)
		return wrong("--neighbour", text ? text : "",
			"it needs an address on a link of this host, such as 192.0.2.7");
	if (neighbours_name(&reader->options.neighbours, &address) < 0)
		return wrong("--neighbour", text, "there are too many");
	return CLI_OK;
}

static enum cli_exit read_seconds(struct reader *reader)
{
	const char *text = next_word(reader);
	uint64_t number;

	if (!text || number_parse(text, strlen(text), HARDEN_SECONDS_GREATEST, &number) < 0 ||
		number < HARDEN_SECONDS_LEAST)
		return wrong("--seconds", text ? text : "", "it needs a number from 5 to 86400");
	reader->options.seconds = (unsigned)number;
	return CLI_OK;
}

_Static_assert(
	HARDEN_SECONDS_LEAST == 5 && HARDEN_SECONDS_GREATEST == 86400, "as read_seconds() says");

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
				word, "", "one of --confirm, --undo, --show, --load at a time");
		reader->has_verb = true;
		reader->options.verb = verbs[i].verb;
		return CLI_OK;
	}
	return wrong(word, "", "there is no such option");
}

static enum cli_exit read_sure(struct reader *reader)
{
	reader->options.is_sure = true;
	return CLI_OK;
}

/* Options of what is wanted, where it is applied. */
static const struct {
	const char *word;
	enum cli_exit (*read)(struct reader *reader);
} wishes[] = {
	{"--level", read_level},
	{"--keep", read_keep},
	{"--neighbour", read_neighbour},
	{"--engine", read_engine},
	{"--peer", read_peer},
	{"--seconds", read_seconds},
	{"--yes", read_sure},
};

static enum cli_exit read_option(struct reader *reader, const char *word)
{
	if (strcmp(word, "--force") == 0) {
		reader->options.is_forced = true;
		return CLI_OK;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(wishes); i++)
		if (strcmp(word, wishes[i].word) == 0) {
			reader->has_set = true;
			return wishes[i].read(reader);
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
		return wrong("--level, --keep, --neighbour, --engine, --peer, --seconds, --yes", "",
			"they go with none of --confirm, --undo, --show, --load");
	if (reader.options.is_forced && reader.options.verb != HARDEN_CONFIRM)
		return wrong("--force", "", "it goes with --confirm only");
	*ret_options = reader.options;
	return CLI_OK;
}
