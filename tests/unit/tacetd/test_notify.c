/* SPDX-License-Identifier: ISC */
#include "tacetd/notify.h"

#include "folder.h"
#include "tap.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Listens at a path, or behind '@' at an abstract name; what notify_say() sends there. */
static void try(const char *path, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);
	char text[64] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, path, length);
	if (*path == '@')
		address.sun_path[0] = '\0';
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, size) < 0 ||
		setenv("NOTIFY_SOCKET", path, 1) < 0)
		abort();
	notify_say("READY=1");
	tap_is_int(recv(fd, text, sizeof text, 0), 7, name);
	tap_ok(strcmp(text, "READY=1") == 0, "what was said");
	if (close(fd) < 0)
		abort();
}

int main(void)
{
	char abstract[64];

	folder_make();
	try(path_of("notify"), "a path");
	folder_clear("notify");
	(void)snprintf(abstract, sizeof abstract, "@tacet-unit-%d", (int)getpid()); /* fits */
	try(abstract, "an abstract name");
	if (setenv("NOTIFY_SOCKET", path_of("notify"), 1) < 0)
		abort();
	notify_say("READY=1");
	tap_ok(true, "nobody listens");
	if (setenv("NOTIFY_SOCKET", "relative", 1) < 0)
		abort();
	notify_say("READY=1");
	tap_ok(true, "no path");
	if (unsetenv("NOTIFY_SOCKET") < 0)
		abort();
	notify_say("READY=1");
	tap_ok(true, "nobody asks");
	folder_remove();
	return tap_done();
}
