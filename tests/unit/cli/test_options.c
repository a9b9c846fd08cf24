/* SPDX-License-Identifier: ISC */
#include "cli/options.h"

#include "cli/capture.h"
#include "tap.h"

#include <stdlib.h>

/* What the command of this test takes: NAME..., one or two, and one option of each kind. */
struct values {
	bool flag;
	const char *text;
	struct options_texts texts;
	uint64_t number, duration;
};

static const struct cli_entry entry = {
	.words = "thing add", .arguments = "NAME [OTHER]", .summary = "add a thing"};
static const struct cli cli = {.entry = &entry};

static bool read(int argc, char **argv, struct values *values, char ***ret_operands)
{
	const struct options_entry entries[] = {
		{"flag", OPTIONS_FLAG, &values->flag, 0},
		{"text", OPTIONS_TEXT, &values->text, 0},
		{"group", OPTIONS_TEXTS, &values->texts, 0},
		{"number", OPTIONS_NUMBER, &values->number, 100},
		{"expires", OPTIONS_DURATION, &values->duration, 3600},
	};
	const struct options_table table = {entries, ARRAY_LENGTH(entries), 1, 2};

	return options_read(&cli, argc, argv, &table, ret_operands);
}

/* A command line; what it gives, or what is said of it. */
static const struct {
	const char *line;
	const char *said; /* NULL: it is fine, and: */
	const char *first, *second, *text;
	size_t texts;
	uint64_t number, duration;
	bool flag;
} rows[] = {
	{.line = "alice", .first = "alice"},
	{.line = "alice bob", .first = "alice", .second = "bob"},
	{.line = "--flag alice", .first = "alice", .flag = true},
	{.line = "alice --flag", .first = "alice", .flag = true},
	{.line = "alice --group a --group=b bob", .first = "alice", .second = "bob", .texts = 2},
	{.line = "alice --text= ", .first = "alice", .text = ""},
	{.line = "alice --text --flag", .first = "alice", .text = "--flag"},
	{.line = "-- --flag", .first = "--flag"},
	{.line = "alice --number 100 --expires 1h",
		.first = "alice",
		.number = 100,
		.duration = 3600},
	{.line = "alice --fl", .first = "alice", .flag = true},
	{.line = "", .said = "something is missing"},
	{.line = "--flag", .said = "something is missing"},
	{.line = "alice bob carol", .said = "what is \"carol\"?"},
	{.line = "alice --grup x", .said = "did you mean --group"},
	{.line = "alice --grup=x", .said = "did you mean --group"},
	{.line = "alice --frobnicate", .said = "\"--frobnicate\" is no option of it"},
	{.line = "alice -x", .said = "\"-x\" is no option"},
	{.line = "alice --text", .said = "--text: its value is missing"},
	{.line = "alice --flag=yes", .said = "no option of it"},
	{.line = "alice --number 101", .said = "--number: found \"101\", expected a number up to"},
	{.line = "alice --number -1", .said = "--number"},
	{.line = "alice --number x", .said = "--number: found \"x\""},
	{.line = "alice --expires 2h", .said = "at most 1 hour"},
	{.line = "alice --expires \x1b[2J", .said = "--expires: found \"\\x1b[2J\""},
};

/* Splits a line at its spaces, with the command's word in front. */
static int split(char *line, char **ret_argv)
{
	int argc = 0;

	ret_argv[argc++] = (char[]){"add"};
	for (char *at = line; *at;) {
		size_t length = strcspn(at, " ");
		bool is_last = at[length] == '\0';
		ret_argv[argc++] = at;
		at[length] = '\0';
		at += length + !is_last;
	}
	ret_argv[argc] = NULL;
	return argc;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void test_row(size_t i)
{
	struct values values = {0};
	struct capture capture;
	char *line = strdup(rows[i].line), word[] = "add";
	char *argv[16], **operands = NULL;
	int argc = split(line, argv);

	argv[0] = word;
	capture_begin(&capture);
	bool held = read(argc, argv, &values, &operands);
	capture_end(&capture);
	if (!rows[i].said) {
		tap_ok(held && same(operands[0], rows[i].first), rows[i].line);
		tap_ok(held && same(operands[1], rows[i].second) &&
				same(values.text, rows[i].text) && values.flag == rows[i].flag &&
				values.texts.count == rows[i].texts &&
				values.number == rows[i].number &&
				values.duration == rows[i].duration,
			"and its values");
	} else {
		bool is_said = !held && strstr(capture.err, rows[i].said) && !*capture.out &&
			       strstr(capture.err, "usage: tacet thing add NAME [OTHER]\n");
		if (!tap_ok(is_said, rows[i].said))
			printf("# got %s\n", capture.err);
	}
	capture_done(&capture);
	free(line);
}

static void test_too_many(void)
{
	struct values values = {0};
	struct capture capture;
	char word[] = "add", option[] = "--group", value[] = "x", name[] = "alice";
	char *argv[2 * OPTIONS_TEXTS_MAX + 5] = {word, name}, **operands;
	int argc = 2;

	for (int i = 0; i < OPTIONS_TEXTS_MAX; i++) {
		argv[argc++] = option;
		argv[argc++] = value;
	}
	tap_ok(read(argc, argv, &values, &operands), "as many as there may be");
	argv[argc++] = option;
	argv[argc++] = value;
	values = (struct values){0};
	capture_begin(&capture);
	bool held = read(argc, argv, &values, &operands);
	capture_end(&capture);
	tap_ok(!held && strstr(capture.err, "at most 64 times"), "and one more");
	capture_done(&capture);
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		test_row(i);
	test_too_many();
	return tap_done();
}
