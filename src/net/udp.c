/* SPDX-License-Identifier: ISC */
#include "net/udp.h"

#include "base/memory.h"
#include "net/udp_batch.h"
#include "net/udp_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PORT_TRIES = 64,      /* ports chosen for IPv4 that may turn out to be taken for IPv6 */
	SEND_WAIT_MS = 10,    /* for room in the socket; longer would hold up all other peers */
	ASYNC_ERRORS_MAX = 4, /* swallowed a call */
};

/* One family's socket and the datagrams that wait for its next system call. */
struct side {
	int fd; /* -1: the family is not there */
	size_t count;
	struct packet *packets[UDP_BATCH]; /* in the slots of the batch */
	struct udp_batch sending;
};

struct udp {
	struct side ipv4, ipv6;
	struct udp_batch receiving;
	struct udp_counters counters;
	uint32_t mark; /* in force */
	uint16_t port;
};

/* The family's side; NULL where the family is none or not there. */
static struct side *side_of(struct udp *udp, uint8_t family)
{
	struct side *side = NULL;

	if (family == ADDRESS_IPV4)
		side = &udp->ipv4;
	else if (family == ADDRESS_IPV6)
		side = &udp->ipv6;
	return side && side->fd >= 0 ? side : NULL;
}

/* Closes what is open of a side. */
static void close_side(struct side *side)
{
	if (side->fd >= 0)
		(void)close(side->fd); /* UDP: nothing is lost by it */
	side->fd = -1;
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

int udp_open(const struct udp_config *config, struct udp **ret_udp)
{
	struct udp *udp = memory_new(1, sizeof *udp);
	int result = -EADDRINUSE;

	udp->ipv4.fd = udp->ipv6.fd = -1;
	udp->mark = config->mark;
	udp_batch_init(&udp->receiving);
	udp_batch_init(&udp->ipv4.sending);
	udp_batch_init(&udp->ipv6.sending);
	for (int tries = 0; tries < PORT_TRIES && result == -EADDRINUSE; tries++) {
		result = open_sides(udp, config);
		if (config->port != 0)
			break;
	}
	if (result < 0) {
		udp_close(udp);
		return result;
	}
	*ret_udp = udp;
	return 0;
}

void udp_close(struct udp *udp)
{
	if (!udp)
		return;
	close_side(&udp->ipv4);
	close_side(&udp->ipv6);
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
	if (family == ADDRESS_IPV4)
		return udp->ipv4.fd;
	return family == ADDRESS_IPV6 ? udp->ipv6.fd : -1;
}

const struct udp_counters *udp_counters(const struct udp *udp)
{
	return &udp->counters;
}

/*
 * Receives into the first `count` slots. The number received; -errno: the socket is unusable. Other
 * errors are news about datagrams sent long ago (ICMP), told once each: try again.
 */
static int receive(int fd, struct udp_batch *batch, unsigned count)
{
	for (int tries = 0; tries < ASYNC_ERRORS_MAX; tries++) {
		int received = recvmmsg(fd, batch->headers, count, MSG_DONTWAIT, NULL);
		if (received >= 0)
			return received;
		if (errno == EAGAIN)
			return 0;
		if (errno == EBADF || errno == ENOTSOCK || errno == EINVAL || errno == EFAULT)
			return -errno;
	}
	return 0;
}

/* Takes datagrams off the socket into nothing, lest a waiting event loop spins. 0 or -errno. */
static int discard(struct udp *udp, int fd)
{
	for (size_t i = 0; i < UDP_BATCH; i++)
		udp_batch_expect(&udp->receiving, i, NULL, 0);
	int received = receive(fd, &udp->receiving, UDP_BATCH);
	if (received < 0)
		return received;
	udp->counters.receive_dropped += (uint64_t)received;
	return 0;
}

/*
 * Points the slots at the packets that the pool would hand out next, without taking them: those
 * that get no datagram never leave it. The number of slots.
 */
static unsigned expect_next(struct udp_batch *batch, const struct packet_pool *pool)
{
	unsigned count = 0;

	for (struct packet *p = pool->free.first; p && count < UDP_BATCH; p = p->next) {
		udp_batch_expect(batch, count, p->buffer + PACKET_HEADROOM, PACKET_DATA_MAX);
		count++;
	}
	return count;
}

/* Fills a packet from its slot. -EBADMSG: it was cut short, or came from nowhere. */
static int accept_slot(struct udp *udp, size_t at, struct packet *packet)
{
	const struct mmsghdr *header = &udp->receiving.headers[at];

	assert(packet->data == udp->receiving.data[at].iov_base);
	if (header->msg_hdr.msg_flags & MSG_TRUNC)
		return -EBADMSG;
	packet->length = header->msg_len;
	return udp_batch_read(&udp->receiving, at, &packet->endpoint);
}

int udp_receive(struct udp *udp, enum address_family family, struct packet_pool *pool,
	struct packet_list *ret_datagrams)
{
	struct side *side = side_of(udp, (uint8_t)family);
	struct packet_list rejected = {0};

	if (!side)
		return 0;
	unsigned slots = expect_next(&udp->receiving, pool);
	if (slots == 0)
		return discard(udp, side->fd);
	int received = receive(side->fd, &udp->receiving, slots);
	if (received < 0)
		return received;
	for (size_t i = 0; i < (size_t)received; i++) {
		struct packet *packet = packet_get(pool);
		bool is_whole = accept_slot(udp, i, packet) == 0;
		packet_list_push(is_whole ? ret_datagrams : &rejected, packet);
	}
	int taken = received - (int)rejected.count;
	udp->counters.received += (uint64_t)taken;
	udp->counters.receive_dropped += rejected.count;
	packet_put_all(pool, &rejected); /* last: the slots follow the pool's order */
	return taken;
}

/* Whether the socket takes datagrams again, after waiting for it a little. */
static bool wait_for_room(int fd)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};

	return poll(&room, 1, SEND_WAIT_MS) != 0; /* an error shows again by the next send */
}

