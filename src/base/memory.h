/* SPDX-License-Identifier: ISC */
/* Memory for start-up and control code, which may abort when there is none. */
#pragma once

#include <stddef.h>

/* Zeroed memory for `count` objects of `size` bytes; aborts when there is none. Free with free().
 */
void *memory_new(size_t count, size_t size)
	__attribute__((malloc, returns_nonnull, warn_unused_result));

/* `pointer` grown to `count` objects; the new part is not zeroed; aborts when there is none. */
void *memory_grow(void *pointer, size_t count, size_t size)
	__attribute__((returns_nonnull, warn_unused_result));
