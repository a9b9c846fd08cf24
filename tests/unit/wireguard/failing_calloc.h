/* SPDX-License-Identifier: ISC */
/*
 * Lets calloc() fail when a test wants it to. Included by a test program before the source that
 * it tests, which it includes too, so that no other calls are concerned.
 */
#pragma once

#include <stdlib.h>

enum {
	CALLOCS_UNLIMITED = -1,
};

/* How many calls still succeed. */
static int callocs_left = CALLOCS_UNLIMITED;

static inline void *failing_calloc(size_t count, size_t size)
{
	if (callocs_left == 0)
		return NULL;
	if (callocs_left > 0)
		callocs_left--;
	return calloc(count, size);
}

#define calloc failing_calloc
