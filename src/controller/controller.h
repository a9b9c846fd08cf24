/* SPDX-License-Identifier: ISC */
/*
 * The control process of a server: the store, the API in three places, the policy compiled to a
 * plan, and what becomes of it. It starts as root, opens what it must, gives up all else, and runs
 * until its channel ends; it is restarted then, and nothing that is in force changes meanwhile.
 */
#pragma once

#include "priv/config.h"

/* The other end of channel_fd, which is consumed, is the parent. Returns an exit code; logs why. */
int controller_run(const struct config *config, int channel_fd);
