/* SPDX-License-Identifier: ISC */
/*
 * The way in. A message that the kernel has joined of many datagrams (UDP_GRO) lies in the buffer
 * of one packet; each datagram becomes a slice of it.
 */
#include "net/udp_side.h"

#include <errno.h>

enum {
	ASYNC_ERRORS_MAX = 4, /* swallowed a call */
	SLOTS_MIN = 4,
	/* What is taken at once: more would not stay in a core's cache until it is worked on. */
	BYTES_WANTED = 256 * 1024,
};

/*
 * Receives into the first `count` slots. The number received; -errno: the socket is unusable. Other
 * errors are news about datagrams sent long ago (ICMP), told once each: try again.
 */
static int receive(int fd, struct udp_batch *batch, unsigned count, int flags)
{
	for (int tries = 0; tries < ASYNC_ERRORS_MAX; tries++) {
		int received = recvmmsg(fd, batch->headers, count, MSG_DONTWAIT | flags, NULL);
		if (received >= 0)
			return received;
		if (errno == EAGAIN)
			return 0;
		if (errno == EBADF || errno == ENOTSOCK || errno == EINVAL || errno == EFAULT)
			return -errno;
	}
	return 0;
}

/* Of how many datagrams a message of `length` bytes was joined. */
static size_t datagrams_in(size_t length, size_t segment)
{
	return segment == 0 || segment >= length ? 1 : (length + segment - 1) / segment;
}

/* Takes messages off the socket into nothing, lest a waiting event loop spins. 0 or -errno. */
static int discard(struct udp *udp, int fd)
{
	struct udp_batch *batch = &udp->receiving;
	struct endpoint endpoint;

	for (size_t i = 0; i < UDP_BATCH; i++)
		udp_batch_expect(batch, i, NULL, 0);
	int received = receive(fd, batch, UDP_BATCH, MSG_TRUNC);
	for (size_t i = 0; received > 0 && i < (size_t)received; i++) {
		size_t segment;
		int err = udp_batch_read(batch, i, &endpoint, &segment);
		udp->counters.receive_dropped +=
			err < 0 ? 1 : datagrams_in(batch->headers[i].msg_len, segment);
	}
	return received < 0 ? received : 0;
}

/*
 * Points the slots at the packets that the pool would hand out next, without taking them: those
 * that get no message never leave it. The number of slots.
 */
static unsigned expect_next(struct udp_batch *batch, const struct packet_pool *pool, unsigned slots)
{
	unsigned count = 0;

	for (struct packet *p = pool->free.first; p && count < slots; p = p->next) {
		udp_batch_expect(batch, count, p->buffer + PACKET_HEADROOM, PACKET_DATA_MAX);
		count++;
	}
	return count;
}

/* As many slots next time as hold what is wanted, if messages stay as long as these. */
static void adapt(struct udp_side *side, size_t messages, size_t bytes)
{
	size_t slots = bytes == 0 ? UDP_BATCH : BYTES_WANTED * messages / bytes;

	if (slots < SLOTS_MIN)
		slots = SLOTS_MIN;
	side->slots = slots > UDP_BATCH ? UDP_BATCH : (unsigned)slots;
}

size_t udp_cut(struct packet_pool *pool, struct packet *message, size_t segment,
	struct packet_list *ret_datagrams)
{
	uint8_t *end = message->data + message->length;
	size_t count = 0;

	for (uint8_t *at = message->data; at < end; at += segment) {
		size_t left = (size_t)(end - at);
		size_t length = left < segment ? left : segment;
		struct packet *slice = packet_slice(pool, message, at, length, at + length);
		if (!slice)
			break;
		slice->endpoint = message->endpoint;
		packet_list_push(ret_datagrams, slice);
		count++;
		if (left <= segment)
			break;
	}
	return count;
}

/*
 * Takes over what was received into a slot. A packet that is no datagram itself, but carries some
 * or is of no use, goes to done.
 */
static void take_slot(struct udp *udp, size_t at, struct packet_pool *pool,
	struct packet_list *ret_datagrams, struct packet_list *done)
{
	const struct mmsghdr *header = &udp->receiving.headers[at];
	struct packet *packet = packet_get(pool);
	size_t segment = 0;

	assert(packet && packet->data == udp->receiving.pieces[at].iov_base);
	packet->length = header->msg_len;
	int err = udp_batch_read(&udp->receiving, at, &packet->endpoint, &segment);
	size_t count = datagrams_in(packet->length, segment);
	size_t taken = 0;
	if (err == 0 && !(header->msg_hdr.msg_flags & MSG_TRUNC))
		taken = count == 1 ? 1 : udp_cut(pool, packet, segment, ret_datagrams);
	packet_list_push(taken == 1 && count == 1 ? ret_datagrams : done, packet);
	udp->counters.received += taken;
	udp->counters.receive_dropped += count - taken;
}

int udp_receive(struct udp *udp, enum address_family family, struct packet_pool *pool,
	struct packet_list *ret_datagrams)
{
	struct udp_side *side = udp_side_of(udp, (uint8_t)family);
	size_t before = ret_datagrams->count, bytes = 0;
	struct packet_list done = {0};

	if (udp->tap)
		return udp_tap_receive(udp->tap, pool, &udp->counters, ret_datagrams);
	if (!side)
		return 0;
	unsigned slots = expect_next(&udp->receiving, pool, side->slots);
	if (slots == 0)
		return discard(udp, side->fd);
	int received = receive(side->fd, &udp->receiving, slots, 0);
	if (received < 0)
		return received;
	for (size_t i = 0; i < (size_t)received; i++) {
		bytes += udp->receiving.headers[i].msg_len;
		take_slot(udp, i, pool, ret_datagrams, &done);
	}
	packet_put_all(pool, &done); /* last: the slots follow the pool's order */
	adapt(side, (size_t)received, bytes);
	return (int)(ret_datagrams->count - before);
}
