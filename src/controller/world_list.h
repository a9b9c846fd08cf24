/* SPDX-License-Identifier: ISC */
/* The lists of a world: ordered, without gaps, and wiped where something was. */
#pragma once

#include "base/bytes.h"
#include "controller/world.h"
#include "policy/list.h"

/* Where the name is, or would be, in a list that is ordered by names at the front of each object.
 */
static inline size_t world_place_of(const void *list, size_t count, size_t size, const char *name)
{
	size_t from = 0, to = count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (strcmp((const char *)list + middle * size, name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static inline size_t world_find_name(const void *list, size_t count, size_t size, const char *name)
{
	size_t at = world_place_of(list, count, size, name);
	bool is_it = at < count && strcmp((const char *)list + at * size, name) == 0;

	return is_it ? at : WORLD_NONE;
}

/* A gap of one zeroed object. */
static inline void *world_open_gap(void *list, size_t at, size_t count, size_t size)
{
	char *gap = (char *)list + at * size;

	memmove(gap + size, gap, (count - at) * size);
	memset(gap, 0, size);
	return gap;
}

static inline void world_close_gap(void *list, size_t at, size_t count, size_t size)
{
	char *gap = (char *)list + at * size;

	memmove(gap, gap + size, (count - at - 1) * size);
	bytes_wipe((char *)list + (count - 1) * size, size);
}

/* Wipes `count` objects from one on; there may be none, and no list. */
static inline void world_wipe(void *list, size_t from, size_t count, size_t size)
{
	if (count > 0)
		bytes_wipe((char *)list + from * size, count * size);
}

static inline void world_copy_name(char ret_name[static STORE_NAME_SIZE], const char *name)
{
	size_t size = strnlen(name, STORE_NAME_SIZE - 1);

	memcpy(ret_name, name, size);
	ret_name[size] = '\0';
}
