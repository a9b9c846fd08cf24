/* SPDX-License-Identifier: ISC */
#include "cli/file.h"

#include "tap.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/tacet-test-file-XXXXXX";

static void test_write(const char *path)
{
	struct stat about;
	char *bytes = NULL;
	size_t size = 0;

	tap_is_int(file_write_new(path, "secret", 6, 0600), 0, "a new file");
	tap_ok(stat(path, &about) == 0 && (about.st_mode & 0777) == 0600, "of its mode");
	tap_is_int(file_write_new(path, "other", 5, 0600), -EEXIST, "is not written over");
	tap_is_int(file_read(path, 6, &bytes, &size), 0, "it is read, as long as it may be");
	tap_ok(size == 6 && strcmp(bytes, "secret") == 0, "and is what was written");
	free(bytes);
	tap_is_int(file_read(path, 5, &bytes, &size), -EFBIG, "and no longer");
}

static void test_large(const char *path)
{
	const size_t large = 200000;
	char *bytes = calloc(1, large), *read = NULL;
	size_t size = 0;

	memset(bytes, 'x', large);
	(void)unlink(path);
	tap_is_int(file_write_new(path, bytes, large, 0600), 0, "a large file");
	tap_is_int(file_read(path, large, &read, &size), 0, "is read in parts");
	tap_ok(size == large && memcmp(read, bytes, large) == 0, "to its end");
	free(read);
	free(bytes);
	(void)unlink(path);
	tap_is_int(file_read(path, 1, &read, &size), -ENOENT, "none");
	tap_is_int(file_read(folder, 1, &read, &size), -EISDIR, "a folder");
}

static void test_links(const char *path, const char *target)
{
	struct stat about;

	tap_ok(symlink(target, path) == 0, "a link that lies in wait");
	tap_is_int(file_write_new(path, "x", 1, 0600), -EEXIST, "is not followed");
	tap_ok(stat(target, &about) < 0, "and nothing is where it leads");
	(void)unlink(path);
}

int main(void)
{
	char path[64], target[64];

	if (!mkdtemp(folder))
		abort();
	(void)snprintf(path, sizeof path, "%s/file", folder);
	(void)snprintf(target, sizeof target, "%s/target", folder);
	test_write(path);
	test_large(path);
	test_links(path, target);
	tap_is_int(file_write_new("/nonexistent/x", "x", 1, 0600), -ENOENT, "no folder");
	tap_is_int(file_sync_folder("relative"), 0, "a name without a folder");
	tap_ok(rmdir(folder) == 0, "nothing is left");
	return tap_done();
}
