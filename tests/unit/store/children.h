/* SPDX-License-Identifier: ISC */
/* Children of a test, which begin together and tell one number each. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

enum {
	CHILDREN_MOST = 20,
};

/* Runs in a child, with its number; what it returns is told, if it is 0 to 255. */
typedef int children_work(void *context, int number);

/* Starts `count` children, lets them begin at once, and waits for all. ret_results: -1: it died. */
void children_run(int count, children_work *work, void *context, int ret_results[]);
