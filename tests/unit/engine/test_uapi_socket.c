/* SPDX-License-Identifier: ISC */
#include "tap.h"

#include "uapi_lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "tacet0"
#define FILE_OF_NAME UAPI_DIRECTORY "/" NAME ".sock"
#define OK "errno=0\n\n"
#define GET "get=1\n\n"

static int mode_of(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 ? (int)(status.st_mode & 07777) : -1;
}

static bool is_there(const char *path)
{
	return mode_of(path) >= 0;
}

static void test_modes(void)
{
	struct uapi_lab lab;
	mode_t mask = umask(0);

	uapi_lab_start(&lab, NAME);
	tap_is_int(mode_of(UAPI_DIRECTORY), 0700, "the directory is for root only");
	tap_is_int(mode_of(FILE_OF_NAME), 0600, "and the socket, whatever the umask");
	uapi_lab_done(&lab);
	tap_ok(!is_there(FILE_OF_NAME), "which is removed at the end");
	tap_is_int(umask(mask), 0, "the umask is left alone");
}

static void test_directory(void)
{
	struct uapi_lab lab;

	(void)chmod(UAPI_DIRECTORY, 0755); /* shown by the next check */
	uapi_lab_start(&lab, NAME);
	tap_is_int(mode_of(UAPI_DIRECTORY), 0755, "a directory that is there stays as it is");
	uapi_lab_done(&lab);
	(void)chmod(UAPI_DIRECTORY, 01777); /* as above */
	uapi_lab_init(&lab);
	tap_is_int(uapi_lab_open(&lab, NAME), -EPERM, "a directory that is open to all is refused");
	(void)rmdir(UAPI_DIRECTORY); /* as above */
	(void)close(open(UAPI_DIRECTORY, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	tap_is_int(uapi_lab_open(&lab, NAME), -ENOTDIR, "a file in its place is refused");
	(void)unlink(UAPI_DIRECTORY);
	tap_is_int(uapi_lab_open(&lab, NAME), 0, "once it is gone, a directory is made");
	uapi_lab_done(&lab);
}

static void test_names(void)
{
	static const struct {
		const char *name;
		int result;
	} rows[] = {
		{"", -EINVAL},
		{".", -EINVAL},
		{"..", -EINVAL},
		{"../tacet0", -EINVAL},
		{"a/b", -EINVAL},
		{"abcdefghijklmnop", -EINVAL},
		{"abcdefghijklmno", 0},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct uapi_lab lab;
		char name[64];

		uapi_lab_init(&lab);
		(void)snprintf(name, sizeof name, "an interface named \"%s\"", rows[i].name);
		tap_is_int(uapi_lab_open(&lab, rows[i].name), rows[i].result, name);
		uapi_lab_done(&lab);
	}
}

static void test_second_server(void)
{
	struct uapi_lab lab, other;

	uapi_lab_start(&lab, NAME);
	uapi_lab_init(&other);
	tap_is_int(uapi_lab_open(&other, NAME), -EADDRINUSE, "a second server of the same name");
	tap_is_int(uapi_lab_open(&other, "tacet1"), 0, "one of another name");
	uapi_lab_done(&other);
	int fd = uapi_lab_client(NAME);
	tap_ok(uapi_lab_ask(&lab, fd, GET, OK), "the first goes on");
	tap_is_int(lab.removed, 0, "and was not told that its file was removed");
	(void)close(fd);
	uapi_lab_done(&lab);
}

static void test_stale(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = FILE_OF_NAME};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct uapi_lab lab;

	tap_ok(bind(fd, (const struct sockaddr *)&address, sizeof address) == 0, "a stale file");
	(void)close(fd);
	uapi_lab_init(&lab);
	tap_is_int(uapi_lab_open(&lab, NAME), 0, "is replaced");
	fd = uapi_lab_client(NAME);
	tap_ok(uapi_lab_ask(&lab, fd, GET, OK), "by one that answers");
	(void)close(fd);
	uapi_lab_done(&lab);
}

/* What a server leaves behind that may not remove its file any more. */
static void test_clear(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = FILE_OF_NAME};
	struct uapi_lab lab;

	tap_is_int(uapi_socket_clear(NAME), 0, "nothing to clear away");
	tap_is_int(uapi_socket_clear("a/b"), -EINVAL, "no name of an interface");
	uapi_lab_start(&lab, NAME);
	tap_is_int(uapi_socket_clear(NAME), 0, "somebody listens");
	tap_ok(is_there(FILE_OF_NAME), "whose file is left alone");
	uapi_lab_done(&lab);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	tap_ok(bind(fd, (const struct sockaddr *)&address, sizeof address) == 0, "a stale file");
	(void)close(fd);
	tap_is_int(uapi_socket_clear(NAME), 0, "is cleared away");
	tap_ok(!is_there(FILE_OF_NAME), "and gone");
}

