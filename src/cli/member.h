/* SPDX-License-Identifier: ISC */
/* Members of JSON that another program wrote: what is missing or of another type is empty. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Borrowed; "" where there is none. */
const char *member_text(const json_t *object, const char *name);

/* 0 where there is none or it is negative. */
uint64_t member_number(const json_t *object, const char *name);

bool member_is_true(const json_t *object, const char *name);

/* Borrowed; NULL where there is none, or `object` is no object: jansson's functions take that. */
json_t *member_get(const json_t *object, const char *name);

/* How many: the number itself, or of a list its length. */
uint64_t member_count(const json_t *object, const char *name);

/* The texts of a list, parted by ", "; of objects their "name". The caller frees it. */
char *member_join(const json_t *object, const char *name)
	__attribute__((returns_nonnull, warn_unused_result));
