/* SPDX-License-Identifier: ISC */
/* The local socket by its file, those in the tunnel in a namespace of its own. */
#include "tacetd/listeners.h"

#include "../net/namespace.h"
#include "folder.h"
#include "net/netif.h"
#include "tap.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

static int call(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path));
	must(fd >= 0, "make a socket");
	int result = connect(fd, (const struct sockaddr *)&address, sizeof address);
	result = result < 0 ? -errno : 0;
	must(close(fd) == 0, "close");
	return result;
}

static void test_local(void)
{
	struct listeners listeners;
	struct stat status;
	char path[128], longest[256];

	listeners_init(&listeners);
	(void)snprintf(path, sizeof path, "%s", path_of("sock")); /* fits */
	tap_is_int(listeners_open_local(&listeners, path), 0, "opened");
	tap_ok(stat(path, &status) == 0 && (status.st_mode & 07777) == 0600, "0600");
	tap_is_int(call(path), 0, "it can be called");
	listeners_done(&listeners);
	tap_is_int(call(path), -ECONNREFUSED, "not any more");
	tap_is_int(listeners_open_local(&listeners, path), 0, "what was left there is replaced");
	tap_is_int(call(path), 0, "it can be called again");
	listeners_done(&listeners);
	folder_clear("sock");
	folder_write("sock", "a file", 0600);
	tap_is_int(listeners_open_local(&listeners, path), -EEXIST, "a file is left alone");
	folder_clear("sock");
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	tap_is_int(listeners_open_local(&listeners, longest), -ENAMETOOLONG, "too long");
	tap_is_int(listeners_open_local(&listeners, "/nowhere/sock"), -ENOENT, "no folder");
}

static struct address address_of(const char *text)
{
	struct address address = {0};

	must(address_parse(text, strlen(text), &address) == 0, "read an address");
	return address;
}

static void test_tunnel(void)
{
	struct message_tunnel tunnel = {
		.ipv4 = address_of("10.9.0.1"),
		.ipv6 = address_of("fd09::1"),
		.control_port = 7411,
		.enrol_port = 7412,
	};
	struct listeners listeners;
	struct message_listeners message;
	struct endpoint failed;
	int fds[MESSAGE_LISTENERS_ALL];

	listeners_init(&listeners);
	tap_is_int(listeners_open_tunnel(&listeners, "tun9", &tunnel, &failed), -ENODEV,
		"no interface");
	tap_is_int(failed.port, 7411, "it says which one failed");
	must(netif_make_tun("tun9", 1) == 0, "make a device");
	tap_is_int(listeners_open_tunnel(&listeners, "tun9", &tunnel, &failed), 0,
		"before the addresses are there");
	tap_is_int(listeners_list(&listeners, &message, fds), 4, "four");
	tap_is_int(message.present, 0x1e, "all but the local one");
	tap_ok(run("ss -Hltn | grep -q '10.9.0.1%tun9:7411'"), "for that interface alone");
	tap_ok(run("ss -Hltn | grep -q '\\[fd09::1\\]%tun9:7412'"), "IPv6 too");
	tap_is_int(listeners_open_tunnel(&listeners, "tun9", &tunnel, &failed), 0, "again");
	tap_ok(run("test \"$(ss -Hltn | wc -l)\" = 4"), "the former ones are closed");
	tunnel.ipv6 = (struct address){0};
	tap_is_int(listeners_open_tunnel(&listeners, "tun9", &tunnel, &failed), 0, "IPv4 alone");
	tap_is_int(listeners_list(&listeners, &message, fds), 2, "two");
	tap_is_int(message.present,
		1 << MESSAGE_LISTENER_CONTROL_IPV4 | 1 << MESSAGE_LISTENER_ENROL_IPV4, "those");
	listeners_done(&listeners);
	tap_is_int(listeners_list(&listeners, &message, fds), 0, "none");
}

int main(void)
{
	folder_make();
	test_local();
	folder_remove();
	if (!namespace_enter() || access("/dev/net/tun", R_OK | W_OK) < 0)
		tap_skip("in the tunnel", "no namespace, or no /dev/net/tun here");
	else
		test_tunnel();
	return tap_done();
}
