/* SPDX-License-Identifier: ISC */
#include "cli/found.h"

#include "base/base64.h"
#include "base/random.h"
#include "cli/account.h"
#include "cli/file.h"
#include "cli/world.h"
#include "store/gateway.h"
#include "tap.h"

static char config_path[64];

static struct founding founding_of(const struct cli *cli)
{
	struct founding founding = {
		.config = &cli->config, .config_path = config_path, .writes_config = true};

	store_network_draw(entropy_kernel(), &founding.network);
	(void)snprintf(founding.network.name, sizeof founding.network.name, "tacet");
	(void)snprintf(founding.network.endpoint, sizeof founding.network.endpoint, "gw:51820");
	return founding;
}

/* Whether `path` below the state folder is of that user and mode. */
static bool is_of(const struct cli *cli, const char *name, const char *user, mode_t mode)
{
	char path[CONFIG_PATH_SIZE];
	struct stat about;
	uid_t uid = 0;
	gid_t gid = 0;

	if (account_find(user, &uid, &gid) < 0)
		return false;
	return stat(config_state_path(&cli->config, name, path), &about) == 0 &&
	       about.st_uid == uid && about.st_gid == gid && (about.st_mode & 07777) == mode;
}

/* The key that was written has the public half that was told, and that the database knows. */
static void test_key(const struct cli *cli, const struct founding *founding)
{
	uint8_t private_key[X25519_KEY_SIZE], public_key[X25519_KEY_SIZE];
	struct x25519_private *private = NULL;
	char path[CONFIG_PATH_SIZE], *text = NULL;
	struct store_gateway gateway = {0};
	struct store_network network = {0};
	struct store *store = NULL;
	size_t size = 0;

	tap_is_int(file_read(config_state_path(&cli->config, CONFIG_SERVER_KEY, path), 100, &text,
			   &size),
		0, "the key is there");
	tap_ok(size == 45 && text[44] == '\n', "as wg(8) writes keys");
	tap_is_int(base64_key_parse(text, 44, private_key), 0, "and can be read");
	tap_is_int(x25519_private_new(private_key, &private, public_key), 0, "and is one");
	tap_is_bytes(public_key, founding->public_key, sizeof public_key, "of that public half");
	tap_is_int(store_open(config_state_path(&cli->config, CONFIG_DATABASE, path),
			   STORE_READ_ONLY, 1, &store),
		0, "the database is there");
	tap_is_int(store_network_get(store, &network), 0, "with the network");
	tap_ok(strcmp(network.endpoint, "gw:51820") == 0 &&
			strcmp(network.server_key,
				config_state_path(&cli->config, CONFIG_SERVER_KEY, path)) == 0,
		"its endpoint, and the place of its key");
	tap_is_int(store_gateway_get(store, "gateway", &gateway), 0, "and its gateway");
	tap_is_bytes(gateway.public_key, public_key, sizeof public_key, "of that key");
	store_close(store);
	x25519_private_free(private);
	free(text);
}

static void test_founding(const struct cli *cli)
{
	struct founding founding = founding_of(cli);
	char space[CONFIG_PATH_SIZE], error[CONFIG_ERROR_SIZE];
	struct config config;

	tap_ok(found_trace(&cli->config, space) == NULL, "no network is there");
	tap_is_int(found_network(&founding), CLI_OK, "one is founded");
	tap_ok(found_trace(&cli->config, space) != NULL, "and leaves its trace");
	tap_ok(is_of(cli, "", "root", 0755), "the state folder");
	tap_ok(is_of(cli, CONFIG_SERVER_KEY, "root", 0600), "the key");
	tap_ok(is_of(cli, "control", "daemon", 0700), "the control process's folder");
	tap_ok(is_of(cli, "engine", "bin", 0700), "the engine's folder");
	tap_ok(is_of(cli, CONFIG_DATABASE, "daemon", 0600), "the database");
	tap_is_int(config_read(config_path, &config, error), 0, "the configuration");
	tap_ok(strcmp(config.state, cli->config.state) == 0, "says where they are");
	test_key(cli, &founding);
}

/* What fails leaves nothing behind, wherever it does. */
static void test_failures(struct cli *cli)
{
	struct capture capture;
	struct founding founding = founding_of(cli);

	founding.network.overlay.ipv4.length = 30; /* no such network */
	capture_begin(&capture);
	enum cli_exit result = found_network(&founding);
	capture_end(&capture);
	tap_is_int(result, CLI_FAILED, "a database that cannot be filled");
	tap_ok(strstr(capture.err, "cannot make the database"), "is said");
	capture_done(&capture);
	founding = founding_of(cli);
	founding.config_path = "/proc/no-such-folder/tacet.conf";
	capture_begin(&capture);
	result = found_network(&founding);
	capture_end(&capture);
	tap_is_int(result, CLI_FAILED, "a configuration that cannot be written");
	capture_done(&capture);
	tap_ok(rmdir(world_folder) == 0, "nothing was left behind");
	if (mkdir(world_folder, 0755) < 0)
		abort();
}

int main(void)
{
	struct cli cli;

	if (geteuid() != 0) {
		tap_skip("founding", "not root");
		return tap_done();
	}
	world_make(&cli);
	(void)snprintf(config_path, sizeof config_path, "%s/etc/tacet.conf", world_folder);
	test_failures(&cli);
	test_founding(&cli);
	world_remove();
	return tap_done();
}
