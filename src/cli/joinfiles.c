/* SPDX-License-Identifier: ISC */
#include "cli/joinfiles.h"

#include "base/error.h"
#include "base/log.h"
#include "cli/account.h"
#include "cli/file.h"
#include "cli/text.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MODE_PUBLIC = 0755,
	MODE_PRIVATE = 0700,
	DEPTH_MAX = 8, /* folders above one that may be missing */
};

#define CONTROL_FOLDER "control"
#define JOIN_FOLDER "join"
#define JOIN_TIMESTAMPS JOIN_FOLDER "/timestamps" /* made by the engine */

/* By role: where it is kept, and the same until it is enrolled. */
static const struct {
	const char *key, *new_key, *who, *new_who;
} names[] = {
	[CONFIG_CLIENT] = {CONFIG_DEVICE_KEY, CONFIG_DEVICE_KEY ".new", CONFIG_DEVICE,
		CONFIG_DEVICE ".new"},
	[CONFIG_GATEWAY] = {CONFIG_GATEWAY_KEY, CONFIG_GATEWAY_KEY ".new", CONFIG_GATEWAY_FILE,
		CONFIG_GATEWAY_FILE ".new"},
};

static enum cli_exit fail(int err, const char *path, const char *what)
{
	log_err(err, "%s: cannot %s", path, what);
	return CLI_FAILED;
}

static void remember(struct joinfiles *files, const char *path)
{
	assert(files->made_count < JOINFILES_MADE_MAX);
	files->made[files->made_count++] = text_format("%s", path);
}

/* ---- folders ---- */

/* The folders above a path, the highest first: how many are missing. */
static size_t missing_above(const char *path, char ret_paths[DEPTH_MAX][CONFIG_PATH_SIZE])
{
	size_t count = 0;
	char at[CONFIG_PATH_SIZE];

	(void)snprintf(at, sizeof at, "%s", path);
	while (count < DEPTH_MAX) {
		const char *above = dirname(at);
		if (access(above, F_OK) == 0)
			break;
		(void)snprintf(ret_paths[count++], CONFIG_PATH_SIZE, "%s", above);
	}
	return count;
}

static int make_above(struct joinfiles *files, const char *path)
{
	char missing[DEPTH_MAX][CONFIG_PATH_SIZE];

	for (size_t left = missing_above(path, missing); left > 0; left--) {
		if (mkdir(missing[left - 1], MODE_PUBLIC) < 0)
			return -errno;
		remember(files, missing[left - 1]);
	}
	return 0;
}

/* One that is there stays as it is, but for its owner and mode. */
static int make_folder(struct joinfiles *files, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	if (mkdir(path, mode) == 0)
		remember(files, path);
	else if (errno != EEXIST)
		return -errno;
	return chown(path, uid, gid) < 0 || chmod(path, mode) < 0 ? -errno : 0;
}

static enum cli_exit make_folders(struct joinfiles *files)
{
	const struct {
		const char *name;
		mode_t mode;
		uid_t uid;
		gid_t gid;
	} folders[] = {
		{"", MODE_PUBLIC, 0, 0},
		{CONTROL_FOLDER, MODE_PRIVATE, files->control_uid, files->control_gid},
		{CONFIG_ENGINE_FOLDER, MODE_PRIVATE, files->engine_uid, files->engine_gid},
		{JOIN_FOLDER, MODE_PRIVATE, 0, 0},
	};
	char path[CONFIG_PATH_SIZE];

	int err = make_above(files, files->config->state);
	if (err < 0)
		return fail(err, files->config->state, "make the folders above it");
	for (size_t i = 0; i < ARRAY_LENGTH(folders); i++) {
		const char *name = folders[i].name;
		const char *folder =
			*name ? config_state_path(files->config, name, path) : files->config->state;
		err = make_folder(files, folder, folders[i].mode, folders[i].uid, folders[i].gid);
		if (err < 0)
			return fail(err, folder, "make this folder");
	}
	return CLI_OK;
}

