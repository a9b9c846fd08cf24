/* SPDX-License-Identifier: ISC */
#include "tacetd/keyfile.h"

#include "base/error.h"
#include "folder.h"
#include "tap.h"

#include <errno.h>

#define KEY_1 "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define KEY_2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="

static const struct {
	const char *name, *content;
	mode_t mode;
	size_t count;
	int result;
} rows[] = {
	{"one key", KEY_1 "\n", 0600, 1, 0},
	{"without the end of the line", KEY_1, 0400, 1, 0},
	{"two keys", KEY_1 "\n" KEY_2 "\n", 0600, 2, 0},
	{"two keys, the last line open", KEY_1 "\n" KEY_2, 0600, 2, 0},
	{"one where two should be", KEY_1 "\n", 0600, 2, ERR_KEY},
	{"two where one should be", KEY_1 "\n" KEY_2 "\n", 0600, 1, ERR_KEY},
	{"three", KEY_1 "\n" KEY_2 "\n" KEY_1 "\n", 0600, 2, ERR_KEY},
	{"an empty line behind it", KEY_1 "\n\n", 0600, 1, ERR_KEY},
	{"no line between", KEY_1 " " KEY_2 "\n", 0600, 2, ERR_KEY},
	{"another end of line", KEY_1 " ", 0600, 1, ERR_KEY},
	{"a wrong character", "*QEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n", 0600, 1, ERR_KEY},
	{"nothing", "", 0600, 1, ERR_KEY},
	{"open to the group", KEY_1 "\n", 0640, 1, -EPERM},
	{"open to all", KEY_1 "\n", 0604, 1, -EPERM},
	{"writable by all", KEY_1 "\n", 0602, 1, -EPERM},
};

int main(void)
{
	uint8_t keys[KEYFILE_KEYS_MAX][MESSAGE_KEY_SIZE];

	folder_make();
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		memset(keys, 0, sizeof keys);
		folder_write("key", rows[i].content, rows[i].mode);
		tap_is_int(keyfile_read(path_of("key"), rows[i].count, keys), rows[i].result,
			rows[i].name);
		uint8_t first = rows[i].result == 0 ? 1 : 0;
		uint8_t second = rows[i].result == 0 && rows[i].count == 2 ? 2 : 0;
		tap_ok(keys[0][0] == first && keys[1][31] == second, "what it gives");
		folder_clear("key");
	}
	tap_is_int(keyfile_read(path_of("key"), 1, keys), -ENOENT, "there is none");
	tap_is_int(keyfile_read(folder, 1, keys), -EINVAL, "a folder");
	folder_write("key", KEY_1, 0600);
	char target[128];
	(void)snprintf(target, sizeof target, "%s", path_of("key")); /* fits */
	if (symlink(target, path_of("link")) < 0)
		abort();
	tap_is_int(keyfile_read(path_of("link"), 1, keys), -ELOOP, "a link");
	folder_clear("link");
	folder_clear("key");
	folder_remove();
	return tap_done();
}
