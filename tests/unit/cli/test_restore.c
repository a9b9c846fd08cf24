/* SPDX-License-Identifier: ISC */
/* Restoring, and verifying the audit log, in the file, while tacetd does not run. */
#include "base/random.h"
#include "cli/account.h"
#include "cli/found.h"
#include "cli/table.h"
#include "cli/world.h"
#include "store/user.h"
#include "tap.h"

#include <dirent.h>

static const struct store_actor by = {.name = "root", .way = STORE_WAY_LOCAL, .now_ns = 1};
static const struct cli_entry entry = {.words = "restore", .arguments = "FILE", .summary = ""};

/* Runs a command of one operand. */
static enum cli_exit run(
	const struct cli *cli, cli_command *command, const char *operand, struct capture *capture)
{
	char word[] = "restore", *copy = operand ? strdup(operand) : NULL;
	char *argv[] = {word, copy, NULL};

	capture_begin(capture);
	enum cli_exit result = command(cli, operand ? 2 : 1, argv);
	capture_end(capture);
	free(copy);
	return result;
}

static const char *database(const struct cli *cli)
{
	static char path[CONFIG_PATH_SIZE];

	return config_state_path(&cli->config, CONFIG_DATABASE, path);
}

/* A backup with alice and no mallory. Made as root, so this ends with the owner's files as is. */
static void prepare(const struct cli *cli, const char *backup)
{
	struct founding founding = {.config = &cli->config, .config_path = cli->config_path};
	struct store *store = NULL;

	store_network_draw(entropy_kernel(), &founding.network);
	(void)snprintf(founding.network.name, sizeof founding.network.name, "tacet");
	(void)snprintf(founding.network.endpoint, sizeof founding.network.endpoint, "gw:51820");
	if (found_network(&founding) != CLI_OK)
		abort();
	if (store_open(database(cli), STORE_EXISTING, 1, &store) < 0 ||
		store_user_add(store, &by, "alice", NULL, 0) < 0 ||
		store_backup(store, &by, backup) < 0 ||
		store_user_add(store, &by, "mallory", NULL, 0) < 0)
		abort();
	store_close(store);
}

static bool has_user(const struct cli *cli, const char *name)
{
	struct store_user user;
	struct store *store = NULL;

	if (store_open(database(cli), STORE_READ_ONLY, 1, &store) < 0)
		return false;
	bool found = store_user_get(store, name, &user) == 0;
	store_close(store);
	return found;
}

static unsigned files_of_root(const struct cli *cli)
{
	char path[CONFIG_PATH_SIZE];
	DIR *folder = opendir(config_state_path(&cli->config, "control", path));
	struct stat about;
	unsigned count = 0;

	for (struct dirent *file = readdir(folder); file; file = readdir(folder)) {
		if (file->d_name[0] != '.' && fstatat(dirfd(folder), file->d_name, &about, 0) == 0)
			count += about.st_uid == 0;
	}
	(void)closedir(folder);
	return count;
}

static void test_restore(const struct cli *cli, const char *backup)
{
	struct capture capture;

	tap_is_int(run(cli, cli_restore, backup, &capture), CLI_OK, "it is restored");
	tap_ok(strstr(capture.out, ".replaced; its audit log ended with entry 6, "),
		"and what it replaced is said");
	capture_done(&capture);
	tap_ok(has_user(cli, "alice") && !has_user(cli, "mallory"), "it is what was then");
	tap_is_int(files_of_root(cli), 0, "nothing of it is root's");
	tap_is_int(run(cli, cli_audit_verify, NULL, &capture), CLI_OK, "the log is sound");
	tap_ok(strstr(capture.out, "sound: 6 entries"), "and goes on: the restoring is an entry");
	capture_done(&capture);
}

static void test_refusals(const struct cli *cli)
{
	struct capture capture;

	tap_is_int(run(cli, cli_restore, "/etc/passwd", &capture), CLI_REFUSED, "no backup");
	tap_ok(strstr(capture.err, "/etc/passwd: was not restored; everything is as it was"),
		"is said");
	capture_done(&capture);
	tap_is_int(run(cli, cli_restore, "/nonexistent/x", &capture), CLI_FAILED, "no file");
	capture_done(&capture);
	tap_ok(has_user(cli, "alice"), "and nothing has changed");
}

/* Somebody writes into the file. */
static void test_tampering(const struct cli *cli, const char *other)
{
	struct capture capture;
	struct cli device = *cli;

	device.config.role = CONFIG_CLIENT;
	tap_is_int(run(&device, cli_audit_verify, NULL, &capture), CLI_FAILED, "on a device");
	capture_done(&capture);
	FILE *file = fopen(database(cli), "r+");
	if (!file || fseek(file, 5000, SEEK_SET) != 0 || fputs(other, file) < 0 ||
		fclose(file) != 0)
		abort();
	tap_ok(run(cli, cli_audit_verify, NULL, &capture) != CLI_OK, "a file that was damaged");
	tap_ok(*capture.err != '\0', "and that is said");
	capture_done(&capture);
}

int main(void)
{
	struct cli cli;
	char backup[64];

	if (geteuid() != 0) {
		tap_skip("restoring", "not root");
		return tap_done();
	}
	world_make(&cli);
	cli.entry = &entry;
	(void)snprintf(backup, sizeof backup, "%s/backup", world_folder);
	prepare(&cli, backup);
	test_restore(&cli, backup);
	test_refusals(&cli);
	test_tampering(&cli, "something else altogether");
	world_remove();
	return tap_done();
}
