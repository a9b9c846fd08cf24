/* SPDX-License-Identifier: ISC */
/* All commands of tacet, in the order in which --help lists them; zeros end the table. */
#pragma once

#include "cli/command.h"

extern const struct cli_entry table_commands[];
