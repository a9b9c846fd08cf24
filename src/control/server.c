/* SPDX-License-Identifier: ISC */
#include "control/server.h"

#include "base/memory.h"
#include "control/server_state.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Room for the address of whoever connects. */
union socket_name {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
	struct sockaddr_un local;
};

/* ---- handles ---- */

void server_release(struct server *server)
{
	if (--server->handle_count == 0)
		free(server);
}

static void handle_closed(uv_handle_t *handle)
{
	server_release(handle->data);
}

static void own(struct server *server, void *handle)
{
	((uv_handle_t *)handle)->data = server;
	server->handle_count++;
}

/* ---- libmicrohttpd ---- */

static void timeout_passed(uv_timer_t *timer)
{
	server_run(timer->data);
}

void server_run(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = 0;

	server->is_running = true;
	server->is_due = false;
	(void)MHD_run(server->daemon); /* NO only for a daemon that is not driven from outside */
	server->is_running = false;
	if (MHD_get_timeout(server->daemon, &wait_ms) != MHD_YES || wait_ms > SERVER_TIMEOUT_MAX_MS)
		wait_ms = SERVER_TIMEOUT_MAX_MS;
	if (server->is_due)
		wait_ms = 0;
	(void)uv_timer_start(&server->timeout, timeout_passed, wait_ms, 0); /* it is not closing */
}

void server_run_soon(struct server *server)
{
	server->is_due = true;
	if (!server->is_running)
		(void)uv_timer_start(&server->timeout, timeout_passed, 0, 0); /* not closing */
}

static void ready(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	server_run(poll->data);
}

/* ---- connections ---- */

void connection_free(struct server_connection *connection)
{
	struct listener *listener = connection->listener;

	if (connection->next)
		connection->next->previous = connection->previous;
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		listener->first = connection->next;
	listener->connection_count--;
	free(connection);
}

static struct server_connection *connection_new(
	struct listener *listener, const struct server_peer *peer, int fd)
{
	struct server_connection *connection = memory_new(1, sizeof *connection);

	*connection = (struct server_connection){
		.listener = listener, .next = listener->first, .peer = *peer, .fd = fd};
	if (connection->next)
		connection->next->previous = connection;
	listener->first = connection;
	listener->connection_count++;
	return connection;
}

static size_t connections_from(const struct listener *listener, const struct address *address)
{
	size_t count = 0;

	for (const struct server_connection *at = listener->first; at; at = at->next)
		count += address_equal(&at->peer.address, address);
	return count;
}

/* Who is at the other end of a local socket: the kernel says so, as of connect(2). */
static bool identify_local(const struct server *server, int fd, struct server_peer *peer)
{
	struct ucred other;
	socklen_t size = sizeof other;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &other, &size) < 0 || size != sizeof other)
		return false;
	peer->uid = other.uid;
	peer->pid = other.pid;
	return other.uid == 0 || other.uid == server->uid;
}

static bool identify_tunnel(const union socket_name *name, struct server_peer *peer)
{
	struct address *address = &peer->address;

	if (name->any.sa_family == AF_INET) {
		address->family = ADDRESS_IPV4;
		memcpy(address->bytes, &name->ipv4.sin_addr, sizeof name->ipv4.sin_addr);
		return true;
	}
	if (name->any.sa_family != AF_INET6)
		return false;
	address->family = ADDRESS_IPV6;
	memcpy(address->bytes, &name->ipv6.sin6_addr, sizeof name->ipv6.sin6_addr);
	return true;
}

/* Whether the connection may stay, and whose it is. */
static bool admit(const struct listener *listener, int fd, const union socket_name *name,
	struct server_peer *ret_peer)
{
	struct server_peer peer = {.address.family = ADDRESS_NONE};

	if (listener->connection_count >= SERVER_CONNECTIONS_MAX)
		return false;
	if (listener->is_local ? !identify_local(listener->server, fd, &peer)
			       : !identify_tunnel(name, &peer))
		return false;
	if (!listener->is_local &&
		connections_from(listener, &peer.address) >= SERVER_CONNECTIONS_PER_PEER_MAX)
		return false;
	*ret_peer = peer;
	return true;
}

/* Gives the connection to libmicrohttpd, which closes it in any case. */
static void arrive(struct listener *listener, int fd, const union socket_name *name, socklen_t size)
{
	struct server *server = listener->server;
	struct server_peer peer;

	if (!admit(listener, fd, name, &peer)) {
		(void)close(fd); /* not a word */
		return;
	}
	struct server_connection *connection = connection_new(listener, &peer, fd);
	server->arriving = connection;
	(void)MHD_add_connection(server->daemon, fd, &name->any, size); /* see below */
	if (server->arriving) { /* refused, for want of memory or descriptors */
		server->arriving = NULL;
		connection_free(connection);
	}
}

