/* SPDX-License-Identifier: ISC */
#include "cli/options.h"

#include "base/log.h"
#include "base/number.h"
#include "cli/text.h"
#include "policy/fault.h"
#include "policy/near.h"

#include <assert.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_VALUE =
		256, /* that getopt_long() gives for the first of a table; the others follow */
};

enum cli_exit options_refuse(const struct cli *cli, const char *format, ...)
{
	AUTO_TEXT char *text = NULL;
	va_list values;

	va_start(values, format);
	if (vasprintf(&text, format, values) < 0)
		abort();
	va_end(values);
	log_err(0, "%s: %s", cli->entry->words, text);
	(void)fprintf(stderr, "usage: tacet %s%s%s\n       tacet %s --help says more\n",
		cli->entry->words, *cli->entry->arguments ? " " : "", cli->entry->arguments,
		cli->entry->words);
	return CLI_USAGE;
}

/* What is not known, and what may have been meant. */
static void refuse_unknown(
	const struct cli *cli, const struct options_table *table, const char *word)
{
	const char *name = word + strspn(word, "-");
	struct near near = near_begin(name, strcspn(name, "="));

	for (size_t i = 0; i < table->count; i++)
		near_offer(&near, table->entries[i].name);
	(void)options_refuse(cli, "%s is no option of it%s%s", policy_show(word, strlen(word)).text,
		near.found ? "; did you mean --" : "", near.found ? near.found : "");
}

static bool set_number(const struct cli *cli, const struct options_entry *entry, const char *text)
{
	if (number_parse(text, strlen(text), entry->greatest, entry->ret) == 0)
		return true;
	(void)options_refuse(cli, "--%s: found %s, expected a number up to %llu", entry->name,
		policy_show(text, strlen(text)).text, (unsigned long long)entry->greatest);
	return false;
}

static bool set_duration(const struct cli *cli, const struct options_entry *entry, const char *text)
{
	char greatest[TEXT_SIZE];

	if (text_read_duration(text, entry->greatest, entry->ret) == 0)
		return true;
	(void)options_refuse(cli,
		"--%s: found %s, expected a time as 90s, 30m, 1h or 2d, at most %s", entry->name,
		policy_show(text, strlen(text)).text, text_duration(entry->greatest, greatest));
	return false;
}

static bool add_text(const struct cli *cli, const struct options_entry *entry, const char *text)
{
	struct options_texts *texts = entry->ret;

	if (texts->count == OPTIONS_TEXTS_MAX) {
		(void)options_refuse(cli, "--%s: at most %d times", entry->name, OPTIONS_TEXTS_MAX);
		return false;
	}
	texts->texts[texts->count++] = text;
	return true;
}

static bool set(const struct cli *cli, const struct options_entry *entry, const char *text)
{
	switch (entry->kind) {
	case OPTIONS_FLAG:
		*(bool *)entry->ret = true;
		return true;
	case OPTIONS_TEXT:
		*(const char **)entry->ret = text;
		return true;
	case OPTIONS_TEXTS:
		return add_text(cli, entry, text);
	case OPTIONS_NUMBER:
		return set_number(cli, entry, text);
	case OPTIONS_DURATION:
		return set_duration(cli, entry, text);
	}
	return false;
}

/* The table as getopt_long() wants it. */
static void translate(const struct options_table *table, struct option ret_long[OPTIONS_MAX + 1])
{
	assert(table->count <= OPTIONS_MAX);
	for (size_t i = 0; i < table->count; i++) {
		bool is_flag = table->entries[i].kind == OPTIONS_FLAG;
		ret_long[i] = (struct option){
			.name = table->entries[i].name,
			.has_arg = is_flag ? no_argument : required_argument,
			.val = FIRST_VALUE + (int)i,
		};
	}
	ret_long[table->count] = (struct option){0};
}

static bool read_one(
	const struct cli *cli, const struct options_table *table, int option, const char *word)
{
	if (option >= FIRST_VALUE)
		return set(cli, &table->entries[option - FIRST_VALUE], optarg);
	if (option == ':')
		(void)options_refuse(cli, "%s: its value is missing", word);
	else
		refuse_unknown(cli, table, word);
	return false;
}

bool options_read(const struct cli *cli, int argc, char **argv, const struct options_table *table,
	char ***ret_operands)
{
	struct option long_options[OPTIONS_MAX + 1];
	int option;

	translate(table, long_options);
	optind = 0; /* begin anew: main() has read options, too */
	while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		if (!read_one(cli, table, option, argv[optind - 1]))
			return false;
	}
	if (argc - optind < table->least) {
		(void)options_refuse(cli, "something is missing");
		return false;
	}
	if (argc - optind > table->most) {
		const char *extra = argv[optind + table->most];
		(void)options_refuse(cli, "what is %s?", policy_show(extra, strlen(extra)).text);
		return false;
	}
	*ret_operands = argv + optind;
	return true;
}
