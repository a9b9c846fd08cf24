/* SPDX-License-Identifier: ISC */
/*
 * A policy file as characters, before it is anything else: valid UTF-8 in which a reader sees
 * what is there, whose lines are those that an editor counts.
 */
#pragma once

#include "policy/fault.h"

/* How many bytes to skip at the beginning: those of a byte order mark, or 0. */
size_t text_skip(const uint8_t *bytes, size_t size);

/*
 * Adds a fault for the first wrong character of each line: bytes that are not UTF-8; tabs, other
 * control characters and line ends than LF and CR LF; marks that change the order in which
 * characters are shown; and directives, for which libyaml takes quadratic time.
 */
void text_check(const uint8_t *bytes, size_t size, struct policy_faults *faults);
