/* SPDX-License-Identifier: ISC */
/*
 * The radar's process: reads packets of strangers, which the kernel samples, and tells the parent
 * who looked, when it is asked. It gives up all else before it has the descriptor; a fault in what
 * reads those bytes finds nothing to hold on to.
 */
#pragma once

#include "base/attributes.h"
#include "priv/config.h"

enum {
	RADARPROCESS_GROUP = 31438, /* 0x7ace: of nfnetlink_log, as the rules of harden/ have it */
	RADARPROCESS_SECOND_MAX = 2000, /* packets that are looked at in one second */
	RADARPROCESS_TURN_MAX = 16,	/* reads before others on the loop have their turn */
	RADARPROCESS_NICE = 19,
};

/*
 * Begins as root, gives up all, runs until its channel ends or it is told to by SIGTERM. The
 * channel is consumed. An exit code.
 */
int radarprocess_run(const struct config *config, int channel_fd) must_check;
