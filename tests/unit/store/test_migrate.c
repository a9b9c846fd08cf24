/* SPDX-License-Identifier: ISC */
/* From each version to the next, and what is refused. */
#include "base/error.h"
#include "store/sqlite/checksum.h"
#include "store/sqlite/migrate.h"
#include "store/sqlite/migrations/migrations.h"
#include "store/sqlite/open.h"
#include "store_lab.h"
#include "tap.h"
#include "version_0001.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Makes a database of frozen text, and of more SQL where there is some. */
static void make(struct lab *lab, const char *schema, const char *rows, const char *more)
{
	struct store *store;

	lab_begin(lab);
	lab_must(open_make_file(lab->path) == 0, "make a file");
	lab_must(open_connection(lab->path, STORE_CREATE, &store) == 0, "open it");
	lab_must(query_execute(store, schema) == 0, "make a schema");
	lab_must(query_execute(store, rows) == 0, "make rows");
	lab_must(!more || query_execute(store, more) == 0, "do more");
	store_close(store);
}

/* The whole schema, as it was written; free(). */
static char *schema_of(const struct lab *lab)
{
	struct store *store;

	lab_must(open_connection(lab->path, STORE_EXISTING, &store) == 0, "open it");
	struct query query =
		query_of(store, "SELECT group_concat(sql, char(10)) FROM"
				" (SELECT sql FROM sqlite_schema ORDER BY type, name)");
	lab_must(query_one(&query) == 0, "read the schema");
	char *schema = strdup(query_borrow_text(&query, 0));
	query_done(&query);
	store_close(store);
	return schema;
}

static bool is_same_schema(const struct lab *one, const struct lab *other)
{
	char *a = schema_of(one), *b = schema_of(other);
	bool same = strcmp(a, b) == 0;

	if (!same)
		printf("# %s\n# is not\n# %s\n", a, b);
	free(a);
	free(b);
	return same;
}

static void test_frozen(void)
{
	tap_ok(strcmp(migration_0001, version_0001_schema) == 0,
		"what is released is not changed: migration 1");
}

static void has_rows(struct store *store)
{
	struct store_user user;
	struct store_device device;
	struct store_service service;
	char text[ADDRESS_TEXT_SIZE];

	tap_is_int(store_user_get(store, "alice", &user), 0, "the user is there");
	tap_is_int(store_device_find(store, "alice", "laptop", &device), 0, "so is the device");
	tap_ok(strcmp(address_format(&device.ipv6, text), "fd12:3456:789a::8001") == 0,
		"with its address");
	tap_is_int(store_service_get(store, "db", &service), 0, "and the service");
}

static void test_up(void)
{
	struct lab lab, fresh;
	struct store *reader;

	make(&lab, version_0001_schema, version_0001_rows, NULL);
	tap_is_int(store_open(lab.path, STORE_READ_ONLY, LAB_NOW_NS, &reader), ERR_OLDER_SCHEMA,
		"a reader brings nothing up");
	tap_is_int(store_open(lab.path, STORE_EXISTING, LAB_NOW_NS, &lab.store), 0, "version 1");
	has_rows(lab.store);
	tap_ok(lab_is_sound(lab.store), "the log is sound");
	tap_ok(lab_entries(lab.store) == 3, "and tells of it");
	store_close(lab.store);
	tap_is_int(store_open(lab.path, STORE_EXISTING, LAB_NOW_NS, &lab.store), 0, "once more");
	tap_ok(lab_entries(lab.store) == 3, "there is nothing to do");
	store_close(lab.store);
	lab.store = NULL;
	tap_is_int((intmax_t)lab_ask(&lab, "PRAGMA user_version"), STORE_SCHEMA, "it is ours");
	lab_open(&fresh);
	static const char knock[] = "SELECT count(*) FROM settings WHERE key = 'network.knock'"
				    " AND value = 'preferred'";
	tap_ok(lab_ask(&lab, knock) == 1 && lab_ask(&fresh, knock) == 0,
		"who had no knock keys is not locked out");
	tap_ok(is_same_schema(&lab, &fresh), "it is as a new one");
	lab_end(&fresh);
	lab_end(&lab);
}

