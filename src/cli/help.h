/* SPDX-License-Identifier: ISC */
/* What --help prints, and which command is meant. Tables of commands end with an entry of zeros. */
#pragma once

#include "cli/command.h"

#include <stdio.h>

/*
 * The entry whose words argv begins with; of "invite" and "invite list" the longer. NULL: none.
 * *ret_count: how many words that are.
 */
const struct cli_entry *help_find(
	const struct cli_entry *table, int argc, char *const *argv, int *ret_count);

/* Whether commands begin with this word and go on: "user". */
bool help_is_family(const struct cli_entry *table, const char *word);

/* The entry whose words are nearest to those of argv; NULL: none is near. */
const struct cli_entry *help_nearest(const struct cli_entry *table, int argc, char *const *argv);

/* All commands, common options and exit codes. */
void help_print_all(const struct cli_entry *table, FILE *out);

/* Those that begin with a word. */
void help_print_family(const struct cli_entry *table, const char *word, FILE *out);

/* One command. */
void help_print_entry(const struct cli_entry *entry, FILE *out);
