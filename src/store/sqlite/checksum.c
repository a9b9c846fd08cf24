/* SPDX-License-Identifier: ISC */
#include "store/sqlite/checksum.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/siphash.h"

#include <pthread.h>

enum {
	CONTENT_SIZE = CHECKSUM_PAGE_SIZE - CHECKSUM_SIZE,
};

/* Against accidents, not against people: the key is no secret. */
static const struct siphash_key key = {0x7461636574207061, 0x67652063686b7375};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int register_result;
static sqlite3_vfs checked_vfs; /* the default one, but for xOpen */
static const sqlite3_vfs *default_vfs;

/* Guards the two below, which the first database that is opened sets. */
static pthread_mutex_t methods_lock = PTHREAD_MUTEX_INITIALIZER;
static const sqlite3_io_methods *default_methods;
static sqlite3_io_methods checked_methods; /* the default ones, but for xRead and xWrite */

static bool is_page(int size, sqlite3_int64 offset)
{
	return size == CHECKSUM_PAGE_SIZE && offset % CHECKSUM_PAGE_SIZE == 0;
}

/* Of a page's content, at its place: a page that is read from another's place is damage too. */
static uint64_t checksum_of(const uint8_t page[static CHECKSUM_PAGE_SIZE], sqlite3_int64 offset)
{
	const struct siphash_key of_place = {key.k0 ^ (uint64_t)offset, key.k1};

	return siphash(&of_place, page, CONTENT_SIZE);
}

/* A page of zeros was never written: SQLite leaves out pages that are free from the beginning. */
static bool is_sound(const uint8_t page[static CHECKSUM_PAGE_SIZE], sqlite3_int64 offset)
{
	return load_le64(page + CONTENT_SIZE) == checksum_of(page, offset) ||
	       bytes_are_zero(page, CHECKSUM_PAGE_SIZE);
}

/* Reads; what is not a whole page is part of the head, which is judged when it comes as a page. */
static int read_checked(sqlite3_file *file, void *ret_bytes, int size, sqlite3_int64 offset)
{
	int result = default_methods->xRead(file, ret_bytes, size, offset);

	if (result != SQLITE_OK || !is_page(size, offset))
		return result;
	return is_sound(ret_bytes, offset) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

static int write_checked(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
	uint8_t page[CHECKSUM_PAGE_SIZE];

	if (!is_page(size, offset))
		return default_methods->xWrite(file, bytes, size, offset);
	memcpy(page, bytes, CONTENT_SIZE);
	store_le64(page + CONTENT_SIZE, checksum_of(page, offset));
	return default_methods->xWrite(file, page, size, offset);
}

/* Sets what a file is read and written by; all files of the default VFS have the same. */
static int use_checked_methods(sqlite3_file *file)
{
	(void)pthread_mutex_lock(&methods_lock); /* cannot fail with this kind */
	if (!default_methods) {
		default_methods = file->pMethods;
		checked_methods = *default_methods;
		checked_methods.iVersion = 2; /* without mapped memory, which nobody would check */
		checked_methods.xRead = read_checked;
		checked_methods.xWrite = write_checked;
	}
	bool is_same = file->pMethods == default_methods;
	(void)pthread_mutex_unlock(&methods_lock); /* nor this */
	if (!is_same) {
		(void)file->pMethods->xClose(file); /* it was not used */
		file->pMethods = NULL;
		return SQLITE_CANTOPEN;
	}
	file->pMethods = &checked_methods;
	return SQLITE_OK;
}

/* Only the database itself: log and journal have checksums of SQLite's. */
static int open_checked(
	sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	sqlite3_vfs *real = sqlite3_vfs_find(default_vfs->zName);

	(void)vfs;
	int result = real->xOpen(real, name, file, flags, ret_flags);
	if (result != SQLITE_OK || !(flags & SQLITE_OPEN_MAIN_DB))
		return result;
	return use_checked_methods(file);
}

static void register_once(void)
{
	default_vfs = sqlite3_vfs_find(NULL);
	register_result = ERR_DATABASE;
	if (!default_vfs)
		return;
	checked_vfs = *default_vfs;
	checked_vfs.pNext = NULL;
	checked_vfs.zName = CHECKSUM_VFS;
	checked_vfs.xOpen = open_checked;
	if (sqlite3_vfs_register(&checked_vfs, 0) == SQLITE_OK)
		register_result = 0;
}

int checksum_register(void)
{
	(void)pthread_once(&once, register_once); /* cannot fail */
	return register_result;
}

int checksum_reserve(sqlite3 *handle)
{
	int size = CHECKSUM_SIZE;
	int result = sqlite3_file_control(handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &size);

	return result == SQLITE_OK ? 0 : ERR_DATABASE;
}
