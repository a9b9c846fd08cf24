/* SPDX-License-Identifier: ISC */
/*
 * The way out. Datagrams of one length that follow each other to the same endpoint, and may, go to
 * the kernel as one message (UDP_SEGMENT). Where it refuses that, they go one by one: a link
 * narrower than they are (EMSGSIZE, before Linux 6.0 EINVAL), a device that computes no checksums
 * (EIO), IPsec on the way. So as not to ask each time, the socket remembers it for the next APART
 * datagrams.
 */
#include "net/udp_side.h"

#include <errno.h>
#include <poll.h>

enum {
	SEND_WAIT_MS = 10, /* for room in the socket; longer would hold up all other peers */
	APART = 65536,	   /* datagrams until a refusal is forgotten: routes and devices change */
};

/* Whether the socket takes datagrams again, after waiting for it a little. */
static bool wait_for_room(int fd)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};

	return poll(&room, 1, SEND_WAIT_MS) != 0; /* an error shows again by the next send */
}

/* The datagrams in slots [at, end). */
static size_t datagrams_in(const struct udp_side *side, size_t at, size_t end)
{
	size_t count = 0;

	for (; at < end; at++)
		count += side->messages[at].count;
	return count;
}

/*
 * Our address that was called is gone: lets the kernel choose for the message in slot `at`, and at
 * once for those behind it on the same way, lest each costs a system call.
 */
static void forget_source(struct udp *udp, struct udp_side *side, size_t at, size_t end)
{
	const struct endpoint *lost = &side->messages[at].first->endpoint;

	for (size_t i = at; i < end; i++) {
		const struct endpoint *endpoint = &side->messages[i].first->endpoint;
		if (!udp_batch_has_source(&side->sending, i) ||
			!endpoint_equal_remote(endpoint, lost) ||
			!address_equal(&endpoint->source, &lost->source))
			continue;
		udp_batch_forget_source(&side->sending, i);
		if (side->heads)
			udp_raw_forget_source(side->heads, i);
		udp->counters.source_lost += side->messages[i].count;
	}
}

/* The kernel refused the message in slot `at`. How many are done with; 0: try it again. */
static size_t settle(struct udp *udp, struct udp_side *side, size_t at, size_t end, int error)
{
	switch (error) {
	case EINTR:
		return 0;
	case EAGAIN:
		if (wait_for_room(side->fd))
			return 0;
		udp->counters.send_congested += datagrams_in(side, at, end);
		return end - at;
	case ENOBUFS:
		udp->counters.send_congested += side->messages[at].count;
		return 1;
	case EINVAL:
	case ENODEV:
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
		if (!udp_batch_has_source(&side->sending, at))
			break;
		forget_source(udp, side, at, end);
		return 0;
	}
	udp->counters.send_failed += side->messages[at].count;
	return 1;
}

/* Whether the kernel may have refused a message for being one of several datagrams. */
static bool may_mean_joining(int error)
{
	return error == EIO || error == EINVAL || error == EMSGSIZE || error == EOPNOTSUPP;
}

/* Sends slots [at, end). Where it stopped: the end, or a message to be sent one by one. */
static size_t send_slots(
	struct udp *udp, struct udp_side *side, size_t at, size_t end, int *ret_error)
{
	while (at < end) {
		int sent = sendmmsg(
			side->fd, side->sending.headers + at, (unsigned)(end - at), MSG_DONTWAIT);
		if (sent > 0) {
			udp->counters.sent += datagrams_in(side, at, at + (size_t)sent);
			at += (size_t)sent;
			continue;
		}
		*ret_error = errno;
		if (side->messages[at].count > 1 && may_mean_joining(*ret_error))
			break;
		at += settle(udp, side, at, end, *ret_error);
	}
	return at;
}

/* Remembers what the kernel has refused as one and taken one by one. */
static void remember(struct udp_side *side, size_t segment, int error)
{
	bool is_length = error == EMSGSIZE || error == EINVAL;

	if (segment <= side->segment_max)
		side->segment_max = is_length ? segment - 1 : 0;
	side->apart_left = APART;
}

/* Sends the datagrams of the message in slot `at` one by one. */
static void send_apart(struct udp *udp, struct udp_side *side, size_t at, int error)
{
	const struct udp_message *message = &side->messages[at];
	const struct packet *packet = message->first;
	const struct udp_counters before = udp->counters;
	int ignored; /* one datagram is never refused for being several */

	for (size_t i = 0; i < message->count; i++, packet = packet->next) {
		side->messages[UDP_SLOT_ALONE] = (struct udp_message){.first = packet, .count = 1};
		udp_batch_write(&side->sending, UDP_SLOT_ALONE, packet);
		(void)send_slots(udp, side, UDP_SLOT_ALONE, UDP_SLOTS, &ignored);
	}
	/* Not where it was the source that the kernel did not like, or something else. */
	if (udp->counters.sent > before.sent && udp->counters.source_lost == before.source_lost)
		remember(side, message->segment, error);
}

/* Sends what waits on a side; the packets go back to the pool. */
static void flush(struct udp *udp, struct udp_side *side, struct packet_pool *pool)
{
	size_t at = 0;
	int error = 0;

	while ((at = send_slots(udp, side, at, side->count, &error)) < side->count)
		send_apart(udp, side, at++, error);
	side->count = 0;
	packet_put_all(pool, &side->waiting);
}

/* Lets a datagram go with the last message, if it can. */
static bool join(struct udp_side *side, const struct packet *packet)
{
	if (side->count == 0)
		return false;
	struct udp_message *message = &side->messages[side->count - 1];
	if (!packet->may_join || !message->first->may_join || packet->length == 0 ||
		packet->length > message->segment)
		return false;
	if (message->count == UDP_SEGMENTS_MAX || message->segment > side->segment_max ||
		message->bytes !=
			message->count * message->segment || /* one was shorter: the end */
		message->bytes + packet->length > UDP_SEGMENTED_MAX)
		return false;
	if (!endpoint_equal(&message->first->endpoint, &packet->endpoint))
		return false;
	udp_batch_join(&side->sending, side->count - 1, packet);
	message->count++;
	message->bytes += packet->length;
	return true;
}

/* Counts what is sent by itself though it might go with others, until that is tried again. */
static void count_apart(struct udp_side *side)
{
	if (side->apart_left > 0 && --side->apart_left == 0)
		side->segment_max = UDP_SEGMENTED_MAX;
}

/* Begins a message with a datagram. */
static void begin(struct udp_side *side, const struct packet *packet)
{
	side->messages[side->count] = (struct udp_message){
		.first = packet,
		.count = 1,
		.bytes = packet->length,
		.segment = packet->length,
	};
	udp_batch_write(&side->sending, side->count, packet);
	if (side->heads)
		udp_raw_write(side->heads, &side->sending, side->count, packet);
	side->count++;
	count_apart(side);
}

void udp_send(struct udp *udp, struct packet_pool *pool, struct packet_list *datagrams)
{
	struct packet *packet;

	while ((packet = packet_list_pop(datagrams))) {
		struct udp_side *side = udp_side_of(udp, packet->endpoint.remote.family);
		if (!side) {
			udp->counters.send_failed++;
			packet_put(pool, packet);
			continue;
		}
		if (!join(side, packet)) {
			if (side->count == UDP_BATCH ||
				(side->count && !udp_batch_has_room(&side->sending)))
				flush(udp, side, pool);
			begin(side, packet);
		}
		packet_list_push(&side->waiting, packet);
	}
	flush(udp, &udp->ipv4, pool);
	flush(udp, &udp->ipv6, pool);
}
