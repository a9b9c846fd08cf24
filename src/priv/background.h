/* SPDX-License-Identifier: ISC */
/* Into the background, but not before all is ready: until then errors reach whoever started us. */
#pragma once

#include "base/attributes.h"

/*
 * Forks. The child returns with a descriptor to say by that it is ready; the parent never returns:
 * it exits with 0 once the child is ready, else with the child's exit code. -errno: no fork.
 */
int background_begin(int *ret_ready) must_check;

/* In the child: lets the parent go, gives up the terminal. Consumes ready. -errno. */
int background_ready(int ready) must_check;