/* ---- listeners ---- */

static void connections_wait(uv_poll_t *poll, int status, int events);

static void listeners_poll(struct server *server)
{
	for (size_t i = 0; i < server->listener_count; i++)
		(void)uv_poll_start(&server->listeners[i].poll, UV_READABLE, connections_wait);
}

static void rested(uv_timer_t *timer)
{
	listeners_poll(timer->data);
}

/* Where there is no descriptor or memory left, those who wait would wake us again and again. */
static void rest(struct server *server)
{
	for (size_t i = 0; i < server->listener_count; i++)
		(void)uv_poll_stop(&server->listeners[i].poll); /* always succeeds */
	(void)uv_timer_start(&server->rest, rested, SERVER_REST_MS, 0);
}

static bool is_exhaustion(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void connections_wait(uv_poll_t *poll, int status, int events)
{
	struct listener *listener = container_of(poll, struct listener, poll);
	struct server *server = listener->server;

	(void)status;
	(void)events;
	for (int i = 0; i < SERVER_ACCEPTS_MAX; i++) {
		union socket_name name = {0};
		socklen_t size = sizeof name;
		int fd =
			accept4(listener->given.fd, &name.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && is_exhaustion(errno))
			rest(server);
		if (fd < 0)
			break; /* nobody, or gone again */
		arrive(listener, fd, &name, size);
	}
	server_run(server);
}

static int listener_open(struct listener *listener)
{
	struct server *server = listener->server;
	int family = 0;
	socklen_t size = sizeof family;

	if (getsockopt(listener->given.fd, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0)
		return -errno;
	listener->is_local = family == AF_UNIX;
	int result = uv_poll_init(server->loop, &listener->poll, listener->given.fd);
	if (result < 0)
		return result;
	own(server, &listener->poll);
	listener->is_polled = true;
	return 0;
}

/* ---- the server ---- */

static struct MHD_Daemon *daemon_start(struct server *server)
{
	unsigned flags = MHD_USE_NO_LISTEN_SOCKET | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_SUPPRESS_DATE_NO_CLOCK;
	unsigned most = SERVER_CONNECTIONS_MAX * (unsigned)(server->listener_count + 1);

	return MHD_start_daemon(flags, 0, NULL, NULL, serve, server, MHD_OPTION_CONNECTION_LIMIT,
		most, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SERVER_IDLE_S,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, serve_completed,
		server, MHD_OPTION_NOTIFY_CONNECTION, serve_connection, server,
		MHD_OPTION_UNESCAPE_CALLBACK, serve_undecoded, server, MHD_OPTION_END);
}

static int open_daemon(struct server *server)
{
	server->daemon = daemon_start(server);
	if (!server->daemon)
		return -ENOMEM; /* or descriptors: it does not say */
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int result = info ? uv_poll_init(server->loop, &server->ready, info->epoll_fd) : -ENOMEM;
	if (result < 0) {
		MHD_stop_daemon(server->daemon);
		return result;
	}
	own(server, &server->ready);
	return uv_poll_start(&server->ready, UV_READABLE, ready);
}

static int open_listeners(struct server *server, const struct server_config *config)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		struct listener *listener = &server->listeners[i];
		listener->server = server;
		listener->given = config->listeners[i];
		int result = listener_open(listener);
		if (result < 0)
			return result;
	}
	return 0;
}

int server_open(const struct server_config *config, struct server **ret_server)
{
	struct server *server = memory_new(
		1, sizeof *server + config->listener_count * sizeof server->listeners[0]);

	server->loop = config->loop;
	server->context = config->context;
	server->uid = geteuid();
	server->listener_count = config->listener_count;
	int result = open_daemon(server);
	if (result < 0) {
		free(server);
		return result;
	}
	(void)uv_timer_init(server->loop, &server->timeout); /* always succeeds */
	own(server, &server->timeout);
	(void)uv_timer_init(server->loop, &server->rest);
	own(server, &server->rest);
	result = open_listeners(server, config);
	if (result < 0) {
		server_close(server);
		return result;
	}
	listeners_poll(server);
	*ret_server = server;
	return 0;
}

void server_close(struct server *server)
{
	if (!server)
		return;
	assert(!server->is_running);
	while (server->kept)
		request_leave(server->kept);
	uv_close((uv_handle_t *)&server->ready, handle_closed);
	uv_close((uv_handle_t *)&server->timeout, handle_closed);
	uv_close((uv_handle_t *)&server->rest, handle_closed);
	for (size_t i = 0; i < server->listener_count; i++) {
		if (server->listeners[i].is_polled)
			uv_close((uv_handle_t *)&server->listeners[i].poll, handle_closed);
	}
	MHD_stop_daemon(server->daemon);
}
