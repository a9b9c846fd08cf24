/* SPDX-License-Identifier: ISC */
#include "base/memory.h"
#include "engine/uapi.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FIRST_SIZE = 4096, /* room that is made for the first byte */
};

void uapi_text_done(struct uapi_text *text)
{
	if (text->at)
		bytes_wipe(text->at, text->size);
	free(text->at);
	*text = (struct uapi_text){0};
}

char *uapi_text_reserve(struct uapi_text *text, size_t size)
{
	size_t capacity = text->capacity ? text->capacity : FIRST_SIZE;

	while (capacity - text->size < size)
		capacity *= 2;
	if (capacity == text->capacity)
		return text->at + text->size;
	struct uapi_text moved = {
		.at = memory_new(capacity, 1), .size = text->size, .capacity = capacity};
	if (text->at)
		memcpy(moved.at, text->at, text->size);
	uapi_text_done(text);
	*text = moved;
	return text->at + text->size;
}

void uapi_text_add(struct uapi_text *text, const char *format, ...)
{
	char *to = uapi_text_reserve(text, UAPI_LINE_MAX + 1);
	va_list values;

	va_start(values, format);
	int size = vsnprintf(to, UAPI_LINE_MAX + 1, format, values);
	va_end(values);
	assert(size >= 0 && size <= UAPI_LINE_MAX);
	text->size += (size_t)size;
}
