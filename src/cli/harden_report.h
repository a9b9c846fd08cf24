/* SPDX-License-Identifier: ISC */
/* What `tacet harden` says: before it acts, and when it is asked. */
#pragma once

#include "cli/harden_options.h"

/*
 * Prints who can be reached now and what will change. -errno: it could not be looked at, ret_error
 * says more.
 */
int harden_report_plan(const struct harden_place *place, const struct harden_options *options,
	char ret_error[static HARDEN_ERROR_SIZE]) must_check;

/* Prints what is in force. */
void harden_report_state(const struct cli *cli, const struct harden_state *state);
