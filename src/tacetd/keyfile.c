/* SPDX-License-Identifier: ISC */
#include "tacetd/keyfile.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LINE_SIZE = BASE64_KEY_TEXT_SIZE, /* the text and the end of the line */
	FILE_MAX = KEYFILE_KEYS_MAX * LINE_SIZE,
};
_Static_assert((int)BASE64_KEY_SIZE == (int)MESSAGE_KEY_SIZE, "one kind of key");

/* Whether it is a file of root's, or of whoever we are, that nobody else reads. */
static int check(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	bool is_ours = status.st_uid == 0 || status.st_uid == geteuid();
	return is_ours && !(status.st_mode & (S_IRWXG | S_IRWXO)) ? 0 : -EPERM;
}

/* The end of the last line may be missing. */
static int parse(const char *text, size_t size, size_t count, uint8_t (*ret_keys)[MESSAGE_KEY_SIZE])
{
	if (size != count * LINE_SIZE && size != count * LINE_SIZE - 1)
		return ERR_KEY;
	for (size_t i = 0; i < count; i++) {
		const char *line = text + i * LINE_SIZE;
		bool has_end = i + 1 < count || size == count * LINE_SIZE;
		if (has_end && line[LINE_SIZE - 1] != '\n')
			return ERR_KEY;
		int err = base64_key_parse(line, LINE_SIZE - 1, ret_keys[i]);
		if (err < 0)
			return err;
	}
	return 0;
}

int keyfile_read(const char *path, size_t count, uint8_t (*ret_keys)[MESSAGE_KEY_SIZE])
{
	char text[FILE_MAX + 1]; /* one more, to see that there is no more */
	uint8_t keys[KEYFILE_KEYS_MAX][MESSAGE_KEY_SIZE];

	assert(count <= KEYFILE_KEYS_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	int result = check(fd);
	ssize_t size = result == 0 ? read(fd, text, sizeof text) : 0;
	if (size < 0)
		result = -errno;
	(void)close(fd); /* nothing was written */
	if (result == 0)
		result = parse(text, (size_t)size, count, keys);
	if (result == 0)
		memcpy(ret_keys, keys, count * sizeof keys[0]);
	bytes_wipe(text, sizeof text);
	bytes_wipe(keys, sizeof keys);
	return result;
}
