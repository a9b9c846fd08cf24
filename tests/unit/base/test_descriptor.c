/* SPDX-License-Identifier: ISC */
#include "base/descriptor.h"
#include "tap.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child writes a byte at a time into a pipe, so that each read(2) gives less than was asked for.
 */
static int slow_pipe(const char *text)
{
	int fds[2];

	if (pipe(fds) < 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		for (; *text; text++)
			if (write(fds[1], text, 1) != 1)
				_exit(1);
		_exit(0);
	}
	(void)close(fds[1]); /* the child has its own */
	return fds[0];
}

static void test_reading(void)
{
	char bytes[8];
	int fd = slow_pipe("silence");

	tap_is_int(descriptor_read(fd, bytes, 4), 4, "as many as there is room for");
	tap_is_bytes(bytes, "sile", 4, "in their order");
	tap_is_int(descriptor_read(fd, bytes, sizeof bytes), 3, "what is left before the end");
	tap_is_bytes(bytes, "nce", 3, "in their order");
	tap_is_int(descriptor_read(fd, bytes, sizeof bytes), 0, "nothing behind the end");
	tap_is_int(descriptor_read(fd, bytes, 0), 0, "nothing where nothing is asked for");
	(void)close(fd); /* only read */
	tap_is_int(descriptor_read(fd, bytes, 1), -EBADF, "what is no descriptor");
	(void)wait(NULL);
}

int main(void)
{
	test_reading();
	return tap_done();
}
