/* SPDX-License-Identifier: ISC */
/* What of the knock tacet status says, too. */
#pragma once

#include "cli/grid.h"

#include <jansson.h>

#include <stdint.h>

/* Two rows: the mode, and the keys. `knock` as docs/api.md has it. */
void knock_add(struct grid *grid, const json_t *knock, uint64_t now_s);
