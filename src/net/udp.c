/* SPDX-License-Identifier: ISC */
#include "net/udp.h"

#include "base/memory.h"
#include "net/udp_side.h"
#include "net/udp_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PORT_TRIES = 64, /* ports chosen for IPv4 that may turn out to be taken for IPv6 */
};

/* Closes what is open of a side. */
static void close_side(struct udp_side *side)
{
	if (side->fd >= 0)
		(void)close(side->fd); /* UDP: nothing is lost by it */
	side->fd = -1;
	free(side->heads);
	side->heads = NULL;
}

/* Opens both families on one port; udp->port says which. -errno, then none is open. */
static int open_sides(struct udp *udp, const struct udp_config *config)
{
	int result = udp_socket_open(ADDRESS_IPV4, config, config->port, &udp->ipv4.fd);

	if (result < 0 && result != -EAFNOSUPPORT)
		return result;
	udp->port = config->port;
	if (result == 0)
		result = udp_socket_port(udp->ipv4.fd, &udp->port);
	if (result == 0 || result == -EAFNOSUPPORT)
		result = udp_socket_open(ADDRESS_IPV6, config, udp->port, &udp->ipv6.fd);
	if (result == -EAFNOSUPPORT && udp->ipv4.fd >= 0)
		return 0;
	if (result == 0)
		result = udp_socket_port(udp->ipv6.fd, &udp->port);
	if (result < 0) {
		close_side(&udp->ipv4);
		close_side(&udp->ipv6);
	}
	return result;
}

/* ---- hidden: no socket has the port ---- */

static int open_raw_side(
	struct udp_side *side, enum address_family family, uint32_t mark, uint16_t port)
{
	int result = udp_raw_open(family, mark, &side->fd);

	if (result < 0)
		return result;
	side->heads = memory_new(1, sizeof *side->heads);
	side->heads->port = port;
	return 0;
}

/* Opens what hidden reception needs on udp->port. -errno, then none is open. */
static int open_hidden_parts(struct udp *udp, const struct udp_config *config)
{
	int result = open_raw_side(&udp->ipv4, ADDRESS_IPV4, config->mark, udp->port);

	if (result == 0 || result == -EAFNOSUPPORT) {
		int other = open_raw_side(&udp->ipv6, ADDRESS_IPV6, config->mark, udp->port);
		if (other != -EAFNOSUPPORT || result < 0)
			result = other;
	}
	if (result == 0)
		result = udp_tap_open(config->tap_program, udp->port, config->is_shared, &udp->tap);
	if (result < 0) {
		close_side(&udp->ipv4);
		close_side(&udp->ipv6);
	}
	return result;
}

/* Finds a port that nobody has, by sockets that are closed again, and takes it without any. */
static int open_hidden(struct udp *udp, const struct udp_config *config)
{
	const struct udp_config probe = {.port = config->port};
	bool is_first = !config->is_shared || config->port == 0;
	int result = is_first ? open_sides(udp, &probe) : 0;

	if (result < 0)
		return result;
	close_side(&udp->ipv4);
	close_side(&udp->ipv6);
	if (!is_first)
		udp->port = config->port;
	return open_hidden_parts(udp, config);
}

/* Makes an open side ready for its first datagrams. */
static void side_init(struct udp_side *side)
{
	udp_batch_init(&side->sending);
	side->slots = UDP_BATCH;
	side->can_segment = side->fd >= 0 && !side->heads && udp_socket_can_segment(side->fd);
	side->segment_max = side->can_segment ? UDP_SEGMENTED_MAX : 0;
}

int udp_open(const struct udp_config *config, struct udp **ret_udp)
{
	struct udp *udp = memory_new(1, sizeof *udp);
	int result = -EADDRINUSE;

	udp->ipv4.fd = udp->ipv6.fd = -1;
	udp->mark = config->mark;
	udp_batch_init(&udp->receiving);
	for (int tries = 0; tries < PORT_TRIES && result == -EADDRINUSE; tries++) {
		result = config->is_hidden ? open_hidden(udp, config) : open_sides(udp, config);
		if (config->port != 0)
			break;
	}
	if (result < 0) {
		udp_close(udp);
		return result;
	}
	side_init(&udp->ipv4);
	side_init(&udp->ipv6);
	*ret_udp = udp;
	return 0;
}

void udp_close(struct udp *udp)
{
	if (!udp)
		return;
	close_side(&udp->ipv4);
	close_side(&udp->ipv6);
	udp_tap_close(udp->tap);
	free(udp);
}

uint16_t udp_port(const struct udp *udp)
{
	return udp->port;
}

int udp_set_mark(struct udp *udp, uint32_t mark)
{
	const int fds[] = {udp->ipv4.fd, udp->ipv6.fd};
	int first_error = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(fds) && first_error == 0; i++)
		first_error = fds[i] < 0 ? 0 : udp_socket_set_mark(fds[i], mark);
	if (first_error == 0) {
		udp->mark = mark;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(fds); i++) {
		if (fds[i] >= 0 && udp_socket_set_mark(fds[i], udp->mark) < 0)
			continue; /* it was never changed: the same rights were asked for */
	}
	return first_error;
}

int udp_fd(const struct udp *udp, enum address_family family)
{
	if (udp->tap)
		return family == ADDRESS_IPV4 ? udp_tap_fd(udp->tap) : -1;
	if (family == ADDRESS_IPV4)
		return udp->ipv4.fd;
	return family == ADDRESS_IPV6 ? udp->ipv6.fd : -1;
}

const struct udp_counters *udp_counters(const struct udp *udp)
{
	return &udp->counters;
}
