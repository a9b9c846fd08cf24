/* SPDX-License-Identifier: ISC */
/* Which schema a database has, and how it gets ours. */
#pragma once

#include "store/sqlite/query.h"

enum {
	STORE_APPLICATION_ID = 0x54414354, /* "TACT" */
	STORE_SCHEMA = 5,		   /* the version that this program writes */
};

/*
 * Looks at whose database it is, and changes nothing. ret_version: 0 to STORE_SCHEMA; 0 is an empty
 * file. ERR_NOT_OURS, ERR_NEWER_SCHEMA.
 */
int migrate_inspect(struct store *store, uint64_t *ret_version) must_check;

/*
 * Brings it to version `target`, one transaction a step; the last writes "schema.migrate" to the
 * audit log. Whoever comes second finds it done.
 */
int migrate_run(struct store *store, uint64_t now_ns, unsigned target) must_check;
