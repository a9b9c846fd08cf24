/* SPDX-License-Identifier: ISC */
/* Arrays that grow by one. */
#pragma once

#include "base/memory.h"

enum {
	LIST_FIRST = 16, /* objects that there is room for at first */
};

/* `list` of `count` objects, moved where there is no room for one more. Free with free(). */
static inline void *list_room(void *list, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return list;
	*capacity = *capacity ? *capacity * 2 : LIST_FIRST;
	return memory_grow(list, *capacity, size);
}
