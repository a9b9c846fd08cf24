/* SPDX-License-Identifier: ISC */
#include "client/jsonfile.h"

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "base/memory.h"
#include "client/replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MODE_PRIVATE = 0600,
};

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define AUTO_CLOSE __attribute__((cleanup(close_fd)))

static int open_to_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? ERR_NOT_FOUND : -errno;
	return fd;
}

ssize_t jsonfile_read_bytes(const char *path, char *ret_bytes, size_t room)
{
	AUTO_CLOSE int fd = open_to_read(path);

	return fd < 0 ? fd : descriptor_read(fd, ret_bytes, room);
}

/* The whole file, the caller's. */
static int read_file(const char *path, char **ret_bytes, size_t *ret_size)
{
	struct stat status;
	AUTO_CLOSE int fd = open_to_read(path);

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (status.st_size > JSONFILE_MAX)
		return -EFBIG;
	char *bytes = memory_new((size_t)status.st_size + 1, 1);
	ssize_t size = descriptor_read(fd, bytes, (size_t)status.st_size);
	if (size < 0) {
		free(bytes);
		return (int)size;
	}
	*ret_bytes = bytes;
	*ret_size = (size_t)size;
	return 0;
}

int jsonfile_read(const char *path, json_t **ret_json, int *ret_line)
{
	char *bytes = NULL;
	size_t size = 0;
	json_error_t fault;

	*ret_line = 0;
	int err = read_file(path, &bytes, &size);
	if (!bytes)
		return err;
	json_t *json = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &fault);
	bytes_wipe(bytes, size);
	free(bytes);
	if (!json) {
		*ret_line = fault.line;
		return ERR_SYNTAX;
	}
	*ret_json = json;
	return 0;
}

int jsonfile_write(const char *path, const json_t *json, uid_t uid, gid_t gid)
{
	char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;

	if (!text)
		return -ENOMEM;
	const struct replacement replacement = {
		.path = path,
		.mode = MODE_PRIVATE,
		.uid = uid,
		.gid = gid,
		.bytes = text,
		.size = strlen(text),
	};
	int err = replacement_write(&replacement);
	bytes_wipe(text, replacement.size);
	free(text);
	return err;
}
