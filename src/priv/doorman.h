/* SPDX-License-Identifier: ISC */
/*
 * Keeps the door in the kernel where strangers come by: opens it, and attaches it to interfaces as
 * they come, or where somebody has removed it. On a loop; no function blocks.
 */
#pragma once

#include "base/attributes.h"
#include "door/door.h"

#include <uv.h>

struct doorman;

enum {
	DOORMAN_CHECK_MS = 5000, /* between looks whether it is still there */
	DOORMAN_PAUSE_MS = 100,	 /* between two looks that changes ask for */
};

/*
 * Opens the door and attaches it. The errors of door_open() and door_attach(); ret_error has what
 * the kernel said, in words. Release by doorman_close().
 */
int doorman_open(uv_loop_t *loop, const struct door_config *config, struct doorman **ret_doorman,
	char ret_error[static DOOR_ERROR_SIZE]) must_check;

/* The door goes; memory and handles once the loop has run. Accepts NULL. */
void doorman_close(struct doorman *doorman);

/* Borrowed. */
const struct door *doorman_door(const struct doorman *doorman);

/* How many interfaces have it. */
unsigned doorman_count(const struct doorman *doorman);
