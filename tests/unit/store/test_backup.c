/* SPDX-License-Identifier: ISC */
#include "base/error.h"
#include "model.h"
#include "store_lab.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct lab lab;
static char backup[LAB_PATH_SIZE];

static int add(struct store *store, const char *name)
{
	const struct store_actor by = lab_root(1);

	return store_user_add(store, &by, name, NULL, 0);
}

static bool has(struct store *store, const char *name)
{
	struct store_user user;

	return store_user_get(store, name, &user) == 0;
}

static bool is_there(const char *name)
{
	char path[LAB_PATH_SIZE];

	lab_path(&lab, name, path);
	return access(path, F_OK) == 0;
}

static void test_backup(void)
{
	const struct store_actor by = lab_root(2);
	struct store_audit_head head, kept;
	struct store *copy;
	struct stat status;

	lab_must(add(lab.store, "alice") == 0, "add alice");
	tap_is_int(store_backup(lab.store, &by, backup), 0, "back up");
	tap_ok(stat(backup, &status) == 0 && (status.st_mode & 0777) == 0600, "for us alone");
	tap_ok(!is_there("backup.db-wal") && !is_there("backup.db-shm") &&
			!is_there("backup.db.new"),
		"one file");
	lab_must(store_audit_head(lab.store, &head) == 0, "head");
	tap_is_int(store_open(backup, STORE_READ_ONLY, LAB_NOW_NS, &copy), 0, "open it");
	lab_must(store_audit_head(copy, &kept) == 0, "head");
	tap_is_bytes(&kept, &head, sizeof kept, "its head is that of its own entry");
	tap_ok(has(copy, "alice") && model_explains(copy), "all is in it");
	store_close(copy);
	tap_ok(!is_there("backup.db-wal") && !is_there("backup.db-shm"), "one file still");
	lab_must(add(lab.store, "bob") == 0, "add bob");
	tap_is_int(store_backup(lab.store, &by, backup), 0, "back up in place of the former");
	tap_is_int(store_backup(lab.store, &by, "/nonexistent/x"), -ENOENT, "into nowhere");
	tap_is_int(store_backup(lab.store, &by, "\xff"), ERR_SYNTAX, "a name that is no text");
}

static int last_entry(void *context, const struct store_audit_entry *entry)
{
	tap_ok(strcmp(entry->act, "store.restore") == 0, "the last entry says so");
	*(bool *)context = strstr(entry->details, "replaced_sequence") != NULL;
	return 0;
}

static void test_restore(void)
{
	const struct store_actor by = lab_root(3);
	const struct store_audit_filter last = {.last = 1};
	struct store *former;
	char path[LAB_PATH_SIZE];
	bool names_head = false;

	lab_must(add(lab.store, "carol") == 0, "add carol");
	tap_is_int(store_restore(backup, &by, lab.path), ERR_LOCKED, "while it is in use");
	tap_ok(has(lab.store, "carol"), "nothing has changed");
	store_close(lab.store);
	tap_is_int(store_restore(backup, &by, lab.path), 0, "restore");
	lab.store = lab_reopen(&lab, STORE_EXISTING);
	tap_ok(has(lab.store, "bob") && !has(lab.store, "carol"), "what was then");
	tap_ok(model_explains(lab.store), "the log is sound");
	tap_is_int(store_audit_show(lab.store, &last, last_entry, &names_head), 0, "look");
	tap_ok(names_head, "and names the head that was replaced");
	lab_path(&lab, "store.db.replaced", path);
	lab_must(store_open(path, STORE_READ_ONLY, LAB_NOW_NS, &former) == 0, "open the former");
	tap_ok(has(former, "carol"), "what was there is kept");
	store_close(former);
	tap_ok(!is_there("store.db.new"), "nothing else is left");
	tap_is_int(add(lab.store, "dave"), 0, "it goes on");
}

/* Restores into a path where nothing is, and over something that is damaged. */
static void test_elsewhere(void)
{
	const struct store_actor by = lab_root(4);
	struct store *store;
	char path[LAB_PATH_SIZE];

	lab_path(&lab, "other.db", path);
	tap_is_int(store_restore(backup, &by, path), 0, "where nothing is");
	lab_must(store_open(path, STORE_EXISTING, LAB_NOW_NS, &store) == 0, "open");
	tap_ok(has(store, "bob"), "it is there");
	store_close(store);
	lab_must(truncate(path, 5000) == 0, "cut it");
	tap_is_int(store_open(path, STORE_EXISTING, LAB_NOW_NS, &store), ERR_CORRUPT, "damaged");
	tap_is_int(store_restore(backup, &by, path), 0, "over something damaged");
	lab_must(store_open(path, STORE_EXISTING, LAB_NOW_NS, &store) == 0, "open");
	tap_ok(has(store, "bob") && model_explains(store), "it is well again");
	store_close(store);
}

/* Does something to a backup past our functions. */
static void tamper(const char *path, const char *sql)
{
	struct lab there = {0};

	memcpy(there.path, path, sizeof there.path);
	lab_sql(&there, sql);
}

static void flip(const char *path, off_t at)
{
	uint8_t byte = 0;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	lab_must(fd >= 0 && pread(fd, &byte, 1, at) == 1, "read");
	byte ^= 1;
	lab_must(pwrite(fd, &byte, 1, at) == 1 && close(fd) == 0, "write");
}

static void test_refusals(void)
{
	const struct store_actor by = lab_root(5);
	char path[LAB_PATH_SIZE];

	lab_path(&lab, "bad.db", path);
	tap_is_int(store_backup(lab.store, &by, path), 0, "a backup");
	flip(path, 4096 + 2000);
	store_close(lab.store);
	lab.store = NULL;
	tap_is_int(store_restore(path, &by, lab.path), ERR_CORRUPT, "with a bit that flipped");
	flip(path, 4096 + 2000);
	tamper(path, "DROP TRIGGER audit_keeps;"
		     "UPDATE audit SET actor = 'eve' WHERE sequence = 3");
	tap_is_int(store_restore(path, &by, lab.path), ERR_AUDIT, "with an altered entry");
	tamper(path, "PRAGMA user_version = 999");
	tap_is_int(store_restore(path, &by, lab.path), ERR_NEWER_SCHEMA, "of a newer version");
	lab_must(truncate(path, 0) == 0, "empty it");
	tap_is_int(store_restore(path, &by, lab.path), ERR_NOT_OURS, "that is empty");
	lab_must(unlink(path) == 0, "unlink");
	tap_is_int(store_restore(path, &by, lab.path), -ENOENT, "that is not there");
	tap_is_int(store_restore("/bin/sh", &by, lab.path), ERR_NOT_OURS, "that is something else");
	lab.store = lab_reopen(&lab, STORE_EXISTING);
	tap_ok(has(lab.store, "dave") && model_explains(lab.store), "all is as it was");
}

int main(void)
{
	lab_open(&lab);
	lab_path(&lab, "backup.db", backup);
	test_backup();
	test_restore();
	test_elsewhere();
	test_refusals();
	lab_end(&lab);
	return tap_done();
}
