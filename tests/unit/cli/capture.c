/* SPDX-License-Identifier: ISC */
#include "cli/capture.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void demand(bool holds)
{
	if (!holds)
		abort();
}

void capture_begin(struct capture *capture)
{
	demand(fflush(stdout) == 0 && fflush(stderr) == 0);
	for (int i = 0; i < 2; i++) {
		capture->saved[i] = dup(STDOUT_FILENO + i);
		capture->files[i] = memfd_create("captured", MFD_CLOEXEC);
		demand(capture->saved[i] >= 0 && capture->files[i] >= 0);
		demand(dup2(capture->files[i], STDOUT_FILENO + i) >= 0);
	}
}

static char *read_back(int fd)
{
	struct stat about;

	demand(fstat(fd, &about) == 0);
	char *text = calloc(1, (size_t)about.st_size + 1);
	demand(text && pread(fd, text, (size_t)about.st_size, 0) == about.st_size);
	(void)close(fd);
	return text;
}

void capture_end(struct capture *capture)
{
	demand(fflush(stdout) == 0 && fflush(stderr) == 0);
	for (int i = 0; i < 2; i++) {
		demand(dup2(capture->saved[i], STDOUT_FILENO + i) >= 0);
		(void)close(capture->saved[i]);
	}
	capture->out = read_back(capture->files[0]);
	capture->err = read_back(capture->files[1]);
}

void capture_done(struct capture *capture)
{
	free(capture->out);
	free(capture->err);
}
