/* SPDX-License-Identifier: ISC */
#include "store/sqlite/files.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	/* fileformat of SQLite, "locking byte page"; who has a WAL database open holds a read lock
	 */
	LOCKS_BEGIN = 0x40000000,
	LOCKS_SIZE = 512,
};

static const char *const companions[] = {"-wal", "-shm", "-journal"};

char *files_beside(const char *path, const char *suffix)
{
	char *beside = NULL;

	if (asprintf(&beside, "%s%s", path, suffix) < 0)
		abort();
	return beside;
}

void files_free(char **path)
{
	free(*path);
}

static int unlink_if_there(const char *path)
{
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* Removes the WAL and its kin: left behind, they would be taken for the next database's. */
static int remove_companions(const char *path)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < ARRAY_LENGTH(companions); i++) {
		AUTO_PATH char *beside = files_beside(path, companions[i]);
		err = unlink_if_there(beside);
	}
	return err;
}

int files_remove(const char *path)
{
	int err = remove_companions(path);

	return err < 0 ? err : unlink_if_there(path);
}

void files_discard(const char *path)
{
	int err = files_remove(path);

	(void)err; /* what stays will be removed by the next attempt */
}

/* Makes a file's content, or a directory's names, durable. */
static int sync_path(const char *path, int flags)
{
	int fd = open(path, flags | O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int err = fsync(fd) < 0 ? -errno : 0;
	(void)close(fd); /* it was read only */
	return err;
}

int files_replace(const char *fresh, const char *path)
{
	AUTO_PATH char *copy = files_beside(path, ""); /* dirname() writes into it */
	int err = sync_path(fresh, 0);

	if (err < 0)
		return err;
	if (rename(fresh, path) < 0)
		return -errno;
	return sync_path(dirname(copy), O_DIRECTORY);
}

int files_set_aside(const char *path, const char *former)
{
	int err = unlink_if_there(former);

	if (err < 0)
		return err;
	if (link(path, former) < 0 && errno != ENOENT)
		return -errno;
	return remove_companions(path);
}

int files_lock(const char *path, int *ret_lock)
{
	struct flock range = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = LOCKS_BEGIN,
		.l_len = LOCKS_SIZE,
	};
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &range) < 0) {
		int err = errno == EAGAIN || errno == EACCES ? ERR_LOCKED : -errno;
		(void)close(fd); /* nothing was written */
		return err;
	}
	*ret_lock = fd;
	return 0;
}

void files_unlock(int lock)
{
	if (lock >= 0)
		(void)close(lock); /* nothing was written */
}
