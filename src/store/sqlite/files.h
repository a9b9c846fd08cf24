/* SPDX-License-Identifier: ISC */
/* The files that a database is, as a whole: put in place, set aside, kept from others. */
#pragma once

#include "base/attributes.h"

/* A path with a suffix; free(), or AUTO_PATH. Aborts where there is no memory. */
char *files_beside(const char *path, const char *suffix)
	__attribute__((returns_nonnull, warn_unused_result));
void files_free(char **path);

#define AUTO_PATH __attribute__((cleanup(files_free)))

/* Removes a database with what SQLite keeps beside it; none there is fine. -errno. */
int files_remove(const char *path) must_check;

/* As that, after a failure that matters more than another. */
void files_discard(const char *path);

/* Puts a file in place of another, durably. -errno. */
int files_replace(const char *fresh, const char *path) must_check;

/* Makes what is at `path` known as `former` too, and takes away what is beside it. -errno. */
int files_set_aside(const char *path, const char *former) must_check;

/*
 * Keeps every SQLite from the database, also from a damaged one, until files_unlock(). Nothing
 * there is fine. ERR_LOCKED: somebody has it open; -errno.
 */
int files_lock(const char *path, int *ret_lock) must_check;

/* Accepts -1. */
void files_unlock(int lock);
