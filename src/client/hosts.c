/* SPDX-License-Identifier: ISC */
#include "client/hosts.h"

#include "base/memory.h"
#include "client/replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	WORD_MAX = MESSAGE_HOST_SIZE - 1,
	MARK_SIZE = MESSAGE_HOST_SIZE + 32, /* "# tacet <network>: begin" */
	LINE_SIZE = ADDRESS_TEXT_SIZE + MESSAGE_HOST_SIZE + 2,
	MODE_NEW = 0644,
};

/* Bytes that grow. */
struct text {
	char *bytes; /* owned */
	size_t size;
	size_t room;
};

/* A file as it was found. */
struct found {
	struct text text;
	bool is_there;
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/* The two lines around the block. */
struct marks {
	char begin[MARK_SIZE];
	char end[MARK_SIZE];
};

/* ---- text ---- */

static void text_done(struct text *text)
{
	free(text->bytes);
}

static void append(struct text *text, const char *bytes, size_t size)
{
	if (text->size + size > text->room) {
		text->room = 2 * (text->size + size);
		text->bytes = memory_grow(text->bytes, text->room, 1);
	}
	if (size)
		memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
}

/* What follows begins a line of its own. */
static void end_line(struct text *text)
{
	if (text->size && text->bytes[text->size - 1] != '\n')
		append(text, "\n", 1);
}

/* ---- what is written ---- */

/* Whether it is one word of a hosts file: no space, comment or line end could be smuggled in. */
static bool is_word(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	if (length == 0 || length == size)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		bool is_fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
		if (!is_fine)
			return false;
	}
	return true;
}

static int check(const char *network, const struct message_name *names, size_t count)
{
	if (!is_word(network, WORD_MAX))
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (!is_word(names[i].name, sizeof names[i].name) ||
			address_bits(names[i].address.family) == 0)
			return -EINVAL;
	}
	return 0;
}

static void append_block(struct text *text, const struct marks *marks,
	const struct message_name *names, size_t count)
{
	if (count == 0)
		return;
	end_line(text);
	append(text, marks->begin, strlen(marks->begin));
	append(text, "\n", 1);
	for (size_t i = 0; i < count; i++) {
		char address[ADDRESS_TEXT_SIZE], line[LINE_SIZE];
		int size = snprintf(line, sizeof line, "%s\t%s\n",
			address_format(&names[i].address, address), names[i].name);
		append(text, line, (size_t)size);
	}
	append(text, marks->end, strlen(marks->end));
	append(text, "\n", 1);
}

/* ---- what is there ---- */

/* A line of `size` bytes without its end is this one. */
static bool line_is(const char *line, size_t size, const char *wanted)
{
	while (size && (line[size - 1] == '\r' || line[size - 1] == ' '))
		size--;
	return size == strlen(wanted) && memcmp(line, wanted, size) == 0;
}

/* Whether we could have written it: an address, one tab, one word. */
static bool line_is_ours(const char *line, size_t size)
{
	const char *tab = memchr(line, '\t', size);
	struct address address;
	char word[MESSAGE_HOST_SIZE] = {0};

	if (!tab)
		return false;
	size_t rest = size - (size_t)(tab + 1 - line);
	if (rest == 0 || rest >= sizeof word)
		return false;
	memcpy(word, tab + 1, rest);
	return address_parse(line, (size_t)(tab - line), &address) == 0 && strlen(word) == rest &&
	       is_word(word, sizeof word);
}

/* All other lines, with the block where it was, or at the end. */
static struct text compose(const struct text *old, const struct marks *marks,
	const struct message_name *names, size_t count)
{
	struct text text = {0};
	bool is_inside = false, is_written = false;
	size_t size;

	for (size_t at = 0; at < old->size; at += size) {
		const char *line = old->bytes + at;
		const char *newline = memchr(line, '\n', old->size - at);
		size_t length = newline ? (size_t)(newline - line) : old->size - at;

		size = newline ? length + 1 : length;
		if (line_is(line, length, marks->begin)) {
			if (!is_written)
				append_block(&text, marks, names, count);
			is_inside = is_written = true;
		} else if (line_is(line, length, marks->end)) {
			is_inside = false;
		} else if (!is_inside || !line_is_ours(line, length)) {
			append(&text, line, size);
		}
	}
	if (!is_written)
		append_block(&text, marks, names, count);
	return text;
}

/* ---- files ---- */

static int read_all(int fd, struct text *text)
{
	char bytes[16384];

	for (;;) {
		ssize_t size = read(fd, bytes, sizeof bytes);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -errno;
		if (size == 0)
			return 0;
		append(text, bytes, (size_t)size);
		if (text->size > HOSTS_FILE_MAX)
			return -EFBIG;
	}
}

static int read_found(int fd, struct found *found)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	found->is_there = true;
	found->mode = status.st_mode & 07777;
	found->uid = status.st_uid;
	found->gid = status.st_gid;
	return read_all(fd, &found->text);
}

/* What there is; nothing where there is no file. Release found->text, also on failure. */
static int find(const char *path, struct found *found)
{
	*found = (struct found){.mode = MODE_NEW, .uid = geteuid(), .gid = getegid()};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	int err = read_found(fd, found);
	close(fd);
	return err;
}

static int write_in_place(const char *path, const struct text *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	int err = replacement_fill(fd, text->bytes, text->size);
	close(fd);
	return err;
}

/* Whether it is the folder or the mount that is in the way, not the file itself. */
static bool must_stay_in_place(int err)
{
	return err == -EBUSY || err == -EXDEV || err == -EROFS || err == -EACCES || err == -EPERM;
}

static int update(const char *path, const struct found *found, const struct text *text)
{
	const struct text *old = &found->text;
	const struct replacement replacement = {
		.path = path,
		.mode = found->mode,
		.uid = found->uid,
		.gid = found->gid,
		.bytes = text->bytes,
		.size = text->size,
	};

	if (text->size == old->size &&
		(old->size == 0 || !memcmp(text->bytes, old->bytes, old->size)))
		return 0;
	int err = replacement_write(&replacement);
	if (found->is_there && must_stay_in_place(err))
		return write_in_place(path, text);
	return err;
}

int hosts_write(
	const char *path, const char *network, const struct message_name *names, size_t count)
{
	struct found found;
	struct marks marks;
	char real[PATH_MAX];

	int err = check(network, names, count);
	if (err < 0)
		return err;
	(void)snprintf(marks.begin, sizeof marks.begin, "# tacet %s: begin", network);
	(void)snprintf(marks.end, sizeof marks.end, "# tacet %s: end", network);
	if (!realpath(path, real)) { /* a link stays one: what it points to is replaced */
		if (errno != ENOENT)
			return -errno;
		if (strlen(path) >= sizeof real)
			return -ENAMETOOLONG;
		memcpy(real, path, strlen(path) + 1);
	}
	err = find(real, &found);
	if (err == 0) {
		struct text text = compose(&found.text, &marks, names, count);
		err = update(real, &found, &text);
		text_done(&text);
	}
	text_done(&found.text);
	return err;
}
