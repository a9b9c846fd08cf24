/* SPDX-License-Identifier: ISC */
#include "store/sqlite/head.h"

#include "base/cursor.h"
#include "base/error.h"
#include "store/sqlite/checksum.h"
#include "store/sqlite/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The database header, https://www.sqlite.org/fileformat.html, 1.3. */
enum {
	HEAD_SIZE = 100,
	MAGIC_SIZE = 16,
	BEFORE_RESERVED = 2,	 /* format versions, between page size and reserved bytes */
	BEFORE_APPLICATION = 47, /* between reserved bytes and application */
};

static const uint8_t magic[MAGIC_SIZE] = "SQLite format 3";

static bool is_ours(const uint8_t head[static HEAD_SIZE])
{
	struct cursor cursor = cursor_over(head, HEAD_SIZE);
	uint8_t begin[MAGIC_SIZE];

	cursor_copy(&cursor, begin, MAGIC_SIZE);
	uint16_t page_size = cursor_be16(&cursor);
	(void)cursor_take(&cursor, BEFORE_RESERVED);
	uint8_t reserved = cursor_u8(&cursor);
	(void)cursor_take(&cursor, BEFORE_APPLICATION);
	uint32_t application = (uint32_t)cursor_be16(&cursor) << 16;
	application |= cursor_be16(&cursor);
	/* 0: a database whose making was interrupted, or is still in the log */
	return memcmp(begin, magic, MAGIC_SIZE) == 0 && page_size == CHECKSUM_PAGE_SIZE &&
	       reserved == CHECKSUM_SIZE &&
	       (application == STORE_APPLICATION_ID || application == 0);
}

int head_inspect(const char *path, bool *ret_is_empty)
{
	uint8_t head[HEAD_SIZE];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ssize_t size = read(fd, head, sizeof head);
	int err = size < 0 ? -errno : 0;
	(void)close(fd); /* it was read only */
	if (err < 0)
		return err;
	if (size > 0 && (size < HEAD_SIZE || !is_ours(head)))
		return ERR_NOT_OURS;
	*ret_is_empty = size == 0;
	return 0;
}
