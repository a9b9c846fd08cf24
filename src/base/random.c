/* SPDX-License-Identifier: ISC */
#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

/* Blocks until the kernel's pool is ready, once after boot. */
static void fill_from_kernel(void *context, void *ret_bytes, size_t size)
{
	uint8_t *at = ret_bytes;

	(void)context; /* the kernel's state is its own */
	while (size > 0) {
		ssize_t filled = getrandom(at, size, 0);
		if (filled < 0 && errno == EINTR)
			continue;
		if (filled <= 0)
			abort();
		at += filled;
		size -= (size_t)filled;
	}
}

struct entropy entropy_kernel(void)
{
	return (struct entropy){.fill = fill_from_kernel, .context = NULL};
}
