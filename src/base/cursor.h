/* SPDX-License-Identifier: ISC */
/*
 * The only thing that touches bytes from outside. A cursor reads forward over borrowed bytes and
 * never past their end; the first failure sticks, so that a parser reads all of its fields and
 * asks once. After a failure numbers are 0 and spans are NULL.
 */
#pragma once

#include "base/bytes.h"

struct cursor {
	const uint8_t *at;  /* next byte to be read */
	const uint8_t *end; /* one behind the last */
	bool failed;	    /* something was asked for that is not there */
};

static inline struct cursor cursor_over(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	return (struct cursor){.at = at, .end = at + size, .failed = false};
}

/* Bytes not yet read; 0 after a failure. */
static inline size_t cursor_left(const struct cursor *cursor)
{
	return cursor->failed ? 0 : (size_t)(cursor->end - cursor->at);
}

/* The next `size` bytes, borrowed; NULL and failure where there are fewer. */
static inline const uint8_t *cursor_take(struct cursor *cursor, size_t size)
{
	if (cursor_left(cursor) < size || cursor->failed) {
		cursor->failed = true;
		return NULL;
	}
	const uint8_t *taken = cursor->at;
	cursor->at += size;
	return taken;
}

/* Copies the next `size` bytes; untouched on failure. */
static inline void cursor_copy(struct cursor *cursor, uint8_t *ret_bytes, size_t size)
{
	const uint8_t *taken = cursor_take(cursor, size);
	if (taken)
		memcpy(ret_bytes, taken, size);
}

static inline uint8_t cursor_u8(struct cursor *cursor)
{
	const uint8_t *taken = cursor_take(cursor, 1);
	return taken ? *taken : 0;
}

static inline uint16_t cursor_be16(struct cursor *cursor)
{
	const uint8_t *taken = cursor_take(cursor, 2);
	return taken ? load_be16(taken) : 0;
}

static inline uint32_t cursor_be32(struct cursor *cursor)
{
	const uint8_t *taken = cursor_take(cursor, 4);
	return taken ? load_be32(taken) : 0;
}

static inline uint32_t cursor_le32(struct cursor *cursor)
{
	const uint8_t *taken = cursor_take(cursor, 4);
	return taken ? load_le32(taken) : 0;
}

static inline uint64_t cursor_le64(struct cursor *cursor)
{
	const uint8_t *taken = cursor_take(cursor, 8);
	return taken ? load_le64(taken) : 0;
}

/* Whether all was read and nothing failed. */
static inline bool cursor_is_done(const struct cursor *cursor)
{
	return !cursor->failed && cursor->at == cursor->end;
}
