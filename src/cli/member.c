/* SPDX-License-Identifier: ISC */
#include "cli/member.h"

#include <stdio.h>
#include <stdlib.h>

json_t *member_get(const json_t *object, const char *name)
{
	return json_object_get(object, name);
}

const char *member_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(member_get(object, name));

	return text ? text : "";
}

uint64_t member_number(const json_t *object, const char *name)
{
	const json_t *number = member_get(object, name);

	if (json_is_real(number)) {
		double value = json_real_value(number);
		return value > 0 && value < (double)INT64_MAX ? (uint64_t)value : 0;
	}
	json_int_t value = json_integer_value(number);
	return value > 0 ? (uint64_t)value : 0;
}

bool member_is_true(const json_t *object, const char *name)
{
	return json_is_true(member_get(object, name));
}

uint64_t member_count(const json_t *object, const char *name)
{
	const json_t *value = member_get(object, name);

	return json_is_array(value) ? json_array_size(value) : member_number(object, name);
}

char *member_join(const json_t *object, const char *name)
{
	char *joined = NULL;
	size_t size, index;
	json_t *item;
	FILE *out = open_memstream(&joined, &size);

	if (!out)
		abort();
	json_array_foreach(member_get(object, name), index, item)
	{
		const char *word =
			json_is_object(item) ? member_text(item, "name") : json_string_value(item);
		(void)fprintf(out, "%s%s", index > 0 ? ", " : "", word ? word : "?");
	}
	if (fclose(out) != 0)
		abort(); /* no memory */
	return joined;
}
