/* SPDX-License-Identifier: ISC */
#include "tacetd/listeners.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert((int)MESSAGE_LISTENERS_ALL <= (int)MESSAGE_FDS_MAX, "they fit into one message");

enum {
	BACKLOG = 128, /* callers that wait to be accepted */
};

void listeners_init(struct listeners *listeners)
{
	for (unsigned i = 0; i < MESSAGE_LISTENERS_ALL; i++)
		listeners->fds[i] = -1;
}

static void close_one(struct listeners *listeners, enum message_listener which)
{
	if (listeners->fds[which] >= 0)
		(void)close(listeners->fds[which]); /* nothing was written */
	listeners->fds[which] = -1;
}

void listeners_done(struct listeners *listeners)
{
	for (unsigned i = 0; i < MESSAGE_LISTENERS_ALL; i++)
		close_one(listeners, i);
}

/* ---- the local one ---- */

static int remove_stale(const char *path)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* The file gets the mode that the socket has before (Linux, unix_bind()): it is never open. */
static int listen_at(int fd, const struct sockaddr_un *address)
{
	if (fchmod(fd, 0600) < 0 ||
		bind(fd, (const struct sockaddr *)address, sizeof *address) < 0 ||
		listen(fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

int listeners_open_local(struct listeners *listeners, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);

	if (length >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, length);
	int result = remove_stale(path);
	if (result < 0)
		return result;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	result = listen_at(fd, &address);
	if (result < 0) {
		(void)close(fd); /* the first error counts */
		return result;
	}
	close_one(listeners, MESSAGE_LISTENER_LOCAL);
	listeners->fds[MESSAGE_LISTENER_LOCAL] = fd;
	return 0;
}

/* ---- those in the tunnel ---- */

static int set(int fd, int level, int option)
{
	const int on = 1;

	return setsockopt(fd, level, option, &on, sizeof on) < 0 ? -errno : 0;
}

/* An address can be bound before it is there, or while the interface has no carrier. */
static int set_options(int fd, enum address_family family, const char *interface)
{
	int result = set(fd, SOL_SOCKET, SO_REUSEADDR);

	if (result == 0 && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
				   (socklen_t)strlen(interface)) < 0)
		result = -errno;
	if (result == 0 && family == ADDRESS_IPV6)
		result = set(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	if (result == 0 && family == ADDRESS_IPV6)
		result = set(fd, IPPROTO_IPV6, IPV6_FREEBIND);
	if (result == 0 && family == ADDRESS_IPV4)
		result = set(fd, IPPROTO_IP, IP_FREEBIND);
	return result;
}

/* Writes the address as the kernel has it; its size. */
static socklen_t write_address(
	const struct address *address, uint16_t port, struct sockaddr_storage *ret_address)
{
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htobe16(port)};
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htobe16(port)};

	if (address->family == ADDRESS_IPV4) {
		memcpy(&ipv4.sin_addr, address->bytes, sizeof ipv4.sin_addr);
		memcpy(ret_address, &ipv4, sizeof ipv4);
		return sizeof ipv4;
	}
	memcpy(&ipv6.sin6_addr, address->bytes, sizeof ipv6.sin6_addr);
	memcpy(ret_address, &ipv6, sizeof ipv6);
	return sizeof ipv6;
}

/* A descriptor, or -errno. */
static int open_tcp(const char *interface, const struct address *address, uint16_t port)
{
	struct sockaddr_storage name = {0};
	socklen_t size = write_address(address, port, &name);
	int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	int result = set_options(fd, address->family, interface);
	if (result == 0 &&
		(bind(fd, (const struct sockaddr *)&name, size) < 0 || listen(fd, BACKLOG) < 0))
		result = -errno;
	if (result < 0) {
		(void)close(fd); /* the first error counts */
		return result;
	}
	return fd;
}

int listeners_open_tunnel(struct listeners *listeners, const char *interface,
	const struct message_tunnel *tunnel, struct endpoint *ret_failed)
{
	const struct {
		const struct address *address;
		enum message_listener which;
		uint16_t port;
	} rows[] = {
		{&tunnel->ipv4, MESSAGE_LISTENER_CONTROL_IPV4, tunnel->control_port},
		{&tunnel->ipv6, MESSAGE_LISTENER_CONTROL_IPV6, tunnel->control_port},
		{&tunnel->ipv4, MESSAGE_LISTENER_ENROL_IPV4, tunnel->enrol_port},
		{&tunnel->ipv6, MESSAGE_LISTENER_ENROL_IPV6, tunnel->enrol_port},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		close_one(listeners, rows[i].which);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		if (rows[i].address->family == ADDRESS_NONE || rows[i].port == 0)
			continue;
		int fd = open_tcp(interface, rows[i].address, rows[i].port);
		if (fd < 0) {
			*ret_failed =
				(struct endpoint){.remote = *rows[i].address, .port = rows[i].port};
			return fd;
		}
		listeners->fds[rows[i].which] = fd;
	}
	return 0;
}

unsigned listeners_list(const struct listeners *listeners, struct message_listeners *ret_message,
	int ret_fds[static MESSAGE_LISTENERS_ALL])
{
	unsigned count = 0;

	*ret_message = (struct message_listeners){0};
	for (unsigned i = 0; i < MESSAGE_LISTENERS_ALL; i++) {
		if (listeners->fds[i] < 0)
			continue;
		ret_message->present |= 1U << i;
		ret_fds[count++] = listeners->fds[i];
	}
	return count;
}
