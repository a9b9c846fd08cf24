/* SPDX-License-Identifier: ISC */
/* Makes this host (its network namespace) a router, as mediation to other hosts needs it. */
#pragma once

#include "base/attributes.h"

/* 1: it was none before; 0: it was; -errno. */
int forwarding_enable_ipv4(void) must_check;

/*
 * As above. The kernel takes no routes from a router any more once it is one itself, unless told
 * to: interfaces that did go on doing so.
 */
int forwarding_enable_ipv6(void) must_check;
