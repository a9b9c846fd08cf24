/* SPDX-License-Identifier: ISC */
/* Numbers of roles that stay what they are from one compilation to the next; see compile.h. */
#pragma once

#include "policy/compiled_state.h"

/*
 * Gives the rows of `fresh`, whose devices are by id, their numbers, and orders the rows by them.
 */
void numbering_assign(struct policy_compiled *fresh, const struct policy_compiled *previous);
