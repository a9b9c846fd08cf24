/* SPDX-License-Identifier: ISC */
/*
 * The engine's process: has the private key, the UDP sockets and the TUN device, and nothing else.
 * The parent tells it who it is (MESSAGE_ENGINE_BEGIN) and which peers there are; what others
 * change by wg(8) is put right and reported.
 */
#pragma once

#include "base/attributes.h"
#include "priv/config.h"

enum {
	ENGINEPROCESS_CHECK_MS =
		2000, /* how often the peers are compared with what they should be */
};

/*
 * Begins as root, gives up all that it can, runs until its channel ends or it is told to by
 * SIGTERM. The channel is consumed. An exit code.
 */
int engineprocess_run(const struct config *config, int channel_fd) must_check;
