/* SPDX-License-Identifier: ISC */
#include "cli/help.h"

#include "cli/text.h"
#include "policy/near.h"

#include <string.h>

enum {
	WORDS_COLUMN = 20, /* where summaries begin; likewise behind calls: */
	CALL_COLUMN = 40,  /* longer ones get a line of their own */
};

static const struct {
	enum cli_exit code;
	const char *meaning;
} exit_codes[] = {
	{CLI_OK, "done"},
	{CLI_FAILED, "it was tried, and failed or was refused"},
	{CLI_USAGE, "the command line is wrong; nothing was done"},
	{CLI_NOT_RUNNING, "tacetd does not answer, or this is not a host of a network yet"},
	{CLI_NOT_ALLOWED, "not root"},
	{CLI_REFUSED, "refused by the policy, a check or a verification: the answer is no"},
	{CLI_SILENT, "the gateway does not answer"},
};

static const char common_options[] =
	"common options:\n"
	"      --config FILE  the configuration (default: $TACET_CONFIG, or " CONFIG_PATH ")\n"
	"      --json         print JSON for programs\n"
	"  -h, --help         what there is; tacet COMMAND --help: one command\n"
	"  -V, --version      the version\n";

/* Whether argv begins with the words, which are parted by one space; how many they are. */
static bool begins_with(int argc, char *const *argv, const char *words, int *ret_count)
{
	int count = 0;

	for (;; count++) {
		size_t length = strcspn(words, " ");
		if (count == argc || strlen(argv[count]) != length ||
			strncmp(argv[count], words, length) != 0)
			return false;
		words += length;
		if (*words == '\0')
			break;
		words++;
	}
	*ret_count = count + 1;
	return true;
}

const struct cli_entry *help_find(
	const struct cli_entry *table, int argc, char *const *argv, int *ret_count)
{
	const struct cli_entry *found = NULL;
	int longest = 0, count;

	for (const struct cli_entry *entry = table; entry->words; entry++) {
		if (begins_with(argc, argv, entry->words, &count) && count > longest) {
			found = entry;
			longest = count;
		}
	}
	if (found)
		*ret_count = longest;
	return found;
}

/* Whether an entry is of the family, the word alone included. */
static bool is_of(const struct cli_entry *entry, const char *word)
{
	size_t length = strlen(word);

	return strncmp(entry->words, word, length) == 0 &&
	       (entry->words[length] == ' ' || entry->words[length] == '\0');
}

bool help_is_family(const struct cli_entry *table, const char *word)
{
	for (const struct cli_entry *entry = table; entry->words; entry++) {
		if (is_of(entry, word) && entry->words[strlen(word)] == ' ')
			return true;
	}
	return false;
}

const struct cli_entry *help_nearest(const struct cli_entry *table, int argc, char *const *argv)
{
	AUTO_TEXT char *both =
		text_format("%s%s%s", argv[0], argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
	struct near near = near_begin(both, strlen(both));
	struct near first = near_begin(argv[0], strlen(argv[0]));

	for (const struct cli_entry *entry = table; entry->words; entry++) {
		near_offer(&near, entry->words);
		near_offer(&first, entry->words); /* one word, and what follows is an operand */
	}
	const char *words = near.found ? near.found : first.found;
	for (const struct cli_entry *entry = table; words && entry->words; entry++) {
		if (entry->words == words)
			return entry;
	}
	return NULL;
}

static void print_call(const struct cli_entry *entry, FILE *out)
{
	AUTO_TEXT char *call = text_format("%s %s", entry->words, entry->arguments);
	int length = (int)strlen(call);

	if (length < CALL_COLUMN)
		(void)fprintf(out, "  %-*s %s\n", CALL_COLUMN, call, entry->summary);
	else
		(void)fprintf(out, "  %s\n  %-*s %s\n", call, CALL_COLUMN, "", entry->summary);
}

void help_print_all(const struct cli_entry *table, FILE *out)
{
	(void)fputs("tacet: a network that does not talk to strangers\n\n"
		    "usage: tacet [--config FILE] [--json] COMMAND ...\n\ncommands:\n",
		out);
	for (const struct cli_entry *entry = table; entry->words; entry++)
		(void)fprintf(out, "  %-*s %s\n", WORDS_COLUMN, entry->words, entry->summary);
	(void)fprintf(out, "\n%s\nexit codes:\n", common_options);
	for (size_t i = 0; i < ARRAY_LENGTH(exit_codes); i++)
		(void)fprintf(out, "  %d  %s\n", (int)exit_codes[i].code, exit_codes[i].meaning);
	(void)fputs("\nSee tacet(1).\n", out);
}

void help_print_family(const struct cli_entry *table, const char *word, FILE *out)
{
	(void)fprintf(out, "usage: tacet %s ...\n\n", word);
	for (const struct cli_entry *entry = table; entry->words; entry++) {
		if (is_of(entry, word))
			print_call(entry, out);
	}
	(void)fprintf(out, "\ntacet %s COMMAND --help says more. See tacet(1).\n", word);
}

void help_print_entry(const struct cli_entry *entry, FILE *out)
{
	(void)fprintf(out, "usage: tacet %s%s%s\n\n%s.\n\n", entry->words,
		*entry->arguments ? " " : "", entry->arguments, entry->summary);
	if (entry->options)
		(void)fprintf(out, "options:\n%s\n", entry->options);
	(void)fprintf(out, "%s\nSee tacet(1).\n", common_options);
}
