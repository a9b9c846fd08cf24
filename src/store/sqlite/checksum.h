/* SPDX-License-Identifier: ISC */
/*
 * A checksum in each page of a database file, so that a disk that lies is found where its pages are
 * read, and never believed: SQLite's own checks do not see a bit that flips within a value. It
 * stands between SQLite and its way to the files, as a VFS; see docs/decisions/page-checksums.md.
 */
#pragma once

#include "base/attributes.h"

#include <sqlite3.h>

/* The name to open files by. */
#define CHECKSUM_VFS "tacet"

enum {
	CHECKSUM_PAGE_SIZE = 4096, /* of all pages of all our files */
	CHECKSUM_SIZE = 8,	   /* at the end of each, reserved */
};

/* Makes the VFS known; once is enough, more is fine. ERR_DATABASE. Any thread. */
int checksum_register(void) must_check;

/* Has a database that is empty yet keep room in its pages. ERR_DATABASE. */
int checksum_reserve(sqlite3 *handle) must_check;
