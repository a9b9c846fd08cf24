/* SPDX-License-Identifier: ISC */
/* The block of ours in hosts files of all kinds. */
#include "client/hosts.h"

#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEGIN "# tacet net: begin\n"
#define END "# tacet net: end\n"
#define TWO "100.80.64.1\tdb.net\nfd00::1\tweb.net\n"
#define BLOCK BEGIN TWO END
#define OTHERS "# tacet other: begin\n100.99.0.1\tweb.other\n# tacet other: end\n"

enum {
	FILE_MAX = 4096,
};

static char folder[] = "/tmp/tacet-hosts-XXXXXX";
static char path[64];

static void put(const char *text, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		abort();
	close(fd);
}

static size_t get(char *ret_text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, ret_text, FILE_MAX);

	if (fd >= 0)
		close(fd);
	return size < 0 ? 0 : (size_t)size;
}

static struct message_name name(const char *text, const char *address)
{
	struct message_name name = {0};

	if (address_parse(address, strlen(address), &name.address) < 0)
		abort();
	(void)snprintf(name.name, sizeof name.name, "%s", text);
	return name;
}

/* What was there, what is there after two names, and after none. */
static const struct {
	const char *label, *before, *with, *without;
} files[] = {
	{"empty", "", BLOCK, ""},
	{"usual", "127.0.0.1 localhost\n", "127.0.0.1 localhost\n" BLOCK, "127.0.0.1 localhost\n"},
	{"no newline at the end", "127.0.0.1 localhost", "127.0.0.1 localhost\n" BLOCK,
		"127.0.0.1 localhost\n"},
	{"block in the middle", "a\n" BEGIN "1.2.3.4\tx.net\n" END "b\n", "a\n" BLOCK "b\n",
		"a\nb\n"},
	{"block already right", "a\n" BLOCK "b\n", "a\n" BLOCK "b\n", "a\nb\n"},
	{"block without its end", "a\n" BEGIN "1.2.3.4\tx.net\n1.2.3.4 mine\n",
		"a\n" BLOCK "1.2.3.4 mine\n", "a\n1.2.3.4 mine\n"},
	{"end without its begin", "a\n" END "b\n", "a\nb\n" BLOCK, "a\nb\n"},
	{"two blocks", BEGIN "1.2.3.4\tx.net\n" END "a\n" BLOCK "b\n", BLOCK "a\nb\n", "a\nb\n"},
	{"somebody's lines in the block", BEGIN "# mine\n1.2.3.4\tx.net\n1.2.3.4 y z\n" END,
		BLOCK "# mine\n1.2.3.4 y z\n", "# mine\n1.2.3.4 y z\n"},
	{"another network's block", OTHERS, OTHERS BLOCK, OTHERS},
	{"carriage returns", "a\r\n# tacet net: begin\r\n1.2.3.4\tx.net\n# tacet net: end\r\nb\r\n",
		"a\r\n" BLOCK "b\r\n", "a\r\nb\r\n"},
	{"only line ends", "\n\n\n", "\n\n\n" BLOCK, "\n\n\n"},
	{"end as the last word", "a\n" BEGIN "# tacet net: end", "a\n" BLOCK, "a\n"},
};

static bool is(const char *want)
{
	char text[FILE_MAX];
	size_t size = get(text);

	return size == strlen(want) && memcmp(text, want, size) == 0;
}

static void test_files(void)
{
	const struct message_name names[] = {
		name("db.net", "100.80.64.1"), name("web.net", "fd00::1")};

	for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
		put(files[i].before, strlen(files[i].before));
		tap_is_int(hosts_write(path, "net", names, 2), 0, files[i].label);
		tap_ok(is(files[i].with), "has the block");
		tap_is_int(hosts_write(path, "net", names, 0), 0, "removed again");
		tap_ok(is(files[i].without), "has no block");
	}
}

