/* SPDX-License-Identifier: ISC */
/*
 * A main() for fuzz targets without libFuzzer: plays the files that are named, and all files of
 * folders that are named, through the target once. Any compiler, any sanitizer.
 */
#include "base/memory.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FILE_SIZE_MAX = 1 << 20,
	PATH_SIZE_MAX = 4096,
};

/* How many files were played; -1: one could not be read. */
static int play_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file) {
		perror(path);
		return -1;
	}
	uint8_t *bytes = memory_new(1, FILE_SIZE_MAX);
	size_t size = fread(bytes, 1, FILE_SIZE_MAX, file);
	(void)fclose(file); /* nothing was written */
	/* An allocation of just the size, so that a sanitizer sees what is read behind it. */
	uint8_t *exact = memory_new(size ? size : 1, 1);
	memcpy(exact, bytes, size);
	free(bytes);
	(void)LLVMFuzzerTestOneInput(exact, size); /* always 0; a failure ends the program */
	free(exact);
	return 1;
}

static int play_folder(const char *path)
{
	char name[PATH_SIZE_MAX];
	struct dirent *entry;
	int played = 0;

	DIR *folder = opendir(path);
	if (!folder) {
		perror(path);
		return -1;
	}
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		int one = play_file(name);
		if (one < 0) {
			(void)closedir(folder); /* read only */
			return -1;
		}
		played += one;
	}
	(void)closedir(folder);
	return played;
}

int main(int argc, char **argv)
{
	int played = 0;

	for (int i = 1; i < argc; i++) {
		struct stat about;
		bool is_folder = stat(argv[i], &about) == 0 && S_ISDIR(about.st_mode);
		int more = is_folder ? play_folder(argv[i]) : play_file(argv[i]);
		if (more < 0)
			return 2;
		played += more;
	}
	printf("%d inputs\n", played);
	return played > 0 ? 0 : 1;
}
