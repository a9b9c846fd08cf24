/* SPDX-License-Identifier: ISC */
/* Other programs, system users, and whether tacetd is there. */
#include "cli/start.h"

#include "base/error.h"
#include "cli/account.h"
#include "cli/fake_tacetd.h"
#include "cli/spawn.h"
#include "cli/world.h"
#include "tap.h"

#include <errno.h>

enum {
	PATIENCE_MS = 20000,
};

static const struct {
	const char *name;
	const char *argv[4];
	int result;
} programs[] = {
	{"a program that is found in PATH", {"true"}, 0},
	{"its exit code", {"sh", "-c", "exit 7"}, 7},
	{"a signal", {"sh", "-c", "kill -9 $$"}, 128 + 9},
	{"no such program", {"/nonexistent/program"}, -ENOENT},
	{"what may not be executed", {"/etc/passwd"}, -EACCES},
	{"stdin is empty", {"sh", "-c", "! read -r line"}, 0},
};

static void test_programs(void)
{
	const char *const noisy[] = {"sh", "-c", "echo out; echo err >&2; exit 1", NULL};
	struct capture capture;

	for (size_t i = 0; i < ARRAY_LENGTH(programs); i++)
		tap_is_int(spawn_and_wait(programs[i].argv, SPAWN_HIDDEN, PATIENCE_MS),
			programs[i].result, programs[i].name);
	capture_begin(&capture);
	int code = spawn_and_wait(noisy, SPAWN_HIDDEN, PATIENCE_MS);
	capture_end(&capture);
	tap_ok(code > 0 && !*capture.out && !*capture.err, "what is hidden is not seen");
	capture_done(&capture);
}

static void test_accounts(void)
{
	struct capture capture;
	uid_t uid = 4711;
	gid_t gid = 4711;

	tap_is_int(account_find("root", &uid, &gid), 0, "a user");
	tap_is_int(uid, 0, "and its number");
	tap_is_int(account_find("nobody-of-that-name", &uid, &gid), ERR_NOT_FOUND, "none");
	tap_is_int(account_ensure("daemon"), 0, "one that is there already");
	capture_begin(&capture);
	int err = account_ensure("root");
	capture_end(&capture);
	tap_is_int(err, -EPERM, "root is nobody to become");
	tap_ok(strstr(capture.err, "root: is root by another name"), "and that is said");
	capture_done(&capture);
}

/* What is said when TACETD is that. */
static void fails(const struct cli *cli, const char *program, int result, const char *said)
{
	struct capture capture;

	if (setenv("TACETD", program, 1) < 0)
		abort();
	capture_begin(&capture);
	int err = start_daemon(cli);
	capture_end(&capture);
	tap_is_int(err, result, program);
	if (!tap_ok(strstr(capture.err, said), said))
		printf("# got %s\n", capture.err);
	capture_done(&capture);
}

static void test_start(struct cli *cli)
{
	char path[CONFIG_PATH_SIZE];

	tap_ok(!start_is_running(cli), "nobody is there");
	fails(cli, "/nonexistent/tacetd", -ENOENT, "set TACETD to its path");
	fails(cli, "false", -EIO, "it ended with 1");
	cli->config_path = "/nonexistent/tacet.conf";
	fails(cli, "true", -ENOENT, "/nonexistent/tacet.conf: cannot find the configuration");
	struct fake_tacetd *fake = fake_start(config_run_path(&cli->config, CONFIG_SOCKET, path));
	tap_ok(start_is_running(cli), "somebody is");
	tap_is_int(start_daemon(cli), 0, "and is not started again");
	fake_stop(fake);
	tap_ok(!start_is_running(cli), "and has gone");
}

int main(void)
{
	struct cli cli;

	world_make(&cli);
	cli.config_path = "/etc/passwd"; /* a file that is there */
	if (mkdir(cli.config.run, 0755) < 0)
		abort();
	test_programs();
	test_accounts();
	test_start(&cli);
	world_remove();
	return tap_done();
}
