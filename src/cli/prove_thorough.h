/* SPDX-License-Identifier: ISC */
/* `tacet prove --thorough`: the statistical test, and what it says to people. */
#pragma once

#include "cli/prove_options.h"
#include "prover/recorded.h"

/* Runs it; recorded: what may be replayed, NULL: nothing. CLI_REFUSED: the port was told apart. */
enum cli_exit prove_thorough(const struct cli *cli, const struct prove_options *options,
	const struct recorded *recorded);
