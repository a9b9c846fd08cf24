/* SPDX-License-Identifier: ISC */
/*
 * What is said when a request over HTTP is refused: an HTTP status, one of our error codes by name,
 * and a sentence; for a policy also its faults. JSON: docs/api.md. The two ends share this table,
 * so an error reads the same at the CLI as if it had happened there.
 */
#pragma once

#include "base/attributes.h"

#include <jansson.h>
#include <stddef.h>

enum {
	PROBLEM_TEXT_SIZE = 512,
};

struct problem {
	int code;		      /* ERR_*, -errno; 0: unknown to this program */
	unsigned status;	      /* of HTTP */
	char text[PROBLEM_TEXT_SIZE]; /* what failed, on what, why, what to do; printable */
};

/* The HTTP status that an error code is answered with: 404 for ERR_NOT_FOUND, 409 ERR_EXISTS... */
unsigned problem_status(int code);

/* {"error": "ERR_NOT_FOUND", "message": text}. The caller's; never NULL. */
json_t *problem_encode(int code, const char *text);

/* Reads that; what cannot be read becomes a problem of code 0 that says so. */
void problem_decode(unsigned status, const json_t *json, struct problem *ret_problem);
