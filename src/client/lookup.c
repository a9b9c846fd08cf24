/* SPDX-License-Identifier: ISC */
#include "client/lookup.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>

struct lookup {
	struct lookup_config config;
	uv_getaddrinfo_t request;
	struct endpoint found[LOOKUP_ADDRESSES_MAX];
	bool is_done;	   /* the thread is through */
	bool is_forgotten; /* nobody wants to know */
};

static const struct addrinfo wanted = {
	.ai_family = AF_UNSPEC,
	.ai_socktype = SOCK_DGRAM,
	.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV,
};

int lookup_split(const char *text, char ret_host[static NETMAP_HOST_SIZE],
	char ret_port[static LOOKUP_PORT_SIZE])
{
	const char *colon = strrchr(text, ':');
	const char *host = text;
	uint64_t port = 0;

	if (!colon || colon == text)
		return ERR_SYNTAX;
	size_t host_size = (size_t)(colon - text), port_size = strlen(colon + 1);
	if (*host == '[') {
		if (colon[-1] != ']' || host_size <= 2)
			return ERR_SYNTAX;
		host++;
		host_size -= 2;
	} else if (memchr(host, ':', host_size)) {
		return ERR_SYNTAX;
	}
	if (host_size >= NETMAP_HOST_SIZE || port_size >= LOOKUP_PORT_SIZE ||
		number_parse(colon + 1, port_size, UINT16_MAX, &port) < 0 || port == 0)
		return ERR_SYNTAX;
	memcpy(ret_host, host, host_size);
	ret_host[host_size] = '\0';
	memcpy(ret_port, colon + 1, port_size + 1);
	return 0;
}

/* The kernel's form, aligned as it wants it. */
static bool endpoint_of(const struct sockaddr *from, struct endpoint *ret_endpoint)
{
	struct endpoint endpoint = {0};

	if (from->sa_family == AF_INET) {
		struct sockaddr_in ipv4;
		memcpy(&ipv4, from, sizeof ipv4);
		endpoint.remote.family = ADDRESS_IPV4;
		memcpy(endpoint.remote.bytes, &ipv4.sin_addr, sizeof ipv4.sin_addr);
		endpoint.port = ntohs(ipv4.sin_port);
	} else if (from->sa_family == AF_INET6) {
		struct sockaddr_in6 ipv6;
		memcpy(&ipv6, from, sizeof ipv6);
		endpoint.remote.family = ADDRESS_IPV6;
		memcpy(endpoint.remote.bytes, &ipv6.sin6_addr, sizeof ipv6.sin6_addr);
		endpoint.port = ntohs(ipv6.sin6_port);
		endpoint.scope_id = ipv6.sin6_scope_id;
	} else {
		return false;
	}
	*ret_endpoint = endpoint;
	return true;
}

/* In the resolver's order (RFC 6724): how many. */
static unsigned collect(
	const struct addrinfo *found, struct endpoint ret_endpoints[static LOOKUP_ADDRESSES_MAX])
{
	unsigned count = 0;

	for (; found && count < LOOKUP_ADDRESSES_MAX; found = found->ai_next) {
		if (endpoint_of(found->ai_addr, &ret_endpoints[count]))
			count++;
	}
	return count;
}

int lookup_wait(const char *text, struct endpoint ret_endpoints[static LOOKUP_ADDRESSES_MAX])
{
	char host[NETMAP_HOST_SIZE], port[LOOKUP_PORT_SIZE];
	struct addrinfo *found = NULL;

	if (endpoint_parse(text, strlen(text), &ret_endpoints[0]) == 0)
		return 1;
	int err = lookup_split(text, host, port);
	if (err < 0)
		return err;
	if (getaddrinfo(host, port, &wanted, &found) != 0)
		return -ENOENT;
	unsigned count = collect(found, ret_endpoints);
	freeaddrinfo(found);
	return count ? (int)count : -ENOENT;
}

static void is_looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct lookup *lookup = request->data;
	unsigned count = status == 0 ? collect(found, lookup->found) : 0;

	uv_freeaddrinfo(found);
	lookup->is_done = true;
	if (lookup->is_forgotten) {
		free(lookup);
		return;
	}
	if (count == 0 && status == 0)
		status = -ENOENT;
	lookup->config.done(lookup->config.context, status, lookup->found, count);
}

int lookup_new(const struct lookup_config *config, const char *text, struct lookup **ret_lookup)
{
	char host[NETMAP_HOST_SIZE], port[LOOKUP_PORT_SIZE];

	int err = lookup_split(text, host, port);
	if (err < 0)
		return err;
	struct lookup *lookup = memory_new(1, sizeof *lookup);
	lookup->config = *config;
	lookup->request.data = lookup;
	err = uv_getaddrinfo(config->loop, &lookup->request, is_looked_up, host, port, &wanted);
	if (err < 0) {
		free(lookup);
		return err;
	}
	*ret_lookup = lookup;
	return 0;
}

void lookup_free(struct lookup *lookup)
{
	if (!lookup)
		return;
	if (lookup->is_done) {
		free(lookup);
		return;
	}
	lookup->is_forgotten = true;
	(void)uv_cancel((uv_req_t *)&lookup->request); /* or it runs to its end */
}
