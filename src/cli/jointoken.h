/* SPDX-License-Identifier: ISC */
/* The token that tacet join is given: as an argument, at stdin, or at a terminal. */
#pragma once

#include "cli/command.h"
#include "control/token.h"

/*
 * Reads it. `operand` is the argument; "-": of stdin; NULL: asks at the terminal, or of stdin where
 * there is none. CLI_OK and *ret_token, which is to be wiped; or what is wrong with it was said on
 * stderr. One that has expired is taken: the clock here may be what is wrong.
 */
enum cli_exit jointoken_read(
	const struct cli *cli, const char *operand, struct token *ret_token) must_check;

/* What is wrong with a token, for people, by what token_parse() gave. Static. */
const char *jointoken_fault(int err);
