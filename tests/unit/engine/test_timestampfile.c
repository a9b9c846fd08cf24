/* SPDX-License-Identifier: ISC */
/* What is on disk, what is wrong with it, and what a crash leaves behind. */
#include "tap.h"

#include "base/error.h"
#include "engine/userspace/timestampfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PATH_SIZE = 256,
};

#define LIMIT_NS 1800000000123456789ULL

static char folder[] = "/tmp/tacet-timestamps-XXXXXX";
static const uint8_t key[NOISE_KEY_SIZE] = {0xab, 0xcd}, other_key[NOISE_KEY_SIZE] = {1};

/* A path below the folder; static. */
static const char *below(const char *name)
{
	static char path[PATH_SIZE];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static struct timestampfile open_file(const char *directory, const uint8_t *public_key)
{
	struct timestampfile file = {.directory = directory};

	if (timestampfile_set_key(&file, public_key) < 0)
		abort();
	return file;
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0 ? 0 : status.st_mode & 07777;
}

static void write_content(const struct timestampfile *file, const char *content)
{
	FILE *stream = fopen(file->path, "w");

	if (!stream || fputs(content, stream) < 0 || fclose(stream) != 0)
		abort();
}

static bool loads(const struct timestampfile *file, uint64_t want_ns)
{
	uint64_t got_ns = 1;

	return timestampfile_load(file, &got_ns) == 0 && got_ns == want_ns;
}

static bool stores(const struct timestampfile *file, uint64_t limit_ns)
{
	return timestampfile_store(file, limit_ns) == 0 && loads(file, limit_ns);
}

static void test_first(void)
{
	char directory[PATH_SIZE];

	(void)snprintf(directory, sizeof directory, "%s", below("state"));
	struct timestampfile file = open_file(directory, key);
	tap_ok(loads(&file, 0), "nothing is stored at first");
	tap_ok(stores(&file, LIMIT_NS), "stored, with the folders that it needs");
	tap_is_int(mode_of(directory), 0700, "the folder is ours alone");
	tap_is_int(mode_of(below("state/timestamps")), 0700, "that of the files, too");
	tap_is_int(mode_of(file.path), 0600, "and the file");
	tap_ok(strstr(file.path, "/state/timestamps/abcd0000") != NULL, "named by the key");
	tap_ok(stores(&file, LIMIT_NS + 1), "stored anew");
	timestampfile_done(&file);
	timestampfile_done(&file);
	tap_ok(file.path == NULL, "no key, no file");
}

/* umask does not open what is ours, nor shut it. */
static void test_umask(void)
{
	mode_t before = umask(0);
	struct timestampfile file = open_file(below("bare"), key);

	tap_ok(stores(&file, 5), "stored under a umask of 0");
	tap_is_int(mode_of(file.path), 0600, "for us alone");
	tap_is_int(mode_of(below("bare/timestamps")), 0700, "in a folder of ours");
	(void)umask(before);
	timestampfile_done(&file);
}

static void test_values(void)
{
	static const uint64_t values[] = {0, 1, LIMIT_NS, INT64_MAX};
	struct timestampfile file = open_file(folder, key);

	for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
		tap_ok(stores(&file, values[i]), "a number is stored and loaded");
	timestampfile_done(&file);
}

/* What is not a number and a line end, or far beyond any clock, is not believed. */
static void test_damaged(void)
{
	static const struct {
		const char *content;
		int err;
	} rows[] = {
		{"", ERR_SYNTAX},
		{"\n", ERR_SYNTAX},
		{"12", ERR_SYNTAX},
		{"12 \n", ERR_SYNTAX},
		{"-1\n", ERR_SYNTAX},
		{"0x10\n", ERR_SYNTAX},
		{"12\n13\n", ERR_SYNTAX},
		{"twelve\n", ERR_SYNTAX},
		{"18446744073709551616\n", ERR_RANGE},
		{"18446744073709551615\n", ERR_RANGE},
		{"9223372036854775808\n", ERR_RANGE},
		{"00000000000000000000000000000000000000012\n", ERR_SYNTAX},
	};
	struct timestampfile file = open_file(folder, key);

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		uint64_t limit_ns = 77;
		write_content(&file, rows[i].content);
		int err = timestampfile_load(&file, &limit_ns);
		if (!tap_ok(err == rows[i].err && limit_ns == 77, "damage is told of"))
			printf("# row %zu: %d\n", i, err);
	}
	tap_ok(stores(&file, 9), "and what is damaged is replaced");
	timestampfile_done(&file);
}

/* Killed between writing and renaming: the old one holds, and the next is stored all the same. */
static void test_leftover(void)
{
	char fresh[PATH_SIZE];
	struct timestampfile file = open_file(folder, key);

	tap_ok(stores(&file, 100), "stored");
	(void)snprintf(fresh, sizeof fresh, "%s.new", file.path);
	FILE *stream = fopen(fresh, "w");
	if (!stream || fputs("99999999999999999999999999", stream) < 0 || fclose(stream) != 0)
		abort();
	tap_ok(loads(&file, 100), "a file that was not finished is not looked at");
	tap_ok(stores(&file, 200), "and is in nobody's way");
	tap_ok(access(fresh, F_OK) < 0, "nor there afterwards");
	timestampfile_done(&file);
}

