/* SPDX-License-Identifier: ISC */
#include "base/error.h"
#include "store/audit.h"
#include "store/sqlite/act.h"
#include "store/sqlite/files.h"
#include "store/sqlite/knocks.h"
#include "store/sqlite/migrate.h"
#include "store/sqlite/open.h"

#include <stdlib.h>

static void close_store(struct store **store)
{
	store_close(*store);
}

#define AUTO_STORE __attribute__((cleanup(close_store)))

/* Copies all pages of one moment. */
static int copy_pages(struct store *from, struct store *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to->handle, "main", from->handle, "main");

	if (!backup)
		return query_error(to->handle, sqlite3_extended_errcode(to->handle));
	int result = sqlite3_backup_step(backup, -1);
	(void)sqlite3_backup_finish(backup); /* repeats what the step has said */
	return result == SQLITE_DONE ? 0 : query_error(to->handle, result);
}

/* Makes a database at `path` that is one file, and open. */
static int copy_database(struct store *from, const char *path, struct store **ret_to)
{
	struct store *to = NULL;
	int err = files_remove(path);

	if (err == 0)
		err = open_make_file(path);
	if (err == 0)
		err = open_connection(path, STORE_CREATE, &to);
	if (err != 0)
		return err;
	err = copy_pages(from, to);
	if (err == 0) /* no files beside it, so that it can be carried away */
		err = query_execute(to, "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;");
	if (err < 0) {
		store_close(to);
		return err;
	}
	*ret_to = to;
	return 0;
}

static int log_backup(struct store *store, const struct store_actor *by, const char *path)
{
	AUTO_ACT struct act act = {0};
	int err = act_begin(&act, store, by);

	if (err < 0)
		return err;
	return act_commit(&act, "store.backup", "store", json_pack("{s:s}", "file", path));
}

int store_backup(struct store *store, const struct store_actor *by, const char *path)
{
	AUTO_PATH char *fresh = files_beside(path, ".new");
	struct store *copy = NULL;
	int err = log_backup(store, by, path);

	if (err == 0)
		err = copy_database(store, fresh, &copy);
	if (err == 0) {
		err = open_check(copy, OPEN_CHECK_QUICK);
		store_close(copy);
	}
	if (err == 0)
		err = files_replace(fresh, path);
	if (err < 0)
		files_discard(fresh);
	return err;
}

/* A backup that is as it should be, open; and its head. */
static int open_backup(const char *path, struct store **ret_backup)
{
	struct store_audit_verdict verdict = {0};
	struct store *backup = NULL;
	uint64_t version = 0;
	int err = open_connection(path, STORE_READ_ONLY, &backup);

	if (err < 0)
		return err;
	err = migrate_inspect(backup, &version);
	if (err == 0 && version == 0)
		err = ERR_NOT_OURS;
	if (err == 0)
		err = open_check(backup, OPEN_CHECK_FULL);
	if (err == 0)
		err = store_audit_verify(backup, NULL, &verdict);
	if (err == 0 && verdict.fault != STORE_AUDIT_SOUND)
		err = ERR_AUDIT;
	if (err < 0) {
		store_close(backup);
		return err;
	}
	*ret_backup = backup;
	return 0;
}

/* Whether somebody has the database open, told at once. ERR_LOCKED, -errno. */
static int probe(const char *path)
{
	int lock = -1;
	int err = files_lock(path, &lock);

	files_unlock(lock);
	return err;
}

/*
 * Brings all of the database that is to be replaced into its one file, and tells its head. Where it
 * is too damaged for that, or not there, there is nothing to bring: the head is zero.
 */
static int settle(const char *path, struct store_audit_head *ret_head)
{
	AUTO_STORE struct store *old = NULL;

	*ret_head = (struct store_audit_head){0};
	int err = open_connection(path, STORE_EXISTING, &old);
	if (err == 0)
		err = query_execute(old, "PRAGMA locking_mode = EXCLUSIVE;"
					 "PRAGMA journal_mode = DELETE;");
	if (err == ERR_LOCKED || err == ERR_DISK_FULL)
		return err;
	if (err < 0 || store_audit_head(old, ret_head) < 0)
		*ret_head = (struct store_audit_head){0};
	return 0;
}

/* The first entry behind the backup's: what was put in place of what. */
static int log_restore(struct store *store, const struct store_actor *by, const char *backup_path,
	const struct store_audit_head *replaced)
{
	AUTO_ACT struct act act = {0};
	int err = act_begin(&act, store, by);

	if (err == 0)
		err = knocks_restored(store);
	if (err < 0)
		return err;
	return act_commit(&act, "store.restore", "store",
		json_pack("{s:s, s:I, s:o}", "file", backup_path, "replaced_sequence",
			(json_int_t)replaced->sequence, "replaced_hash", act_key(replaced->hash)));
}

/* Makes the database that will be, complete, beside the one that is. */
static int prepare(struct store *backup, const struct store_actor *by, const char *backup_path,
	const struct store_audit_head *replaced, const char *fresh)
{
	AUTO_STORE struct store *copy = NULL;
	int err = copy_database(backup, fresh, &copy);

	if (err == 0)
		err = migrate_run(copy, by->now_ns, STORE_SCHEMA);
	return err < 0 ? err : log_restore(copy, by, backup_path, replaced);
}

int store_restore(const char *backup_path, const struct store_actor *by, const char *path)
{
	AUTO_STORE struct store *backup = NULL;
	AUTO_PATH char *fresh = files_beside(path, ".new");
	AUTO_PATH char *former = files_beside(path, ".replaced");
	struct store_audit_head replaced = {0};
	int lock = -1;
	int err = open_backup(backup_path, &backup);

	if (err == 0)
		err = probe(path);
	if (err == 0)
		err = settle(path, &replaced);
	if (err == 0)
		err = prepare(backup, by, backup_path, &replaced, fresh);
	if (err == 0)
		err = files_lock(path, &lock);
	if (err == 0)
		err = files_set_aside(path, former);
	if (err == 0)
		err = files_replace(fresh, path);
	if (err < 0)
		files_discard(fresh);
	files_unlock(lock);
	return err;
}
