/* SPDX-License-Identifier: ISC */
/* A command's options by a table, over getopt_long(3); what is none is an operand. */
#pragma once

#include "cli/command.h"

#include <stddef.h>

enum options_kind {
	OPTIONS_FLAG,	  /* bool: there */
	OPTIONS_TEXT,	  /* const char *: borrowed of argv */
	OPTIONS_TEXTS,	  /* struct options_texts: it may be given more than once */
	OPTIONS_NUMBER,	  /* uint64_t: up to `greatest` */
	OPTIONS_DURATION, /* uint64_t, seconds: "30m", up to `greatest` */
};

enum {
	OPTIONS_TEXTS_MAX = 64,
	OPTIONS_MAX = 40, /* in one table */
};

struct options_texts {
	const char *texts[OPTIONS_TEXTS_MAX];
	size_t count;
};

struct options_entry {
	const char *name; /* without its two hyphens */
	enum options_kind kind;
	void *ret; /* where its value goes; untouched if it is not given */
	uint64_t greatest;
};

struct options_table {
	const struct options_entry *entries;
	size_t count;
	int least, most; /* operands */
};

/*
 * Reads a command's arguments; *ret_operands is in argv, and NULL stands behind the last. False:
 * they are wrong, which was said on stderr; the command ends with CLI_USAGE.
 */
bool options_read(const struct cli *cli, int argc, char **argv, const struct options_table *table,
	char ***ret_operands) must_check;

/* Says on stderr what is wrong with a command line, and how it is called. Gives CLI_USAGE. */
enum cli_exit options_refuse(const struct cli *cli, const char *format, ...) printf_like(2, 3);
