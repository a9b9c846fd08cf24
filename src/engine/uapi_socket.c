/* SPDX-License-Identifier: ISC */
#include "engine/uapi_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_our_kind(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* Whether the kernel would take it as an interface's name. */
static bool is_interface_name(const char *name)
{
	size_t size = strnlen(name, IF_NAMESIZE);

	if (size == 0 || size == IF_NAMESIZE || strchr(name, '/'))
		return false;
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Makes the directory if need be; -EPERM where others can put files into it. */
static int make_directory(void)
{
	struct stat status;

	if (mkdir(UAPI_DIRECTORY, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (stat(UAPI_DIRECTORY, &status) < 0)
		return -errno;
	if (!S_ISDIR(status.st_mode))
		return -ENOTDIR;
	return is_our_kind(status.st_uid) && !(status.st_mode & S_IWOTH) ? 0 : -EPERM;
}

/* The descriptor, or -errno. */
static int new_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

/* Asks who listens: 0 where somebody does. -errno, -ECONNREFUSED: nobody. */
static int try_connect(const struct sockaddr_un *address)
{
	int result = 0;
	int fd = new_socket();

	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0)
		result = errno == EAGAIN ? 0 : -errno; /* its backlog is full */
	(void)close(fd);			       /* it only asked */
	return result;
}

/* Removes a file that nobody listens behind. -EADDRINUSE where somebody does; -EEXIST. */
static int remove_stale(const struct sockaddr_un *address)
{
	struct stat status;

	if (lstat(address->sun_path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	int result = try_connect(address);
	if (result == 0)
		return -EADDRINUSE;
	if (result != -ECONNREFUSED)
		return result;
	return unlink(address->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

/*
 * Listens at a draft of the name, which becomes the name only then: wg(8) removes a socket that
 * refuses it, as one does between bind() and listen(). The file gets the mode that the socket has
 * before (Linux, unix_bind()): there is no moment at which it is open to others, and the process's
 * umask is left alone.
 */
static int listen_at(int fd, const struct sockaddr_un *draft, struct uapi_socket *self)
{
	struct stat status = {0};

	if (bind(fd, (const struct sockaddr *)draft, sizeof *draft) < 0)
		return -errno;
	int result = 0;
	if (listen(fd, UAPI_BACKLOG) < 0 || lstat(draft->sun_path, &status) < 0)
		result = -errno;
	else if (link(draft->sun_path, self->address.sun_path) < 0)
		result = errno == EEXIST ? -EADDRINUSE : -errno;
	(void)unlink(draft->sun_path); /* at worst a name too many */
	if (result < 0)
		return result;
	self->device = status.st_dev;
	self->inode = status.st_ino;
	return 0;
}

static int bind_socket(int fd, struct uapi_socket *self)
{
	struct sockaddr_un draft = {.sun_family = AF_UNIX};
	int size = snprintf(draft.sun_path, sizeof draft.sun_path, "%s.%d", self->address.sun_path,
		(int)getpid());

	if (size < 0 || (size_t)size >= sizeof draft.sun_path)
		return -ENAMETOOLONG;
	if (unlink(draft.sun_path) < 0 && errno != ENOENT)
		return -errno;
	if (fchmod(fd, 0600) < 0)
		return -errno;
	return listen_at(fd, &draft, self);
}

/* -EINVAL: it cannot be an interface's. */
static int set_address(const char *interface_name, struct sockaddr_un *ret_address)
{
	if (!is_interface_name(interface_name))
		return -EINVAL;
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	(void)snprintf(ret_address->sun_path, sizeof ret_address->sun_path,
		UAPI_DIRECTORY "/%s.sock", interface_name); /* fits: the name is short */
	return 0;
}

int uapi_socket_clear(const char *interface_name)
{
	struct sockaddr_un address;
	int result = set_address(interface_name, &address);

	if (result == 0)
		result = remove_stale(&address);
	return result == -EADDRINUSE ? 0 : result;
}

/*
 * Two servers that start for one name at one moment may both find the stale file, and one then
 * removes the other's: that one sees it go and ends, as after any removal.
 */
int uapi_socket_open(const char *interface_name, struct uapi_socket *ret_socket, int *ret_fd)
{
	struct uapi_socket self = {0};
	int result = set_address(interface_name, &self.address);

	if (result == 0)
		result = make_directory();
	if (result == 0)
		result = remove_stale(&self.address);
	if (result < 0)
		return result;
	int fd = new_socket();
	if (fd < 0)
		return fd;
	result = bind_socket(fd, &self);
	if (result < 0) {
		(void)close(fd); /* the first error counts */
		return result;
	}
	*ret_socket = self;
	*ret_fd = fd;
	return 0;
}

bool uapi_socket_is_there(const struct uapi_socket *self)
{
	struct stat status;

	if (lstat(self->address.sun_path, &status) < 0)
		return errno == EACCES; /* we gave up to look there: it may well be */
	return status.st_dev == self->device && status.st_ino == self->inode;
}

void uapi_socket_remove(const struct uapi_socket *self)
{
	if (uapi_socket_is_there(self))
		(void)unlink(self->address.sun_path); /* it is stale now, and found to be so */
}

bool uapi_socket_is_admitted(int fd)
{
	struct ucred other;
	socklen_t size = sizeof other;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &other, &size) < 0 || size != sizeof other)
		return false;
	return is_our_kind(other.uid);
}
