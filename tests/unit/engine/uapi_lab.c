/* SPDX-License-Identifier: ISC */
#include "uapi_lab.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	TURNS = 16, /* of the loop: more than one event takes to bring about all others */
};

/* Writes a short text to a file that is there. */
static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	bool is_written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	return close(fd) == 0 && is_written;
}

/* Root over nothing but what is made from now on. */
static bool become_root(void)
{
	char map[32];
	unsigned uid = geteuid(), gid = getegid();

	if (unshare(CLONE_NEWUSER) < 0)
		return false;
	(void)snprintf(map, sizeof map, "0 %u 1", uid);
	if (!write_file("/proc/self/uid_map", map) || !write_file("/proc/self/setgroups", "deny"))
		return false;
	(void)snprintf(map, sizeof map, "0 %u 1", gid);
	return write_file("/proc/self/gid_map", map);
}

const char *uapi_lab_isolate(void)
{
	if (geteuid() != 0 && !become_root())
		return "neither root nor user namespaces";
	if (unshare(CLONE_NEWNS) < 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return "no mount namespaces";
	if (mount("tmpfs", "/var/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
		return "cannot mount a tmpfs";
	return NULL;
}

void uapi_lab_init(struct uapi_lab *lab)
{
	*lab = (struct uapi_lab){0};
	if (uv_loop_init(&lab->loop) < 0)
		abort();
}

void uapi_lab_done(struct uapi_lab *lab)
{
	uapi_server_close(lab->server);
	if (uv_run(&lab->loop, UV_RUN_DEFAULT) != 0 || uv_loop_close(&lab->loop) < 0)
		abort(); /* a handle has been left open */
	fake_engine_done(&lab->engine);
}

static void note_removed(void *context)
{
	struct uapi_lab *lab = context;

	lab->removed++;
	if (!lab->closes_when_removed)
		return;
	uapi_server_close(lab->server);
	lab->server = NULL;
}

int uapi_lab_open(struct uapi_lab *lab, const char *name)
{
	struct uapi_server_config config = {
		.loop = &lab->loop,
		.interface_name = name,
		.engine = &lab->engine,
		.removed = note_removed,
		.context = lab,
	};

	return uapi_server_open(&config, &lab->server);
}

void uapi_lab_turn(struct uapi_lab *lab)
{
	for (int i = 0; i < TURNS; i++)
		(void)uv_run(&lab->loop, UV_RUN_NOWAIT); /* whether handles are left is no matter */
}

int uapi_lab_dial(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	(void)snprintf(address.sun_path, sizeof address.sun_path, UAPI_DIRECTORY "/%s.sock", name);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	int result = -errno;
	(void)close(fd); /* nothing was said yet */
	return result;
}

bool uapi_lab_send(struct uapi_lab *lab, int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN)
			return false;
		if (sent > 0) {
			bytes += sent;
			size -= (size_t)sent;
		}
		(void)uv_run(&lab->loop, UV_RUN_NOWAIT); /* as above */
	}
	return true;
}

/* Whether an answer is complete: the last line is errno, an empty one follows. */
static bool is_answer(const char *text, size_t size)
{
	if (size < 2 || memcmp(text + size - 2, "\n\n", 2) != 0)
		return false;
	const char *number = memmem(text, size, "errno=", 6);
	return number && (number == text || number[-1] == '\n');
}

bool uapi_lab_receive(struct uapi_lab *lab, int fd, char *ret_text, size_t capacity)
{
	size_t size = 0;

	ret_text[0] = '\0';
	while (size + 1 < capacity && !is_answer(ret_text, size)) {
		/* one byte at a time, so that a next answer stays where it is */
		size_t piece = capacity > 65536 ? capacity - size - 1 : 1;
		ssize_t got = recv(fd, ret_text + size, piece, 0);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			return false;
		if (got > 0)
			size += (size_t)got;
		else
			(void)uv_run(&lab->loop, UV_RUN_NOWAIT); /* as above */
		ret_text[size] = '\0';
	}
	return true;
}

bool uapi_lab_is_closed(struct uapi_lab *lab, int fd)
{
	char byte;

	uapi_lab_turn(lab);
	ssize_t got = recv(fd, &byte, 1, 0);
	return got == 0 || (got < 0 && errno == ECONNRESET);
}

bool uapi_lab_ask(struct uapi_lab *lab, int fd, const char *request, const char *wanted)
{
	char text[4096];

	if (!uapi_lab_send(lab, fd, request, strlen(request)) ||
		!uapi_lab_receive(lab, fd, text, sizeof text))
		return false;
	if (strcmp(text, wanted) != 0)
		printf("# got: %s", text);
	return strcmp(text, wanted) == 0;
}

void uapi_lab_start(struct uapi_lab *lab, const char *name)
{
	uapi_lab_init(lab);
	if (uapi_lab_open(lab, name) < 0)
		abort();
}

int uapi_lab_client(const char *name)
{
	int fd = uapi_lab_dial(name);

	if (fd < 0)
		abort();
	return fd;
}
