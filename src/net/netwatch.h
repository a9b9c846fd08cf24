/* SPDX-License-Identifier: ISC */
/*
 * Hears of changes to this host's addresses and routes, so that a device that moves to another
 * network finds out at once. rtnetlink by libmnl; never blocks; needs no privilege. One thread at a
 * time.
 */
#pragma once

#include "base/attributes.h"

#include <stdbool.h>

struct netwatch;

/*
 * In the network namespace of the calling thread. What concerns the interface of that name alone is
 * not heard of: its routes are our own doing. -errno. Release by netwatch_close().
 */
int netwatch_open(const char *ignored_interface, struct netwatch **ret_watch) must_check;

/* Accepts NULL. */
void netwatch_close(struct netwatch *watch);

/* The descriptor to wait on. */
int netwatch_fd(const struct netwatch *watch);

/* Reads all notices. 1: something has changed; 0: nothing that matters; -errno: hears no more. */
int netwatch_read(struct netwatch *watch) must_check;
