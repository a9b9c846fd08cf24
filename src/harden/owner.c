/* SPDX-License-Identifier: ISC */
#include "harden/owner.h"

#include "base/number.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	LINK_SIZE = 64, /* "socket:[18446744073709551615]" */
	PATH_SIZE = 64, /* "/proc/<pid>/comm" */
};

/* The inode of a descriptor that is a socket; 0: it is none. */
static uint64_t socket_of(int folder, const char *fd)
{
	static const char start[] = "socket:[";
	char target[LINK_SIZE];
	uint64_t inode;

	ssize_t size = readlinkat(folder, fd, target, sizeof target);
	if (size < (ssize_t)sizeof start || memcmp(target, start, sizeof start - 1) != 0)
		return 0;
	size_t digits = (size_t)size - sizeof start; /* without the bracket */
	if (number_parse(target + sizeof start - 1, digits, UINT64_MAX, &inode) < 0)
		return 0;
	return inode;
}

/* What the program calls itself, without what a terminal would take for its own. */
static void read_name(pid_t pid, char ret_name[static OWNER_NAME_SIZE])
{
	char path[PATH_SIZE], name[OWNER_NAME_SIZE] = "";

	(void)snprintf(path, sizeof path, "/proc/%d/comm", pid); /* it fits */
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, name, sizeof name - 1);
	if (fd >= 0)
		(void)close(fd); /* it was only read */
	if (size <= 0)
		(void)snprintf(name, sizeof name, "?"); /* it has ended meanwhile */
	name[strcspn(name, "\n")] = '\0';
	for (char *at = name; *at; at++)
		if (!isprint((unsigned char)*at))
			*at = '?';
	memcpy(ret_name, name, sizeof name);
}

/* Notes a process at each of the sockets that it holds. */
static void look_at(int proc, pid_t pid, struct owner *owners, size_t count)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof path, "%d/fd", pid); /* it fits */
	int fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return; /* gone, or not ours to see */
	DIR *folder = fdopendir(fd);
	if (!folder) {
		(void)close(fd); /* it was only opened */
		return;
	}
	for (const struct dirent *entry; (entry = readdir(folder));) {
		uint64_t inode = socket_of(fd, entry->d_name);
		for (size_t i = 0; inode && i < count; i++)
			if (owners[i].inode == inode && (owners[i].pid == 0 || pid < owners[i].pid))
				owners[i].pid = pid;
	}
	(void)closedir(folder); /* it was only read */
}

int owner_find(struct owner *owners, size_t count)
{
	uint64_t pid;

	for (size_t i = 0; i < count; i++) {
		owners[i].pid = 0;
		owners[i].name[0] = '\0';
	}
	DIR *proc = opendir("/proc");
	if (!proc)
		return -errno;
	for (const struct dirent *entry; (entry = readdir(proc));)
		if (number_parse(entry->d_name, strlen(entry->d_name), INT32_MAX, &pid) == 0)
			look_at(dirfd(proc), (pid_t)pid, owners, count);
	(void)closedir(proc); /* it was only read */
	for (size_t i = 0; i < count; i++)
		if (owners[i].pid != 0)
			read_name(owners[i].pid, owners[i].name);
	return 0;
}
