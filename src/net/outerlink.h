/* SPDX-License-Identifier: ISC */
/*
 * The interfaces by which strangers come: all but loopback, the tunnel, and ports of a bridge, bond
 * or team, whose packets are seen again at their master. rtnetlink, in the network namespace of the
 * calling thread; needs no privilege.
 */
#pragma once

#include "base/attributes.h"

#include <stdint.h>

enum {
	OUTERLINKS_MAX = 1024, /* more are left out, and that is an error */
};

struct outerlink {
	unsigned index;
	uint16_t type; /* ARPHRD_ETHER and the like */
};

/* All but the interface of this name. How many; -ENOSPC, -errno. */
int outerlink_list(const char *ignored_interface,
	struct outerlink ret_links[static OUTERLINKS_MAX]) must_check;
