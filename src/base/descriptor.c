/* SPDX-License-Identifier: ISC */
#include "base/descriptor.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

ssize_t descriptor_read(int fd, void *ret_bytes, size_t room)
{
	uint8_t *bytes = ret_bytes;
	size_t at = 0;

	while (at < room) {
		ssize_t size = read(fd, bytes + at, room - at);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -errno;
		if (size == 0)
			break;
		at += (size_t)size;
	}
	return (ssize_t)at;
}
