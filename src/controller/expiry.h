/* SPDX-License-Identifier: ISC */
/*
 * One-time keys go: those of expired invites at once, those of redeemed ones EXPIRY_LINGER_MS after
 * that, so that the new device has the answer, and may ask for it again where it was lost. All are
 * out of the engine two seconds after their end.
 */
#pragma once

#include "controller/state.h"

enum {
	EXPIRY_LINGER_MS = 1000,
	EXPIRY_LONGEST_MS = 1500, /* where it is not answered yet */
};

void expiry_init(struct controller *controller);
void expiry_done(struct controller *controller);

/* Invites have come, were redeemed or have gone: looks what is next. */
void expiry_set(struct controller *controller);
