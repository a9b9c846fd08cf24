/* SPDX-License-Identifier: ISC */
/* Parts of store_open() that backups need too. */
#pragma once

#include "store/sqlite/query.h"

/*
 * A connection with our settings, to a file with our head or, STORE_CREATE, an empty one; its pages
 * are not looked at yet. Release by store_close(). ERR_NOT_OURS, -errno, those of store.h.
 */
int open_connection(const char *path, enum store_mode mode, struct store **ret_store) must_check;

/* Whether pages, tables and rows are as they have to be. ERR_CORRUPT. */
enum open_check {
	OPEN_CHECK_QUICK, /* all but what indices say */
	OPEN_CHECK_FULL,
};
int open_check(struct store *store, enum open_check check) must_check;

/* Makes an empty file, mode 0600, that is not there yet. -errno. */
int open_make_file(const char *path) must_check;