static void test_not_a_socket(void)
{
	struct uapi_lab lab;

	(void)close(open(FILE_OF_NAME, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	uapi_lab_init(&lab);
	tap_is_int(uapi_lab_open(&lab, NAME), -EEXIST, "a file that is no socket");
	tap_ok(is_there(FILE_OF_NAME), "is left alone");
	(void)unlink(FILE_OF_NAME);
	uapi_lab_done(&lab);
}

static void test_removed(void)
{
	struct uapi_lab lab;

	uapi_lab_start(&lab, NAME);
	(void)close(open(UAPI_DIRECTORY "/other", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	(void)unlink(UAPI_DIRECTORY "/other");
	uapi_lab_turn(&lab);
	tap_is_int(lab.removed, 0, "another file is removed: no matter");
	(void)unlink(FILE_OF_NAME);
	uapi_lab_turn(&lab);
	tap_is_int(lab.removed, 1, "ours is removed: the program hears of it");
	(void)close(open(FILE_OF_NAME, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	uapi_lab_turn(&lab);
	tap_is_int(lab.removed, 1, "once");
	uapi_lab_done(&lab);
	tap_ok(is_there(FILE_OF_NAME), "a file that is not ours is not removed at the end");
	(void)unlink(FILE_OF_NAME);
}

static void test_renamed(void)
{
	struct uapi_lab lab;

	uapi_lab_start(&lab, NAME);
	lab.closes_when_removed = true;
	(void)rename(FILE_OF_NAME, UAPI_DIRECTORY "/moved");
	uapi_lab_turn(&lab);
	tap_is_int(lab.removed, 1, "a rename is a removal; the server may be closed then");
	uapi_lab_done(&lab);
	(void)unlink(UAPI_DIRECTORY "/moved");
}

/* In a child that is nobody: 0 connected, 1 could not become nobody or connect. */
static int dial_as_nobody(void)
{
	char text[16];

	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		return 77;
	int fd = uapi_lab_dial(NAME);
	if (fd < 0)
		return 1;
	(void)fcntl(fd, F_SETFL, 0); /* reading waits */
	(void)send(fd, GET, strlen(GET), MSG_NOSIGNAL);
	return read(fd, text, sizeof text) > 0 ? 2 : 0;
}

/* Runs dial_as_nobody() in a child while the loop turns. */
static int ask_nobody(struct uapi_lab *lab)
{
	int status = 0;

	(void)fflush(stdout);
	pid_t child = fork();
	if (child == 0)
		_exit(dial_as_nobody());
	while (waitpid(child, &status, WNOHANG) == 0)
		(void)uv_run(&lab->loop, UV_RUN_NOWAIT); /* handles are left */
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_strangers(void)
{
	struct uapi_lab lab;

	uapi_lab_start(&lab, NAME);
	int result = ask_nobody(&lab);
	if (result == 77) {
		tap_skip("another user", "cannot become another user");
	} else {
		tap_is_int(result, 1, "another user cannot connect");
		(void)chmod(UAPI_DIRECTORY, 0755);
		(void)chmod(FILE_OF_NAME, 0666);
		tap_is_int(ask_nobody(&lab), 0, "and where the modes let it, hears nothing");
		(void)chmod(UAPI_DIRECTORY, 0700);
	}
	tap_is_int(lab.removed, 0, "a changed mode is no removal");
	uapi_lab_done(&lab);
}

int main(void)
{
	const char *why = uapi_lab_isolate();

	if (why) {
		tap_skip("the socket file of the userspace interface", why);
		return tap_done();
	}
	test_modes();
	test_directory();
	test_names();
	test_second_server();
	test_stale();
	test_clear();
	test_not_a_socket();
	test_removed();
	test_renamed();
	test_strangers();
	return tap_done();
}
