/* SPDX-License-Identifier: ISC */
/* `tacet prove --lab`: the catalogue against hosts on this machine, in namespaces. */
#pragma once

#include "cli/prove_options.h"

/* CLI_REFUSED: a hardened host said something; CLI_FAILED: it could not be seen. */
enum cli_exit prove_lab(const struct cli *cli, const struct prove_options *options);
