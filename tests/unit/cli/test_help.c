/* SPDX-License-Identifier: ISC */
#include "cli/help.h"

#include "cli/table.h"
#include "tap.h"

#include <stdlib.h>

static const struct cli_entry table[] = {
	{.words = "init", .arguments = "", .summary = "begin"},
	{.words = "user add", .arguments = "NAME", .summary = "add a user"},
	{.words = "user list", .arguments = "", .summary = "list users"},
	{.words = "invite", .arguments = "USER", .summary = "print a token"},
	{.words = "invite list", .arguments = "", .summary = "list invites"},
	{0},
};

/* Words; the entry that they begin with, and the one that is nearest where there is none. */
static const struct {
	const char *words[4];
	const char *found;
	int count;
	const char *nearest;
} rows[] = {
	{{"init"}, "init", 1, NULL},
	{{"user", "add", "alice"}, "user add", 2, NULL},
	{{"invite", "alice"}, "invite", 1, NULL},
	{{"invite", "list"}, "invite list", 2, NULL},
	{{"invite", "--", "list"}, "invite", 1, NULL},
	{{"invite"}, "invite", 1, NULL},
	{{"user"}, NULL, 0, NULL},
	{{"user", "ad", "alice"}, NULL, 0, "user add"},
	{{"usr", "list"}, NULL, 0, "user list"},
	{{"invitee", "alice"}, NULL, 0, "invite"},
	{{"intit"}, NULL, 0, "init"},
	{{"frobnicate"}, NULL, 0, NULL},
	{{"ini"}, NULL, 0, "init"},
	{{"inits"}, NULL, 0, "init"},
	{{""}, NULL, 0, NULL},
};

/* As argv, which may be written to. */
static int copy(const char *const words[4], char *ret_argv[5])
{
	int argc = 0;

	for (; argc < 4 && words[argc]; argc++)
		ret_argv[argc] = strdup(words[argc]);
	ret_argv[argc] = NULL;
	return argc;
}

static bool is_entry(const struct cli_entry *entry, const char *words)
{
	return words ? entry && strcmp(entry->words, words) == 0 : !entry;
}

static void test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		char *argv[5];
		int argc = copy(rows[i].words, argv), count = 0;
		const struct cli_entry *found = help_find(table, argc, argv, &count);

		tap_ok(is_entry(found, rows[i].found) && count == rows[i].count, rows[i].words[0]);
		if (!found && !help_is_family(table, argv[0]) && argc > 0)
			tap_ok(is_entry(help_nearest(table, argc, argv), rows[i].nearest),
				"and what is near");
		for (int j = 0; j < argc; j++)
			free(argv[j]);
	}
	tap_ok(help_is_family(table, "user"), "a family");
	tap_ok(help_is_family(table, "invite"), "a family whose word is a command, too");
	tap_ok(!help_is_family(table, "init"), "a command is none");
	tap_ok(!help_is_family(table, "use"), "part of a word is none");
}

static char *printed(const char *word)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (word)
		help_print_family(table, word, out);
	else
		help_print_all(table_commands, out);
	(void)fclose(out);
	return text;
}

/* All of the real table, in lines that fit a terminal. */
static void test_all(void)
{
	char *text = printed(NULL);
	size_t longest = 0;

	for (const struct cli_entry *entry = table_commands; entry->words; entry++) {
		tap_ok(strstr(text, entry->words) && strstr(text, entry->summary), entry->words);
		tap_ok(entry->run != NULL && entry->arguments != NULL, "and it can be run");
	}
	for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
		size_t length = strcspn(at, "\n");
		longest = length > longest ? length : longest;
	}
	tap_ok(longest <= 100, "no line is longer than 100 columns");
	free(text);
}

int main(void)
{
	test_rows();
	test_all();
	char *family = printed("user");
	tap_ok(strstr(family, "user add NAME") && strstr(family, "user list") &&
			!strstr(family, "invite") && !strstr(family, "init"),
		"a family lists its own");
	free(family);
	return tap_done();
}
