/* SPDX-License-Identifier: ISC */
/*
 * Flows that are there when hardening begins. Conntrack may know nothing of them yet (nobody has
 * needed it), or know as a stranger's what is not kept. Errors may be ignored: the rules do not
 * rest on this.
 */
#pragma once

#include "harden/face.h"

/*
 * Has conntrack know the TCP connections that this host has opened itself, so that they go on.
 * -errno; some may be known then.
 */
int ownflow_remember(const char *tunnel);

/*
 * Forgets the TCP flows that strangers began and that are not kept, so that they do not come back
 * by what this host says next. Of other protocols flows stay known, which is what holds the answers
 * back. -errno.
 */
int ownflow_forget_others(const char *tunnel, const struct rules_faces *inside,
	const struct keep *keeps, size_t keep_count, size_t *ret_count);
