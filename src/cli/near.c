/* SPDX-License-Identifier: ISC */
#include "cli/near.h"

#include "base/attributes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "<folder of this program>/<folder><name>" if that can be executed. */
static bool find(const char *folder, const char *name, char ret_path[static NEAR_PATH_SIZE])
{
	char self[NEAR_PATH_SIZE];
	ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);

	if (size <= 0)
		return false;
	self[size] = '\0';
	*(strrchr(self, '/') + 1) = '\0'; /* the kernel gives an absolute path */
	int length = snprintf(ret_path, NEAR_PATH_SIZE, "%s%s%s", self, folder, name);
	return length > 0 && length < NEAR_PATH_SIZE && access(ret_path, X_OK) == 0;
}

void near_program(const char *variable, const char *name, char ret_path[static NEAR_PATH_SIZE])
{
	const char *told = getenv(variable);
	char built[NAME_MAX + sizeof "..//"];

	if (told && *told && strlen(told) < NEAR_PATH_SIZE) {
		memcpy(ret_path, told, strlen(told) + 1);
		return;
	}
	(void)snprintf(built, sizeof built, "../%s/", name); /* fits: names are short */
	const char *const folders[] = {"", "../sbin/", built};
	for (size_t i = 0; i < ARRAY_LENGTH(folders); i++) {
		if (find(folders[i], name, ret_path) && access(ret_path, X_OK) == 0)
			return;
	}
	(void)snprintf(ret_path, NEAR_PATH_SIZE, "%s", name); /* fits */
}
