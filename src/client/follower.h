/* SPDX-License-Identifier: ISC */
/*
 * The control process of a device: follows the controller's netmap, has the parent put it in force,
 * and says by the local socket how things stand. When the controller is silent it goes on with what
 * it has.
 */
#pragma once

#include "base/attributes.h"
#include "priv/config.h"

/*
 * Begins as root, gives up what it can, runs until its channel ends. The channel is consumed. An
 * exit code.
 */
int follower_run(const struct config *config, int channel_fd) must_check;
