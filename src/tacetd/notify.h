/* SPDX-License-Identifier: ISC */
/* What the service manager wants to know (sd_notify(3)), said without its library. */
#pragma once

/*
 * Sends "READY=1", "STOPPING=1" or the like to $NOTIFY_SOCKET; does nothing where nobody asks, and
 * nobody is told of a failure: the service manager has a limit of its own. Never blocks.
 */
void notify_say(const char *state);
