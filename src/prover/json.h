/* SPDX-License-Identifier: ISC */
/* Building JSON in a command: out of memory ends the program. */
#pragma once

#include <jansson.h>
#include <stdlib.h>

static inline json_t *json_sure(json_t *json)
{
	if (!json)
		abort();
	return json;
}

/* Consumes value. */
static inline void json_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, json_sure(value)) < 0)
		abort();
}

/* Consumes value. */
static inline void json_add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, json_sure(value)) < 0)
		abort();
}
