/* SPDX-License-Identifier: ISC */
/* Questions to a person at a terminal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum prompt_answer {
	PROMPT_YES,
	PROMPT_NO,
	PROMPT_NOBODY, /* there is no terminal to ask at */
};

/* Asks "question [y/N] "; all but y and yes is no. */
enum prompt_answer prompt_confirm(const char *question);

/* Asks for a line; false where there is no terminal, none came or it did not fit. */
bool prompt_line(const char *question, char *ret_line, size_t size);
