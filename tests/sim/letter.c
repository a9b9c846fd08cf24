/* SPDX-License-Identifier: ISC */
#include "letter.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)1 << 18)

void letters_clear(struct letters *letters)
{
	letters->block = 0;
	letters->used = 0;
	letters->count = 0;
}

void letters_done(struct letters *letters)
{
	for (size_t i = 0; i < letters->block_count; i++)
		free(letters->blocks[i]);
	free(letters->blocks);
	free(letters->list);
	*letters = (struct letters){0};
}

/* `size` bytes, aligned, of the block being filled or the next. */
static void *room(struct letters *letters, size_t size)
{
	size = (size + 15) & ~(size_t)15;
	assert(size <= BLOCK_SIZE);
	if (letters->block_count > 0 && letters->used + size > BLOCK_SIZE) {
		letters->block++;
		letters->used = 0;
	}
	if (letters->block == letters->block_count) {
		letters->blocks = memory_grow(
			letters->blocks, ++letters->block_count, sizeof *letters->blocks);
		letters->blocks[letters->block] = memory_new(1, BLOCK_SIZE);
	}
	uint8_t *at = letters->blocks[letters->block] + letters->used;
	letters->used += size;
	return at;
}

struct letter *letters_write(struct letters *letters, const uint8_t *bytes, size_t size)
{
	struct letter *letter = room(letters, sizeof *letter + size);

	if (letters->count == letters->capacity) {
		letters->capacity = letters->capacity ? 2 * letters->capacity : 1024;
		letters->list =
			memory_grow(letters->list, letters->capacity, sizeof *letters->list);
	}
	*letter = (struct letter){
		.original = letter,
		.number = letters->count,
		.author = NOBODY,
		.addressee = NOBODY,
		.type = message_classify(bytes, size),
		.size = size,
	};
	if (size > 0)
		memcpy(letter->bytes, bytes, size);
	letters->list[letters->count++] = letter;
	return letter;
}
