/* SPDX-License-Identifier: ISC */
#include "cli/found.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "cli/account.h"
#include "cli/file.h"
#include "cli/text.h"
#include "store/gateway.h"

#include <assert.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MADE_MAX = 32, /* files and folders, a deep state folder included */
};

#define GATEWAY "gateway" /* what this host is called among gateways */

/* What was made so far, to be removed again. */
struct made {
	char *paths[MADE_MAX];
	size_t count;
};

static void remember(struct made *made, const char *path)
{
	assert(made->count < MADE_MAX);
	made->paths[made->count++] = text_format("%s", path);
}

/* Forgets what was made; the last first, and from the disk where the founding failed. */
static void finish(struct made *made, enum cli_exit result)
{
	while (made->count > 0) {
		char *path = made->paths[--made->count];
		if (result != CLI_OK && remove(path) < 0 && errno != ENOENT)
			log_warn(-errno, "%s: cannot remove it again: do so by hand", path);
		free(path);
	}
}

static enum cli_exit fail(int err, const char *path, const char *what)
{
	log_err(err, "%s: cannot %s", path, what);
	return CLI_FAILED;
}

const char *found_trace(const struct config *config, char space[static CONFIG_PATH_SIZE])
{
	static const char *const files[] = {CONFIG_SERVER_KEY, CONFIG_DATABASE, CONFIG_DEVICE_KEY,
		CONFIG_DEVICE, CONFIG_GATEWAY_KEY, CONFIG_GATEWAY_FILE};

	for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
		if (access(config_state_path(config, files[i], space), F_OK) == 0)
			return space;
	}
	return NULL;
}

/* One folder; one that is there keeps its mode, unless it is to be somebody's own. */
static int make_folder(struct made *made, const char *path, mode_t mode)
{
	if (mkdir(path, mode) < 0)
		return errno == EEXIST ? 0 : -errno;
	remember(made, path);
	return chmod(path, mode) < 0 ? -errno : 0; /* whatever the umask */
}

/* The folder and those above it, of root. */
static int make_folders(struct made *made, const char *path, mode_t mode)
{
	AUTO_TEXT char *part = text_format("%s", path);
	int err = 0;

	for (char *at = part + 1; err == 0 && *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		err = make_folder(made, part, mode);
		*at = '/';
	}
	return err < 0 ? err : make_folder(made, path, mode);
}

/* A folder of one of the system users. */
static enum cli_exit make_own_folder(struct made *made, const char *path, const char *user)
{
	uid_t uid;
	gid_t gid;

	int err = account_find(user, &uid, &gid);
	if (err == 0)
		err = make_folder(made, path, 0700);
	if (err == 0 && (chown(path, uid, gid) < 0 || chmod(path, 0700) < 0))
		err = -errno;
	return err < 0 ? fail(err, path, "make this folder") : CLI_OK;
}

static enum cli_exit lay_out(struct made *made, const struct config *config)
{
	char control[CONFIG_PATH_SIZE], engine[CONFIG_PATH_SIZE];

	int err = make_folders(made, config->state, 0755);
	if (err < 0)
		return fail(err, config->state, "make this folder");
	err = make_folders(made, config->run, 0755);
	if (err < 0)
		return fail(err, config->run, "make this folder");
	(void)config_state_path(config, CONFIG_DATABASE, control);
	enum cli_exit result = make_own_folder(made, dirname(control), config->control_user);
	if (result != CLI_OK)
		return result;
	return make_own_folder(
		made, config_state_path(config, CONFIG_ENGINE_FOLDER, engine), config->engine_user);
}

