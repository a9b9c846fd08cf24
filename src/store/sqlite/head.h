/* SPDX-License-Identifier: ISC */
/* The head of a database file, looked at before SQLite is let near the rest. */
#pragma once

#include "base/attributes.h"

#include <stdbool.h>

/*
 * Whether the file is empty, or has the head of a database of ours; all but its pages' content may
 * be wrong still. ERR_NOT_OURS, -errno.
 */
int head_inspect(const char *path, bool *ret_is_empty) must_check;
