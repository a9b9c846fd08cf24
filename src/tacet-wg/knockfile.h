/* SPDX-License-Identifier: ISC */
/*
 * The file of --knock, one a line; what begins with # is a comment:
 *
 *   mode off|preferred|required
 *   accept EPOCH KEY [budgeted]
 *   send EPOCH KEY
 */
#pragma once

#include "base/attributes.h"
#include "engine/engine.h"

/*
 * Sets the knock's part of the change; release by engine_change_done(). -errno; ERR_*: line
 * *ret_line is wrong.
 */
int knockfile_read(const char *path, struct engine_change *change, unsigned *ret_line) must_check;
