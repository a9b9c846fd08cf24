/* SPDX-License-Identifier: ISC */
/* The audit log in the database's file, without tacetd, and without changing anything. */
#pragma once

#include "cli/command.h"
#include "store/audit.h"

#include <jansson.h>

/*
 * Verifies it; witness may be NULL. CLI_OK: *ret_answer, the caller's, is as GET /v1/audit/verify
 * answers, whatever was found; else it was said on stderr why not.
 */
enum cli_exit auditfile_verify(const struct cli *cli, const struct store_audit_head *witness,
	json_t **ret_answer) must_check;