/* The text of the private key, with its line end, and the public key. */
static int draw_key(
	char ret_text[static BASE64_KEY_TEXT_SIZE + 1], uint8_t ret_public[static X25519_KEY_SIZE])
{
	uint8_t private_key[X25519_KEY_SIZE];
	struct x25519_private *private = NULL;

	entropy_fill(entropy_kernel(), private_key, sizeof private_key);
	x25519_clamp(private_key);
	int err = x25519_private_new(private_key, &private, ret_public);
	x25519_private_free(private);
	(void)base64_key_format(private_key, ret_text);
	ret_text[BASE64_KEY_TEXT_SIZE - 1] = '\n';
	bytes_wipe(private_key, sizeof private_key);
	return err;
}

static enum cli_exit make_key(struct made *made, struct founding *founding)
{
	char text[BASE64_KEY_TEXT_SIZE + 1];
	char path[CONFIG_PATH_SIZE];

	(void)config_state_path(founding->config, CONFIG_SERVER_KEY, path);
	int err = draw_key(text, founding->public_key);
	if (err == 0)
		err = file_write_new(path, text, BASE64_KEY_TEXT_SIZE, 0600);
	bytes_wipe(text, sizeof text);
	if (err < 0)
		return fail(err, path, "make the server's key");
	remember(made, path);
	(void)snprintf(founding->network.server_key, sizeof founding->network.server_key, "%s",
		path); /* its place, never itself; fits */
	return CLI_OK;
}

/* The database's content. */
static int fill(const char *path, const struct founding *founding)
{
	const struct store_actor by = {
		.name = "root", .way = STORE_WAY_LOCAL, .now_ns = clock_now().realtime_ns};
	struct store_gateway gateway;
	struct store *store = NULL;

	int err = store_open(path, STORE_CREATE, by.now_ns, &store);
	if (err == 0)
		err = store_network_init(store, &by, &founding->network);
	if (err == 0)
		err = store_gateway_add(store, &by, GATEWAY, founding->public_key,
			founding->network.endpoint, &gateway);
	store_close(store);
	return err;
}

static enum cli_exit make_database(struct made *made, const struct founding *founding)
{
	static const char *const companions[] = {"", "-wal", "-shm", "-journal"};
	char path[CONFIG_PATH_SIZE];
	uid_t uid;
	gid_t gid;

	(void)config_state_path(founding->config, CONFIG_DATABASE, path);
	for (size_t i = 0; i < ARRAY_LENGTH(companions); i++) {
		AUTO_TEXT char *beside = text_format("%s%s", path, companions[i]);
		remember(made, beside); /* found_trace() saw that there was none */
	}
	int err = account_find(founding->config->control_user, &uid, &gid);
	if (err == 0)
		err = file_act_as(uid, gid);
	if (err < 0)
		return fail(err, path, "act as its user");
	err = fill(path, founding);
	file_act_as_root();
	return err < 0 ? fail(err, path, "make the database") : CLI_OK;
}

static enum cli_exit make_config(struct made *made, const struct founding *founding)
{
	AUTO_TEXT char *copy = text_format("%s", founding->config_path);

	if (!founding->writes_config)
		return CLI_OK;
	int err = copy[0] == '/' ? make_folders(made, dirname(copy), 0755) : 0;
	if (err == 0)
		err = config_write(founding->config, founding->config_path);
	if (err < 0)
		return fail(err, founding->config_path, "write the configuration");
	remember(made, founding->config_path);
	return CLI_OK;
}

static enum cli_exit make_accounts(const struct config *config)
{
	if (account_ensure(config->engine_user) < 0 || account_ensure(config->control_user) < 0 ||
		account_ensure(config->radar_user) < 0)
		return CLI_FAILED; /* said already */
	return CLI_OK;
}

enum cli_exit found_network(struct founding *founding)
{
	struct made made = {0};

	enum cli_exit result = make_accounts(founding->config);
	if (result == CLI_OK)
		result = lay_out(&made, founding->config);
	if (result == CLI_OK)
		result = make_key(&made, founding);
	if (result == CLI_OK)
		result = make_database(&made, founding);
	if (result == CLI_OK)
		result = make_config(&made, founding);
	finish(&made, result);
	return result;
}
