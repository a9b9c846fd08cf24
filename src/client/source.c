/* SPDX-License-Identifier: ISC */
#include "client/source.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's form; its size. */
static socklen_t to_kernel(const struct endpoint *endpoint, struct sockaddr_storage *ret_name)
{
	if (endpoint->remote.family == ADDRESS_IPV4) {
		struct sockaddr_in ipv4 = {
			.sin_family = AF_INET, .sin_port = htons(endpoint->port)};
		memcpy(&ipv4.sin_addr, endpoint->remote.bytes, sizeof ipv4.sin_addr);
		memcpy(ret_name, &ipv4, sizeof ipv4);
		return sizeof ipv4;
	}
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6,
		.sin6_port = htons(endpoint->port),
		.sin6_scope_id = endpoint->scope_id};
	memcpy(&ipv6.sin6_addr, endpoint->remote.bytes, sizeof ipv6.sin6_addr);
	memcpy(ret_name, &ipv6, sizeof ipv6);
	return sizeof ipv6;
}

static struct address from_kernel(const struct sockaddr_storage *name)
{
	struct address address = {0};

	if (name->ss_family == AF_INET) {
		struct sockaddr_in ipv4;
		memcpy(&ipv4, name, sizeof ipv4);
		address.family = ADDRESS_IPV4;
		memcpy(address.bytes, &ipv4.sin_addr, sizeof ipv4.sin_addr);
	} else if (name->ss_family == AF_INET6) {
		struct sockaddr_in6 ipv6;
		memcpy(&ipv6, name, sizeof ipv6);
		address.family = ADDRESS_IPV6;
		memcpy(address.bytes, &ipv6.sin6_addr, sizeof ipv6.sin6_addr);
	}
	return address;
}

struct address source_towards(const struct endpoint *endpoint)
{
	struct sockaddr_storage name = {0};
	struct address source = {0};

	if (endpoint->remote.family == ADDRESS_NONE)
		return source;
	socklen_t size = to_kernel(endpoint, &name);
	int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return source;
	if (connect(fd, (const struct sockaddr *)&name, size) == 0) {
		size = sizeof name;
		if (getsockname(fd, (struct sockaddr *)&name, &size) == 0)
			source = from_kernel(&name);
	}
	close(fd);
	return source;
}
