/* SPDX-License-Identifier: ISC */
/* One change to a JSON document, for tables of what a reader has to refuse. */
#pragma once

#include "base/attributes.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The document of that text; aborts where it is none. */
static inline json_t *edit_load(const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	if (!json)
		abort();
	return json;
}

/*
 * The document with the member at "services.0.vip" set to `value`, JSON text; NULL: removed. The
 * path "" is the whole. The caller's.
 */
static inline json_t *edit(const char *document, const char *path, const char *value)
{
	char copy[64], *rest = copy;
	json_t *root = edit_load(*path ? document : value), *at = root;

	(void)snprintf(copy, sizeof copy, "%s", path);
	while (at && *path) {
		const char *part = strsep(&rest, ".");
		if (rest) {
			at = json_is_array(at) ? json_array_get(at, strtoul(part, NULL, 10))
					       : json_object_get(at, part);
			continue;
		}
		int result = 0;
		if (json_is_array(at))
			result = json_array_set_new(at, strtoul(part, NULL, 10), edit_load(value));
		else if (value)
			result = json_object_set_new(at, part, edit_load(value));
		else
			result = json_object_del(at, part);
		if (result < 0)
			abort();
		break;
	}
	return root;
}