/* ---- users ---- */

static enum cli_exit find_users(struct joinfiles *files)
{
	const struct config *config = files->config;

	if (account_ensure(config->engine_user) < 0 || account_ensure(config->control_user) < 0 ||
		account_ensure(config->radar_user) < 0)
		return CLI_FAILED; /* it has said why */
	int err = account_find(config->engine_user, &files->engine_uid, &files->engine_gid);
	if (err == 0)
		err = account_find(config->control_user, &files->control_uid, &files->control_gid);
	return err < 0 ? fail(err, config->control_user, "look this user up") : CLI_OK;
}

/* ---- all of it ---- */

enum cli_exit joinfiles_begin(struct joinfiles *files, const struct config *config,
	const char *config_path, const struct device_key *key)
{
	*files = (struct joinfiles){.config = config, .config_path = config_path};
	(void)config_state_path(config, names[config->role].key, files->key_path);
	(void)config_state_path(config, names[config->role].new_key, files->new_key_path);
	(void)config_state_path(config, JOIN_FOLDER, files->folder);
	enum cli_exit result = find_users(files);
	if (result == CLI_OK)
		result = make_folders(files);
	if (result != CLI_OK)
		return result;
	int err = device_key_write(files->new_key_path, key);
	if (err < 0)
		return fail(err, files->new_key_path, "write the device's keys");
	return CLI_OK;
}

static enum cli_exit write_config(struct joinfiles *files)
{
	int err = make_above(files, files->config_path);

	if (err == 0)
		err = config_write(files->config, files->config_path);
	if (err < 0)
		return fail(err, files->config_path, "write the configuration");
	remember(files, files->config_path);
	return CLI_OK;
}

enum cli_exit joinfiles_finish(
	struct joinfiles *files, const struct device *device, bool writes_config)
{
	char path[CONFIG_PATH_SIZE], new_path[CONFIG_PATH_SIZE];
	enum cli_exit result = writes_config ? write_config(files) : CLI_OK;

	if (result != CLI_OK)
		return result;
	(void)config_state_path(files->config, names[files->config->role].new_who, new_path);
	int err = device_write(new_path, device, files->control_uid, files->control_gid);
	if (err < 0)
		return fail(err, new_path, "write who this device is");
	if (rename(files->new_key_path, files->key_path) < 0)
		return fail(-errno, files->key_path, "put the device's keys in place");
	(void)config_state_path(files->config, names[files->config->role].who, path);
	if (rename(new_path, path) < 0)
		return fail(-errno, path, "put in place who this device is");
	/* of another gateway that this host was; there may be none */
	(void)unlink(config_state_path(files->config, CONFIG_GATEWAY_PLAN, new_path));
	err = file_sync_folder(path);
	return err < 0 ? fail(err, path, "make it durable") : CLI_OK;
}

/* Files of a folder, and itself. */
static void remove_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	if (!folder)
		return; /* it was not made */
	while ((entry = readdir(folder)))
		(void)unlinkat(dirfd(folder), entry->d_name, 0); /* not . and .. */
	(void)closedir(folder);					 /* it was only read */
	(void)rmdir(path);					 /* nothing that matters is left */
}

void joinfiles_end(struct joinfiles *files, enum cli_exit result)
{
	char path[CONFIG_PATH_SIZE];

	remove_folder(config_state_path(files->config, JOIN_TIMESTAMPS, path));
	remove_folder(files->folder);
	(void)unlink(files->new_key_path); /* gone where all went well, as is the other */
	(void)unlink(config_state_path(files->config, names[files->config->role].new_who, path));
	while (files->made_count > 0) {
		char *made = files->made[--files->made_count];
		if (result != CLI_OK && remove(made) < 0 && errno != ENOENT)
			log_warn(-errno, "%s: cannot remove it again: do so by hand", made);
		free(made);
	}
}
