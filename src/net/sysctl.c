/* SPDX-License-Identifier: ISC */
#include "net/sysctl.h"

#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	NUMBER_TEXT_SIZE = 24, /* a number, a newline and a zero */
};

/* Opens the file of a path. -errno. */
static int open_at(const char *path, int flags)
{
	char full[PATH_MAX];

	int size = snprintf(full, sizeof full, "/proc/sys/net/%s", path);
	if (size < 0 || (size_t)size >= sizeof full)
		return -ENAMETOOLONG;
	int fd = open(full, flags | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int sysctl_read(const char *path, uint32_t *ret_number)
{
	char text[NUMBER_TEXT_SIZE];
	uint64_t number;
	int fd = open_at(path, O_RDONLY);

	if (fd < 0)
		return fd;
	ssize_t size = read(fd, text, sizeof text);
	int result = size < 0 ? -errno : 0;
	(void)close(fd); /* nothing was written */
	if (result < 0)
		return result;
	if (size > 0 && text[size - 1] == '\n')
		size--;
	result = number_parse(text, (size_t)size, UINT32_MAX, &number);
	if (result < 0)
		return result;
	*ret_number = (uint32_t)number;
	return 0;
}

int sysctl_write(const char *path, uint32_t number)
{
	char text[NUMBER_TEXT_SIZE];
	uint32_t old;

	int result = sysctl_read(path, &old);
	if (result < 0 || old == number)
		return result;
	int fd = open_at(path, O_WRONLY);
	if (fd < 0)
		return fd;
	int size = snprintf(text, sizeof text, "%" PRIu32 "\n", number);
	result = write(fd, text, (size_t)size) == size ? 1 : -errno;
	(void)close(fd); /* the write has said what there is to say */
	return result;
}
