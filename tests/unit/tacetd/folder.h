/* SPDX-License-Identifier: ISC */
/* A folder of a test's own, which goes when it ends well. Included by one file each. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

/* A path below it; valid until the next call. */
static inline const char *path_of(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name); /* names are short */
	return path;
}

static inline void folder_make(void)
{
	(void)snprintf(folder, sizeof folder, "/tmp/tacet-unit-XXXXXX"); /* fits */
	if (!mkdtemp(folder))
		abort();
}

/* Writes a file of that mode. */
static inline void folder_write(const char *name, const char *content, mode_t mode)
{
	FILE *file = fopen(path_of(name), "we");

	if (!file || fputs(content, file) < 0 || fchmod(fileno(file), mode) < 0 ||
		fclose(file) != 0)
		abort();
}

/* Removes a file of it. */
static inline void folder_clear(const char *name)
{
	if (unlink(path_of(name)) < 0)
		abort();
}

static inline void folder_remove(void)
{
	if (rmdir(folder) < 0)
		abort();
}
