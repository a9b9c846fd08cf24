/* SPDX-License-Identifier: ISC */
#include "net/udp_socket.h"

#include "net/udp_batch.h"

#include <errno.h>
#include <netinet/udp.h>
#include <unistd.h>

enum {
	SOCKET_BUFFER_BYTES = 4 * 1024 * 1024, /* a burst of some 2,000 datagrams of 1,500 bytes */
};

/* One call of setsockopt(2) with a number. */
struct option {
	int level, name, value;
};

/*
 * Fragments and silence. The DF bit is never set: an inner packet that fits the tunnel must arrive
 * even where the path is narrower than we think, as with kernel WireGuard. IPv4 routers then cut
 * datagrams themselves and never need to tell us, so "fragmentation needed" can only be forged:
 * OMIT does not listen (DONT would), so no stranger can make us send fragments, which a hardened
 * peer drops. IPv6 routers do not cut: there DONT, which cuts here by what "packet too big" says,
 * never below 1280 bytes; a deaf socket would lose all long packets on a narrow path.
 *
 * IP_RECVERR stays off: without it a stranger's ICMP errors never reach an unconnected socket.
 */
static const struct option ipv4_options[] = {
	{IPPROTO_IP, IP_PKTINFO, 1},
};

static const struct option ipv6_options[] = {
	{IPPROTO_IPV6, IPV6_V6ONLY, 1},
	{IPPROTO_IPV6, IPV6_RECVPKTINFO, 1},
};

static const struct option path_options[] = {
	[ADDRESS_IPV4] = {IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT},
	[ADDRESS_IPV6] = {IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT},
};

/* Sets one option. -errno. */
static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value) < 0 ? -errno : 0;
}

/* Asks for large buffers: past the machine's limit where we may, else up to it. */
static void enlarge_buffers(int fd)
{
	/* Smaller buffers lose bursts, no more: not worth failing for. */
	if (set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER_BYTES) < 0)
		(void)set_option(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER_BYTES);
	if (set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER_BYTES) < 0)
		(void)set_option(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER_BYTES);
}

bool udp_socket_can_segment(int fd)
{
	return set_option(fd, IPPROTO_UDP, UDP_SEGMENT, 0) == 0;
}

int udp_socket_set_mark(int fd, uint32_t mark)
{
	return set_option(fd, SOL_SOCKET, SO_MARK, (int)mark);
}

int udp_socket_prepare_sending(int fd, enum address_family family, uint32_t mark)
{
	const struct option *path = &path_options[family];
	int result = set_option(fd, path->level, path->name, path->value);

	if (result < 0)
		return result;
	enlarge_buffers(fd);
	return mark ? udp_socket_set_mark(fd, mark) : 0;
}

/* All options that must hold before the first datagram comes in. -errno. */
static int prepare(int fd, enum address_family family, const struct udp_config *config)
{
	const struct option *options = family == ADDRESS_IPV4 ? ipv4_options : ipv6_options;
	size_t count =
		family == ADDRESS_IPV4 ? ARRAY_LENGTH(ipv4_options) : ARRAY_LENGTH(ipv6_options);

	for (size_t i = 0; i < count; i++) {
		int result = set_option(fd, options[i].level, options[i].name, options[i].value);
		if (result < 0)
			return result;
	}
	/* Runs of datagrams come as one; not before Linux 5.0: then each comes by itself. */
	(void)set_option(fd, IPPROTO_UDP, UDP_GRO, 1);
	return udp_socket_prepare_sending(fd, family, config->mark);
}

/* Binds to all addresses of the family. -errno. */
static int bind_any(int fd, enum address_family family, uint16_t port)
{
	const union udp_name ipv4 = {.ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
	const union udp_name ipv6 = {.ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
	const union udp_name *name = family == ADDRESS_IPV4 ? &ipv4 : &ipv6;
	socklen_t size = family == ADDRESS_IPV4 ? sizeof name->ipv4 : sizeof name->ipv6;

	if (bind(fd, &name->any, size) == 0)
		return 0;
	return errno == EADDRNOTAVAIL ? -EAFNOSUPPORT : -errno; /* the family is switched off */
}

/* Binds and shares in the order that the configuration asks for. -errno. */
static int take_port(
	int fd, enum address_family family, const struct udp_config *config, uint16_t port)
{
	bool was_chosen = config->port == 0;
	int result = 0;

	if (config->is_shared && !was_chosen)
		result = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (result == 0)
		result = bind_any(fd, family, port);
	if (result == 0 && config->is_shared && was_chosen)
		result = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	return result;
}

int udp_socket_open(
	enum address_family family, const struct udp_config *config, uint16_t port, int *ret_fd)
{
	int domain = family == ADDRESS_IPV4 ? AF_INET : AF_INET6;
	int fd = socket(domain, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);

	if (fd < 0)
		return errno == EPROTONOSUPPORT ? -EAFNOSUPPORT : -errno;
	int result = prepare(fd, family, config);
	if (result == 0)
		result = take_port(fd, family, config, port);
	if (result < 0) {
		(void)close(fd); /* nothing was written */
		return result;
	}
	*ret_fd = fd;
	return 0;
}

int udp_socket_port(int fd, uint16_t *ret_port)
{
	union udp_name name = {0};
	socklen_t size = sizeof name;

	if (getsockname(fd, &name.any, &size) < 0)
		return -errno;
	*ret_port = ntohs(name.any.sa_family == AF_INET ? name.ipv4.sin_port : name.ipv6.sin6_port);
	return 0;
}
