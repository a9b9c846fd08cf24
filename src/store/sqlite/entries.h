/* SPDX-License-Identifier: ISC */
/* Audit entries as rows. */
#pragma once

#include "store/audit.h"
#include "store/sqlite/query.h"

#define SELECT_ENTRIES                                                                             \
	"SELECT sequence, at_ns, actor, way, act, object, details, previous, hash FROM audit"

/* Reads such a row; the texts are borrowed until query_next(). ERR_CORRUPT: no entry of ours. */
int entries_read(struct query *query, struct store_audit_entry *ret_entry) must_check;
