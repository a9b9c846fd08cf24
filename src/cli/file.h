/* SPDX-License-Identifier: ISC */
/* Whole files, and folders, and as whom they are made. */
#pragma once

#include "base/attributes.h"

#include <stddef.h>
#include <sys/types.h>

/* Reads at most `most` bytes; the caller frees *ret_bytes, which have a zero behind them. -errno;
 * -EFBIG. */
int file_read(const char *path, size_t most, char **ret_bytes, size_t *ret_size) must_check;

/* Writes a new file, durably; removes it where it fails. -EEXIST; -errno. */
int file_write_new(const char *path, const void *bytes, size_t size, mode_t mode) must_check;

/* Makes the names in the folder that holds `path` durable. -errno. */
int file_sync_folder(const char *path) must_check;

/* The effective user from now on, so that files belong to it; then root again. -errno. */
int file_act_as(uid_t uid, gid_t gid) must_check;
void file_act_as_root(void);
