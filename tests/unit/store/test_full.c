/* SPDX-License-Identifier: ISC */
/* A disk that is full: acts fail as a whole and say why, and go on once there is room. */
#include "base/error.h"
#include "dice.h"
#include "model.h"
#include "tap.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

enum {
	ACTS_MOST = 100000,
	ACTS_WHILE_FULL = 200,
};

static int mount_small(const char *path, unsigned flags, const char *size)
{
	return mount("tacet-test", path, "tmpfs", flags, size);
}

/* Users until the disk is full; the result that ended it. */
static int fill(struct store *store, uint64_t first)
{
	const struct store_actor by = lab_root(1);
	char name[32];
	int err = 0;

	for (uint64_t i = 0; i < ACTS_MOST && err == 0; i++) {
		(void)snprintf(name, sizeof name, "user-%u", (unsigned)(first + i));
		err = store_user_add(store, &by, name, NULL, 0);
	}
	return err;
}

static void test_acts(struct lab *lab)
{
	const struct store_actor by = lab_root(2);
	struct dice dice = {1};
	char path[LAB_PATH_SIZE], fresh[LAB_PATH_SIZE];

	tap_is_int(fill(lab->store, 100), ERR_DISK_FULL, "acts until the disk is full");
	for (int i = 0; i < ACTS_WHILE_FULL; i++)
		(void)dice_act(&dice, lab->store, NULL, LAB_NOW_NS);
	tap_ok(model_explains(lab->store), "nothing half done");
	lab_path(lab, "backup.db", path);
	lab_path(lab, "backup.db.new", fresh);
	tap_ok(store_backup(lab->store, &by, path) < 0, "no room for a backup");
	tap_ok(access(path, F_OK) < 0 && access(fresh, F_OK) < 0, "and nothing of it stays");
	store_close(lab->store);
	lab->store = NULL;
	int err = store_open(lab->path, STORE_EXISTING, LAB_NOW_NS, &lab->store);
	tap_ok(err == 0 || err == ERR_DISK_FULL, "opens while it is full, or says why not");
	store_close(lab->store);
	lab_must(mount_small(lab->directory, MS_REMOUNT, "size=16m") == 0, "make room");
	lab->store = lab_reopen(lab, STORE_EXISTING);
	tap_is_int(store_user_add(lab->store, &by, "afterwards", NULL, 0), 0, "goes on");
	tap_is_int(store_backup(lab->store, &by, path), 0, "so does a backup");
	tap_ok(model_explains(lab->store), "and the log tells it all");
}

/* From nothing to as much as making a store takes: it says that the disk is full, or is there. */
static void test_making(const struct lab *lab)
{
	int full = 0, made = 0, other = 0;

	for (unsigned size_kb = 4; size_kb <= 600; size_kb += 16) {
		struct store *store = NULL;
		char size[32];

		(void)snprintf(size, sizeof size, "size=%uk", size_kb);
		lab_must(mount_small(lab->directory, 0, size) == 0, "mount");
		int err = store_open(lab->path, STORE_CREATE, LAB_NOW_NS, &store);
		full += err == ERR_DISK_FULL;
		made += err == 0;
		other += err != 0 && err != ERR_DISK_FULL;
		if (err != 0 && err != ERR_DISK_FULL)
			printf("# %u KiB: %s\n", size_kb, err_str(err));
		store_close(store);
		lab_must(umount(lab->directory) == 0, "unmount");
	}
	tap_ok(full > 0 && made > 0, "too small a disk, and one that is not");
	tap_is_int(other, 0, "there is nothing between");
}

int main(void)
{
	struct lab lab;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		tap_skip("a full disk", "no mount namespace: not root");
		return tap_done();
	}
	lab_begin(&lab);
	test_making(&lab);
	lab_must(mount_small(lab.directory, 0, "size=1m") == 0, "mount");
	lab_setup(&lab);
	test_acts(&lab);
	store_close(lab.store);
	lab.store = NULL;
	lab_must(umount(lab.directory) == 0, "unmount");
	lab_end(&lab);
	return tap_done();
}
