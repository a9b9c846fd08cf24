/* SPDX-License-Identifier: ISC */
#include "tacetd/pidfile.h"

#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
	TEXT_SIZE = 16, /* of a process id, its end of line and zero */
};

/* What the file says; 0: nothing. */
static pid_t read_pid(int fd)
{
	char text[TEXT_SIZE];
	uint64_t number = 0;
	ssize_t size = pread(fd, text, sizeof text, 0);

	if (size <= 0)
		return 0;
	const char *end = memchr(text, '\n', (size_t)size);
	if (!end || number_parse(text, (size_t)(end - text), INT32_MAX, &number) < 0)
		return 0;
	return (pid_t)number;
}

int pidfile_lock(const char *path, int *ret_fd, pid_t *ret_other)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int err = -errno;
		*ret_other = read_pid(fd);
		(void)close(fd); /* nothing was written */
		return err;
	}
	*ret_fd = fd;
	return 0;
}

int pidfile_write(int fd)
{
	char text[TEXT_SIZE];
	int size = snprintf(text, sizeof text, "%d\n", (int)getpid()); /* fits */

	if (ftruncate(fd, 0) < 0)
		return -errno;
	ssize_t written = pwrite(fd, text, (size_t)size, 0);
	if (written < 0)
		return -errno;
	return written == size ? 0 : -ENOSPC;
}