/*
 * Our address that was called is gone: lets the kernel choose for the datagram in slot `at`, and at
 * once for those behind it on the same way, lest each costs a system call.
 */
static void forget_source(struct udp *udp, struct side *side, size_t at)
{
	const struct endpoint *lost = &side->packets[at]->endpoint;

	for (size_t i = at; i < side->count; i++) {
		const struct endpoint *endpoint = &side->packets[i]->endpoint;
		if (!udp_batch_has_source(&side->sending, i) ||
			!endpoint_equal_remote(endpoint, lost) ||
			!address_equal(&endpoint->source, &lost->source))
			continue;
		udp_batch_forget_source(&side->sending, i);
		udp->counters.source_lost++;
	}
}

/* The kernel refused the datagram in slot `at`. How many are done with; 0: try it again. */
static size_t settle(struct udp *udp, struct side *side, size_t at, int error)
{
	switch (error) {
	case EINTR:
		return 0;
	case EAGAIN:
		if (wait_for_room(side->fd))
			return 0;
		udp->counters.send_congested += side->count - at;
		return side->count - at;
	case ENOBUFS:
		udp->counters.send_congested++;
		return 1;
	case EINVAL:
	case ENODEV:
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
		if (!udp_batch_has_source(&side->sending, at))
			break;
		forget_source(udp, side, at);
		return 0;
	}
	udp->counters.send_failed++;
	return 1;
}

/* Sends what waits on a side; the packets go back to the pool. */
static void flush(struct udp *udp, struct side *side, struct packet_pool *pool)
{
	size_t at = 0;

	while (at < side->count) {
		int sent = sendmmsg(side->fd, side->sending.headers + at,
			(unsigned)(side->count - at), MSG_DONTWAIT);
		if (sent > 0)
			udp->counters.sent += (uint64_t)sent;
		at += sent > 0 ? (size_t)sent : settle(udp, side, at, errno);
	}
	for (size_t i = 0; i < side->count; i++)
		packet_put(pool, side->packets[i]);
	side->count = 0;
}

void udp_send(struct udp *udp, struct packet_pool *pool, struct packet_list *datagrams)
{
	struct packet *packet;

	while ((packet = packet_list_pop(datagrams))) {
		struct side *side = side_of(udp, packet->endpoint.remote.family);
		if (!side) {
			udp->counters.send_failed++;
			packet_put(pool, packet);
			continue;
		}
		udp_batch_write(&side->sending, side->count, packet);
		side->packets[side->count++] = packet;
		if (side->count == UDP_BATCH)
			flush(udp, side, pool);
	}
	flush(udp, &udp->ipv4, pool);
	flush(udp, &udp->ipv6, pool);
}
