/* SPDX-License-Identifier: ISC */
#include "cli/file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	STEP = 64 * 1024, /* bytes asked for at once */
};

/* Reads to the end, or one byte more than `most`. */
static int read_all(int fd, size_t most, char **bytes, size_t *ret_size)
{
	size_t size = 0;

	for (;;) {
		*bytes = memory_grow(*bytes, size + STEP + 1, 1);
		ssize_t got = read(fd, *bytes + size, STEP);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		size += (size_t)got;
		if (size > most)
			return -EFBIG;
		if (got == 0)
			break;
	}
	(*bytes)[size] = '\0';
	*ret_size = size;
	return 0;
}

int file_read(const char *path, size_t most, char **ret_bytes, size_t *ret_size)
{
	char *bytes = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int err = read_all(fd, most, &bytes, ret_size);
	(void)close(fd); /* it was read only */
	if (err < 0)
		free(bytes);
	else
		*ret_bytes = bytes;
	return err;
}

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t put = write(fd, bytes, size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		bytes += put;
		size -= (size_t)put;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

int file_write_new(const char *path, const void *bytes, size_t size, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return -errno;
	int err = write_all(fd, bytes, size);
	if (close(fd) < 0 && err == 0)
		err = -errno;
	if (err == 0)
		err = file_sync_folder(path);
	if (err < 0)
		(void)unlink(path); /* that it failed is what is said */
	return err;
}

int file_sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");

	if (!folder)
		abort();
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return -errno;
	int err = fsync(fd) < 0 ? -errno : 0;
	(void)close(fd); /* it was read only */
	return err;
}

int file_act_as(uid_t uid, gid_t gid)
{
	if (setegid(gid) < 0)
		return -errno;
	if (seteuid(uid) < 0) {
		int err = -errno;
		file_act_as_root();
		return err;
	}
	return 0;
}

void file_act_as_root(void)
{
	if (seteuid(0) < 0 || setegid(0) < 0)
		abort(); /* the real user is root: that cannot be */
}
