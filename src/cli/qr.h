/* SPDX-License-Identifier: ISC */
/* A QR code on a terminal, by half blocks of UTF-8. */
#pragma once

#include "base/attributes.h"

#include <stdio.h>

/*
 * Prints the code of a text; letters are made capital, as the code is a third smaller then, and a
 * token forgives that. On a terminal in black on white whatever its colours. ERR_RANGE: too long.
 */
int qr_print(const char *text, FILE *out) must_check;