static void test_bytes(void)
{
	static const char bytes[] = "a\0b\xff\n" BEGIN END "\0c";
	static const char want[] = "a\0b\xff\n\0c";
	char text[FILE_MAX];

	put(bytes, sizeof bytes - 1);
	tap_is_int(hosts_write(path, "net", NULL, 0), 0, "zeros and high bytes");
	size_t size = get(text);
	tap_is_int((intmax_t)size, sizeof want - 1, "as many as there were");
	tap_is_bytes(text, want, sizeof want - 1, "and the same");
}

static void test_metadata(void)
{
	const struct message_name one = name("db.net", "100.80.64.1");
	struct stat before, after;

	put("a\n", 2);
	(void)chmod(path, 0604);
	(void)stat(path, &before);
	tap_is_int(hosts_write(path, "net", &one, 1), 0, "written");
	(void)stat(path, &after);
	tap_is_int(after.st_mode & 07777, 0604, "with the mode that it had");
	tap_ok(after.st_ino != before.st_ino, "by another file in its place");
	tap_is_int(hosts_write(path, "net", &one, 1), 0, "written again");
	(void)stat(path, &before);
	tap_ok(after.st_ino == before.st_ino && after.st_mtim.tv_nsec == before.st_mtim.tv_nsec,
		"nothing was, for nothing changed");
}

static void test_link(void)
{
	const struct message_name one = name("db.net", "100.80.64.1");
	char link_path[80];
	struct stat status;

	(void)snprintf(link_path, sizeof link_path, "%s/link", folder);
	put("a\n", 2);
	tap_ok(symlink(path, link_path) == 0, "a link");
	tap_is_int(hosts_write(link_path, "net", &one, 1), 0, "by a symbolic link");
	tap_ok(lstat(link_path, &status) == 0 && S_ISLNK(status.st_mode), "which stays one");
	tap_ok(is("a\n" BEGIN "100.80.64.1\tdb.net\n" END), "and its file has the block");
	(void)unlink(link_path);
}

static void test_missing(void)
{
	const struct message_name one = name("db.net", "100.80.64.1");
	struct stat status;

	(void)unlink(path);
	tap_is_int(hosts_write(path, "net", NULL, 0), 0, "no file and no names");
	tap_ok(stat(path, &status) < 0, "none is made");
	tap_is_int(hosts_write(path, "net", &one, 1), 0, "no file and a name");
	tap_ok(stat(path, &status) == 0 && (status.st_mode & 07777) == 0644, "one is made");
	tap_is_int(hosts_write("/nonexistent/hosts", "net", &one, 1), -ENOENT, "no folder");
	tap_is_int(hosts_write(folder, "net", &one, 1), -EINVAL, "a folder");
}

static void test_refusals(void)
{
	static const char *const wrong[] = {
		"", "a b", "a\tb", "a\nb", "a#b", "a\xff", "a\x7f", "a:b"};
	struct message_name one = name("db.net", "100.80.64.1");

	put("a\n", 2);
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		one = name(wrong[i], "100.80.64.1");
		tap_is_int(hosts_write(path, "net", &one, 1), -EINVAL, "a name that is none");
		one = name("db.net", "100.80.64.1");
		tap_is_int(hosts_write(path, wrong[i], &one, 1), -EINVAL, "such a network");
	}
	one.address.family = ADDRESS_NONE;
	tap_is_int(hosts_write(path, "net", &one, 1), -EINVAL, "no address");
	one = name("db.net", "100.80.64.1");
	memset(one.name, 'a', sizeof one.name);
	tap_is_int(hosts_write(path, "net", &one, 1), -EINVAL, "a name without an end");
	tap_ok(is("a\n"), "nothing was written");
}

static void test_size(void)
{
	put("a\n", 2);
	tap_ok(truncate(path, HOSTS_FILE_MAX + 1) == 0, "one byte too long");
	tap_is_int(hosts_write(path, "net", NULL, 0), -EFBIG, "is left alone");
}

int main(void)
{
	if (!mkdtemp(folder))
		abort();
	(void)snprintf(path, sizeof path, "%s/hosts", folder);
	test_files();
	test_bytes();
	test_metadata();
	test_link();
	test_missing();
	test_refusals();
	test_size();
	(void)unlink(path);
	tap_ok(rmdir(folder) == 0, "nothing was left beside it");
	return tap_done();
}