/* An old backup is brought up before it is put in place. */
static void test_old_backup(void)
{
	const struct store_actor by = lab_root(1);
	char path[LAB_PATH_SIZE];
	struct lab lab;

	make(&lab, version_0001_schema, version_0001_rows, NULL);
	lab_path(&lab, "restored.db", path);
	tap_is_int(store_restore(lab.path, &by, path), 0, "restore version 1");
	tap_is_int((intmax_t)lab_ask(&lab, "PRAGMA user_version"), 1, "it stays what it is");
	tap_is_int(store_open(path, STORE_READ_ONLY, LAB_NOW_NS, &lab.store), 0, "the other is up");
	has_rows(lab.store);
	tap_ok(lab_is_sound(lab.store), "its log is sound");
	lab_end(&lab);
}

/* The step fails in its middle: all of it is undone. */
static void test_failure(void)
{
	struct lab lab;

	make(&lab, version_0001_schema, version_0001_rows,
		"CREATE INDEX sessions_live ON users (id)");
	tap_is_int(store_open(lab.path, STORE_EXISTING, LAB_NOW_NS, &lab.store), ERR_DATABASE,
		"a step that fails");
	tap_is_int((intmax_t)lab_ask(&lab, "PRAGMA user_version"), 1, "leaves the version");
	tap_is_int((intmax_t)lab_ask(
			   &lab, "SELECT count(*) FROM sqlite_schema WHERE name = 'sessions'"),
		0, "and no half of it");
	lab_sql(&lab, "DROP INDEX sessions_live");
	tap_is_int(store_open(lab.path, STORE_EXISTING, LAB_NOW_NS, &lab.store), 0, "repaired");
	has_rows(lab.store);
	lab_end(&lab);
}

static void test_newer(void)
{
	struct lab lab;
	struct store *store;
	char sql[64];

	lab_open(&lab);
	store_close(lab.store);
	lab.store = NULL;
	(void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d", STORE_SCHEMA + 1);
	lab_sql(&lab, sql);
	tap_is_int(store_open(lab.path, STORE_CREATE, LAB_NOW_NS, &store), ERR_NEWER_SCHEMA,
		"a newer version");
	tap_is_int(store_open(lab.path, STORE_READ_ONLY, LAB_NOW_NS, &store), ERR_NEWER_SCHEMA,
		"also for reading");
	lab_end(&lab);
}

static void put(const char *path, const char *text, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	lab_must(fd >= 0 && write(fd, text, size) == (ssize_t)size && close(fd) == 0, "write");
}

static void test_others(void)
{
	static const char text[] =
		"this is some text and no database at all, "
		"which is longer than the head of one would have to be, so there";
	struct lab lab;
	struct store *store;
	sqlite3 *handle;

	lab_begin(&lab);
	tap_is_int(store_open(lab.path, STORE_EXISTING, LAB_NOW_NS, &store), -ENOENT, "nothing");
	tap_is_int(store_open(lab.directory, STORE_EXISTING, LAB_NOW_NS, &store), -EISDIR, "dir");
	tap_is_int(
		store_open("/nonexistent/x", STORE_CREATE, LAB_NOW_NS, &store), -ENOENT, "nowhere");
	put(lab.path, text, sizeof text);
	tap_is_int(store_open(lab.path, STORE_CREATE, LAB_NOW_NS, &store), ERR_NOT_OURS, "text");
	put(lab.path, text, 10);
	tap_is_int(store_open(lab.path, STORE_CREATE, LAB_NOW_NS, &store), ERR_NOT_OURS, "short");
	put(lab.path, text, 0);
	tap_is_int(store_open(lab.path, STORE_EXISTING, LAB_NOW_NS, &store), ERR_NOT_OURS, "empty");
	lab_must(sqlite3_open(lab.path, &handle) == SQLITE_OK &&
			 sqlite3_exec(handle, "CREATE TABLE t (x)", NULL, NULL, NULL) == SQLITE_OK,
		"make another's database");
	(void)sqlite3_close(handle);
	tap_is_int(
		store_open(lab.path, STORE_CREATE, LAB_NOW_NS, &store), ERR_NOT_OURS, "another's");
	lab_end(&lab);
	lab_begin(&lab);
	put(lab.path, text, 0);
	tap_is_int(store_open(lab.path, STORE_CREATE, LAB_NOW_NS, &lab.store), 0,
		"one that was about to be made");
	lab_end(&lab);
}

int main(void)
{
	test_frozen();
	test_up();
	test_old_backup();
	test_failure();
	test_newer();
	test_others();
	return tap_done();
}
