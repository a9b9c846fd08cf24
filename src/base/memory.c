/* SPDX-License-Identifier: ISC */
#include "base/memory.h"

#include <stdlib.h>

/* An empty object still has an address: calloc(0) may give NULL, which reads as failure. */
static size_t at_least_one(size_t n)
{
	return n ? n : 1;
}

void *memory_new(size_t count, size_t size)
{
	void *memory = calloc(at_least_one(count), at_least_one(size));

	if (!memory)
		abort();
	return memory;
}

void *memory_grow(void *pointer, size_t count, size_t size)
{
	void *memory = reallocarray(pointer, at_least_one(count), at_least_one(size));

	if (!memory)
		abort();
	return memory;
}
