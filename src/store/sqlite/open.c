/* SPDX-License-Identifier: ISC */
#include "store/sqlite/open.h"

#include "base/error.h"
#include "store/sqlite/checksum.h"
#include "store/sqlite/head.h"
#include "store/sqlite/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BUSY_TIMEOUT_MS = 10000, /* for another process's act to end */
};

int open_make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	return close(fd) < 0 ? -errno : 0;
}

/* What SQLite is told before it reads the file. */
static int configure(struct store *store)
{
	static const int switches[][2] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_DQS_DDL, 0},
		{SQLITE_DBCONFIG_DQS_DML, 0},
		{SQLITE_DBCONFIG_ENABLE_FKEY, 1},
		{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(switches); i++) {
		int result = sqlite3_db_config(store->handle, switches[i][0], switches[i][1], NULL);
		if (result != SQLITE_OK)
			return query_error(store->handle, result);
	}
	(void)sqlite3_busy_timeout(store->handle, BUSY_TIMEOUT_MS); /* cannot fail */
	int err = checksum_reserve(store->handle);
	if (err < 0)
		return err;
	return query_execute(store, "PRAGMA page_size = 4096;" /* CHECKSUM_PAGE_SIZE */
				    "PRAGMA cell_size_check = ON; PRAGMA recursive_triggers = ON;"
				    "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;");
}

int open_connection(const char *path, enum store_mode mode, struct store **ret_store)
{
	int flags = mode == STORE_READ_ONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	bool is_empty = false;
	int err = head_inspect(path, &is_empty);

	if (err == 0 && is_empty && mode != STORE_CREATE)
		err = ERR_NOT_OURS;
	if (err == 0)
		err = checksum_register();
	if (err < 0)
		return err;
	struct store *store = calloc(1, sizeof *store);
	if (!store)
		return -ENOMEM;
	store->mode = mode;
	int result = sqlite3_open_v2(path, &store->handle,
		flags | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX, CHECKSUM_VFS);
	err = result == SQLITE_OK ? configure(store) : query_error(store->handle, result);
	if (err < 0) {
		store_close(store);
		return err;
	}
	*ret_store = store;
	return 0;
}

int open_check(struct store *store, enum open_check check)
{
	AUTO_QUERY struct query query = query_of(store,
		check == OPEN_CHECK_FULL ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)");
	int err = query_one(&query);

	if (err < 0)
		return err;
	return strcmp(query_borrow_text(&query, 0), "ok") == 0 ? 0 : ERR_CORRUPT;
}

/* Each act is on the disk when it returns. */
static int use_log(struct store *store)
{
	return query_execute(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
}

/* Looks at the file, and makes it ours where it may. */
static int prepare(struct store *store, uint64_t now_ns)
{
	uint64_t version = 0;
	int err = migrate_inspect(store, &version);

	if (err < 0)
		return err;
	if (store->mode == STORE_READ_ONLY && version < STORE_SCHEMA)
		return version ? ERR_OLDER_SCHEMA : ERR_NOT_OURS;
	err = open_check(store, OPEN_CHECK_QUICK);
	if (err < 0 || store->mode == STORE_READ_ONLY)
		return err;
	err = use_log(store);
	return err < 0 ? err : migrate_run(store, now_ns, STORE_SCHEMA);
}

int store_open(const char *path, enum store_mode mode, uint64_t now_ns, struct store **ret_store)
{
	struct store *store;
	int err = mode == STORE_CREATE ? open_make_file(path) : 0;

	if (err < 0 && err != -EEXIST)
		return err;
	err = open_connection(path, mode, &store);
	if (err < 0)
		return err;
	err = prepare(store, now_ns);
	if (err < 0) {
		store_close(store);
		return err;
	}
	*ret_store = store;
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	(void)sqlite3_close(store->handle); /* no statement outlives its function */
	free(store);
}
