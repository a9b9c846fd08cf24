/* SPDX-License-Identifier: ISC */
/*
 * The dead man's switch: a process that belongs to nobody, and calls a function at a time unless
 * what it waits for has gone by then.
 */
#pragma once

#include "base/attributes.h"

#include <stdbool.h>
#include <stdint.h>

struct watcher {
	uint64_t deadline_ns;			/* since the machine started, sleep included */
	bool (*is_wanted)(const void *context); /* asked each second; false: it ends at once */
	void (*act)(const void *context);	/* at the deadline */
	const void *context;
};

/*
 * Starts it: no terminal, no session, no descriptor of ours, no child of ours. Returns when it is
 * there. -errno.
 */
int watcher_start(const struct watcher *watcher) must_check;
