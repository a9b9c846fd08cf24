/* SPDX-License-Identifier: ISC */
#include "client/device.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "client/replacement.h"
#include "crypto/x25519.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	KEY_LINE = BASE64_KEY_TEXT_SIZE, /* 44 characters and the line's end */
	KEY_FILE_SIZE = 2 * KEY_LINE,
	MODE_PRIVATE = 0600,
};

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define AUTO_CLOSE __attribute__((cleanup(close_fd)))

void device_done(struct device *device)
{
	netmap_done(&device->netmap);
	*device = (struct device){0};
}

/* ---- files ---- */

/* At most `room` bytes; how many, or -errno. */
static ssize_t read_up_to(int fd, char *ret_bytes, size_t room)
{
	size_t at = 0;

	while (at < room) {
		ssize_t size = read(fd, ret_bytes + at, room - at);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -errno;
		if (size == 0)
			break;
		at += (size_t)size;
	}
	return (ssize_t)at;
}

static int open_to_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? ERR_NOT_FOUND : -errno;
	return fd;
}

/* The whole file, the caller's. */
static int read_file(const char *path, char **ret_bytes, size_t *ret_size)
{
	struct stat status;
	AUTO_CLOSE int fd = open_to_read(path);

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (status.st_size > DEVICE_FILE_MAX)
		return -EFBIG;
	char *bytes = memory_new((size_t)status.st_size + 1, 1);
	ssize_t size = read_up_to(fd, bytes, (size_t)status.st_size);
	if (size < 0) {
		free(bytes);
		return (int)size;
	}
	*ret_bytes = bytes;
	*ret_size = (size_t)size;
	return 0;
}

/* ---- device.json ---- */

static int decode(
	const json_t *json, struct device *ret_device, char ret_where[static DEVICE_WHERE_SIZE])
{
	struct device device = {0};
	char where[NETMAP_NAME_SIZE] = "";
	const char *known = json_string_value(json_object_get(json, "last_known"));

	if (json_object_get(json, "last_known") &&
		(!known || endpoint_parse(known, strlen(known), &device.last_known) < 0)) {
		(void)snprintf(ret_where, DEVICE_WHERE_SIZE, "last_known");
		return ERR_SYNTAX;
	}
	int err = netmap_decode(json_object_get(json, "netmap"), &device.netmap, where);
	if (err < 0) {
		(void)snprintf(
			ret_where, DEVICE_WHERE_SIZE, "netmap%s%s", *where ? "." : "", where);
		return err;
	}
	*ret_device = device;
	return 0;
}

int device_read(
	const char *path, struct device *ret_device, char ret_where[static DEVICE_WHERE_SIZE])
{
	char *bytes = NULL;
	size_t size = 0;
	json_error_t fault;

	int err = read_file(path, &bytes, &size);
	if (err < 0) {
		ret_where[0] = '\0';
		return err;
	}
	json_t *json = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &fault);
	free(bytes);
	if (!json) {
		(void)snprintf(ret_where, DEVICE_WHERE_SIZE, "line %d", fault.line);
		return ERR_SYNTAX;
	}
	err = decode(json, ret_device, ret_where);
	json_decref(json);
	return err;
}

static json_t *encode(const struct device *device)
{
	char known[ENDPOINT_TEXT_SIZE];
	json_t *json = json_pack("{s:o}", "netmap", netmap_encode(&device->netmap));

	if (json && device->last_known.remote.family != ADDRESS_NONE)
		(void)json_object_set_new(json, "last_known", /* without memory there is no text */
			json_string(endpoint_format(&device->last_known, known)));
	return json;
}

int device_write(const char *path, const struct device *device, uid_t uid, gid_t gid)
{
	json_t *json = encode(device);
	char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
	int err = -ENOMEM;

	if (text) {
		const struct replacement replacement = {
			.path = path,
			.mode = MODE_PRIVATE,
			.uid = uid,
			.gid = gid,
			.bytes = text,
			.size = strlen(text),
		};
		err = replacement_write(&replacement);
	}
	free(text);
	json_decref(json);
	return err;
}

/* ---- device.key ---- */

int device_key_make(struct device_key *ret_key, uint8_t ret_public_key[static NETMAP_KEY_SIZE])
{
	struct x25519_private *private = NULL;
	struct device_key key;

	entropy_fill(entropy_kernel(), &key, sizeof key);
	x25519_clamp(key.private_key);
	int err = x25519_private_new(key.private_key, &private, ret_public_key);
	x25519_private_free(private);
	if (err == 0)
		*ret_key = key;
	bytes_wipe(&key, sizeof key);
	return err;
}

static int parse_key(const char *text, size_t size, struct device_key *ret_key)
{
	struct device_key key = {0};

	if (size != KEY_FILE_SIZE || text[KEY_LINE - 1] != '\n' || text[2 * KEY_LINE - 1] != '\n')
		return ERR_KEY;
	int err = base64_key_parse(text, KEY_LINE - 1, key.private_key);
	if (err == 0)
		err = base64_key_parse(text + KEY_LINE, KEY_LINE - 1, key.preshared_key);
	if (err == 0)
		*ret_key = key;
	bytes_wipe(&key, sizeof key);
	return err;
}

int device_key_read(const char *path, struct device_key *ret_key)
{
	char text[KEY_FILE_SIZE + 1];
	AUTO_CLOSE int fd = open_to_read(path);

	if (fd < 0)
		return fd;
	ssize_t size = read_up_to(fd, text, sizeof text);
	int err = size < 0 ? (int)size : parse_key(text, (size_t)size, ret_key);
	bytes_wipe(text, sizeof text);
	return err;
}

int device_key_write(const char *path, const struct device_key *key)
{
	char text[KEY_FILE_SIZE + 1];
	const struct replacement replacement = {
		.path = path,
		.mode = MODE_PRIVATE,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
		.bytes = text,
		.size = KEY_FILE_SIZE,
	};

	(void)base64_key_format(key->private_key, text);
	(void)base64_key_format(key->preshared_key, text + KEY_LINE);
	text[KEY_LINE - 1] = '\n';
	text[2 * KEY_LINE - 1] = '\n';
	int err = replacement_write(&replacement);
	bytes_wipe(text, sizeof text);
	return err;
}
