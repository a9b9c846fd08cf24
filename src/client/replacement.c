/* SPDX-License-Identifier: ISC */
#include "client/replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int replacement_fill(int fd, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	for (size_t at = 0; at < size;) {
		ssize_t written = pwrite(fd, from + at, size - at, (off_t)at);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		at += (size_t)written;
	}
	if (ftruncate(fd, (off_t)size) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

/* The owner first: a change of it may take mode bits away. A confined process may not even ask. */
static int fill(int fd, const struct replacement *replacement)
{
	bool is_given_away = replacement->uid != (uid_t)-1 || replacement->gid != (gid_t)-1;

	if (is_given_away && fchown(fd, replacement->uid, replacement->gid) < 0)
		return -errno;
	if (fchmod(fd, replacement->mode) < 0)
		return -errno;
	return replacement_fill(fd, replacement->bytes, replacement->size);
}

/* Makes the new name last over a power failure. */
static int sync_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');

	(void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1,
		slash ? path : ".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int err = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return err;
}

int replacement_write(const struct replacement *replacement)
{
	char beside[PATH_MAX];
	int length =
		snprintf(beside, sizeof beside, "%s.tacet-%d", replacement->path, (int)getpid());

	if (length < 0 || (size_t)length >= sizeof beside)
		return -ENAMETOOLONG;
	(void)unlink(beside); /* of a process that died and had our number */
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	int err = fill(fd, replacement);
	close(fd);
	if (err == 0 && rename(beside, replacement->path) < 0)
		err = -errno;
	if (err < 0) {
		(void)unlink(beside); /* the error is that of before */
		return err;
	}
	return sync_folder(replacement->path);
}
