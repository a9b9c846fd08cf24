/* SPDX-License-Identifier: ISC */
#include "engine/userspace/timestampfile.h"

#include "base/error.h"
#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CONTENT_MAX = 21, /* 20 digits and a line end */
};

/* The year 2262: no clock was ever there, and what is added to it does not wrap. */
#define LIMIT_MAX_NS ((uint64_t)INT64_MAX)

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define AUTO_CLOSE __attribute__((cleanup(close_fd)))

int timestampfile_set_key(
	struct timestampfile *file, const uint8_t public_key[static NOISE_KEY_SIZE])
{
	char name[2 * NOISE_KEY_SIZE + 1];
	char *path = NULL;

	hex_format(public_key, NOISE_KEY_SIZE, name);
	if (asprintf(&path, "%s/timestamps/%s", file->directory, name) < 0)
		return -ENOMEM;
	timestampfile_done(file);
	file->path = path;
	return 0;
}

void timestampfile_done(struct timestampfile *file)
{
	free(file->path);
	file->path = NULL;
}

int timestampfile_load(const struct timestampfile *file, uint64_t *ret_limit_ns)
{
	char content[CONTENT_MAX + 1];
	AUTO_CLOSE int fd = open(file->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		*ret_limit_ns = 0;
		return 0;
	}
	if (fd < 0)
		return -errno;
	ssize_t size = read(fd, content, sizeof content);
	if (size < 0)
		return -errno;
	if (size < 2 || content[size - 1] != '\n')
		return ERR_SYNTAX;
	return number_parse(content, (size_t)size - 1, LIMIT_MAX_NS, ret_limit_ns);
}

/* Opens the directory of the files; made where it is not there. The descriptor or -errno. */
static int open_directory(const struct timestampfile *file)
{
	char path[PATH_MAX];
	int size = snprintf(path, sizeof path, "%s/timestamps", file->directory);

	if (size < 0 || (size_t)size >= sizeof path)
		return -ENAMETOOLONG;
	if (mkdir(file->directory, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Writes all of it, or fails. */
static int write_file(int directory, const char *name, const char *content, size_t size)
{
	AUTO_CLOSE int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	ssize_t written = write(fd, content, size);
	if (written < 0)
		return -errno;
	if ((size_t)written != size)
		return -ENOSPC;
	return fsync(fd) < 0 ? -errno : 0;
}

int timestampfile_store(const struct timestampfile *file, uint64_t limit_ns)
{
	char content[CONTENT_MAX + 1];
	char fresh[2 * NOISE_KEY_SIZE + sizeof ".new"];
	const char *name = strrchr(file->path, '/') + 1;
	int size = snprintf(content, sizeof content, "%llu\n", (unsigned long long)limit_ns);

	AUTO_CLOSE int directory = open_directory(file);
	if (directory < 0)
		return directory;
	(void)snprintf(fresh, sizeof fresh, "%s.new", name); /* the name has a known length */
	int err = write_file(directory, fresh, content, (size_t)size);
	if (err < 0)
		return err;
	if (renameat(directory, fresh, directory, name) < 0)
		return -errno;
	return fsync(directory) < 0 ? -errno : 0;
}