static void test_two_keys(void)
{
	struct timestampfile one = open_file(folder, key), two = open_file(folder, other_key);

	tap_ok(stores(&one, 1000) && stores(&two, 2000), "each key has its own");
	tap_ok(loads(&one, 1000), "which the other leaves alone");
	if (timestampfile_set_key(&one, other_key) < 0)
		abort();
	tap_ok(loads(&one, 2000), "a change of key goes over to the other's");
	timestampfile_done(&one);
	timestampfile_done(&two);
}

/* Two programs, each with a key of its own, at the same time. */
static void test_concurrent(void)
{
	int status = -1;
	pid_t child = fork();
	struct timestampfile file = open_file(folder, child == 0 ? key : other_key);
	bool is_well = true;

	for (uint64_t i = 1; i <= 50; i++)
		is_well &= stores(&file, i);
	timestampfile_done(&file);
	if (child == 0)
		_exit(is_well ? 0 : 1);
	tap_ok(child > 0 && waitpid(child, &status, 0) == child && status == 0 && is_well,
		"programs with different keys do not meet");
}

/* What stands where a folder or a file should be. */
static void test_in_the_way(void)
{
	static const struct {
		const char *directory;
		int load_err, store_err;
	} rows[] = {
		{"plain", -ENOTDIR, -ENOTDIR},
		{"absent/state", 0, -ENOENT},
	};
	uint64_t limit_ns;
	FILE *stream = fopen(below("plain"), "w");

	if (!stream || fclose(stream) != 0)
		abort();
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		char directory[PATH_SIZE];
		(void)snprintf(directory, sizeof directory, "%s", below(rows[i].directory));
		struct timestampfile file = open_file(directory, key);
		tap_is_int(timestampfile_load(&file, &limit_ns), rows[i].load_err, "loading fails");
		tap_is_int(timestampfile_store(&file, 1), rows[i].store_err, "storing fails");
		timestampfile_done(&file);
	}
	struct timestampfile file = open_file(folder, key);
	(void)unlink(file.path);
	if (mkdir(file.path, 0700) < 0)
		abort();
	tap_is_int(timestampfile_load(&file, &limit_ns), -EISDIR, "a folder is no file");
	tap_is_int(timestampfile_store(&file, 1), -EISDIR, "and none can be put in its place");
	(void)rmdir(file.path);
	timestampfile_done(&file);
}

static void test_long_path(void)
{
	char directory[5000];
	uint64_t limit_ns;

	memset(directory, 'x', sizeof directory - 1);
	directory[0] = '/';
	directory[sizeof directory - 1] = 0;
	struct timestampfile file = open_file(directory, key);
	tap_is_int(timestampfile_load(&file, &limit_ns), -ENAMETOOLONG, "a path that is too long");
	tap_is_int(timestampfile_store(&file, 1), -ENAMETOOLONG, "either way");
	timestampfile_done(&file);
}

/* Without root's rights over files; the folder is readable by nobody. */
static void test_unreadable(void)
{
	static const char name[] = "a file of somebody else's";
	uint64_t limit_ns;
	int status = -1;

	if (getuid() != 0) {
		tap_skip(name, "needs root, to give it up");
		return;
	}
	struct timestampfile file = open_file(folder, key);
	if (timestampfile_store(&file, 1) < 0)
		abort();
	pid_t child = fork();
	if (child == 0) {
		if (setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		_exit(timestampfile_load(&file, &limit_ns) == -EACCES &&
					timestampfile_store(&file, 2) == -EACCES
				? 0
				: 1);
	}
	tap_ok(child > 0 && waitpid(child, &status, 0) == child && status == 0, name);
	tap_ok(loads(&file, 1), "stays as it is");
	timestampfile_done(&file);
}

/* Fills what is left of a file system. */
static void fill(const char *path)
{
	static const char block[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		abort();
	while (write(fd, block, sizeof block) > 0)
		continue;
	close(fd);
}

static void test_full_disk(void)
{
	static const char name[] = "a full disk";
	char directory[PATH_SIZE], filler[PATH_SIZE + 8];

	(void)snprintf(directory, sizeof directory, "%s", below("small"));
	(void)snprintf(filler, sizeof filler, "%s/filler", directory);
	if (mkdir(directory, 0700) < 0)
		abort();
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("tacet", directory, "tmpfs", 0, "size=64k") < 0) {
		tap_skip(name, "cannot mount a small one");
		return;
	}
	struct timestampfile file = open_file(directory, key);
	tap_ok(stores(&file, 41), "there is room");
	fill(filler);
	tap_is_int(timestampfile_store(&file, 42), -ENOSPC, name);
	tap_ok(loads(&file, 41), "leaves the old one");
	tap_ok(unlink(filler) == 0 && stores(&file, 43), "and does no harm once there is room");
	timestampfile_done(&file);
	(void)umount2(directory, MNT_DETACH);
}

/* The folder goes, with all that is in it. */
static void clean_up(void)
{
	char command[PATH_SIZE];
	int status;

	(void)snprintf(command, sizeof command, "%s", folder);
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/rm", "rm", "-rf", "--", command, (char *)NULL);
		_exit(1);
	}
	if (child > 0)
		(void)waitpid(child, &status, 0);
}

int main(void)
{
	if (!mkdtemp(folder))
		abort();
	test_first();
	test_umask();
	test_values();
	test_damaged();
	test_leftover();
	test_two_keys();
	test_concurrent();
	test_in_the_way();
	test_long_path();
	test_unreadable();
	test_full_disk();
	clean_up();
	return tap_done();
}
