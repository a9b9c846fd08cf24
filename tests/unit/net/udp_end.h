/* SPDX-License-Identifier: ISC */
/* One end of a UDP conversation in tests: its sockets, its pool, datagrams that can be recognised.
 */
#pragma once

#include "namespace.h"

#include "base/error.h"
#include "net/udp.h"

#include <poll.h>

enum {
	END_WAIT_MS = 5000, /* for what must come; only a failing test waits so long */
	END_PACKETS = 256,
};

struct end {
	struct udp *udp;
	struct packet_pool pool;
};

/* Opens an end of `packets` packets on a port of its own. */
static inline void end_open(struct end *end, size_t packets)
{
	const struct udp_config config = {0};

	must(packet_pool_init(&end->pool, packets) == 0, "make a pool");
	must(udp_open(&config, &end->udp) == 0, "open a socket");
}

static inline void end_close(struct end *end)
{
	udp_close(end->udp);
	packet_pool_done(&end->pool);
}

/* The endpoint of `text` (an address, or address%scope in brackets) at an end's port. */
static inline struct endpoint end_at(const struct end *end, const char *address)
{
	struct endpoint endpoint;
	char text[ENDPOINT_TEXT_SIZE];
	int size = snprintf(text, sizeof text, "%s:%u", address, udp_port(end->udp));

	must(endpoint_parse(text, (size_t)size, &endpoint) == 0, address);
	return endpoint;
}

/* Byte `at` of datagram `number`. */
static inline uint8_t pattern(size_t number, size_t at)
{
	return (uint8_t)(number * 31 + at * 7 + (at >> 8));
}

/* Puts datagram `number` of `length` bytes behind a list. */
static inline void end_compose(struct end *end, struct packet_list *list, const struct endpoint *to,
	size_t number, size_t length)
{
	struct packet *packet = packet_get(&end->pool);

	must(packet != NULL, "get a packet");
	packet->length = length;
	packet->endpoint = *to;
	packet->may_join = true;
	for (size_t i = 0; i < length; i++)
		packet->data[i] = pattern(number, i);
	packet_list_push(list, packet);
}

/* Whether a packet is there and is datagram `number` of `length` bytes. */
static inline bool end_recognises(const struct packet *packet, size_t number, size_t length)
{
	if (!packet || packet->length != length)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (packet->data[i] != pattern(number, i))
			return false;
	}
	return true;
}

/* Sends one datagram to an endpoint. */
static inline void end_send(struct end *end, const struct endpoint *to, size_t length)
{
	struct packet_list list = {0};

	end_compose(end, &list, to, 0, length);
	udp_send(end->udp, &end->pool, &list);
}

/* Whether a datagram waits in the socket, or comes within `wait_ms`. */
static inline bool end_is_readable(const struct end *end, enum address_family family, int wait_ms)
{
	struct pollfd ready = {.fd = udp_fd(end->udp, family), .events = POLLIN};

	return poll(&ready, 1, wait_ms) == 1;
}

/* Receives until there are `count` datagrams in the list; false: they did not come. */
static inline bool end_receive(
	struct end *end, enum address_family family, size_t count, struct packet_list *list)
{
	while (list->count < count) {
		if (!end_is_readable(end, family, END_WAIT_MS))
			return false;
		int taken = udp_receive(end->udp, family, &end->pool, list);
		must(taken >= 0, "receive");
	}
	return list->count == count;
}

/* Receives one datagram; its endpoint, or one of no family where none came. */
static inline struct endpoint end_receive_one(struct end *end, enum address_family family)
{
	struct packet_list list = {0};
	struct endpoint endpoint = {0};

	if (end_receive(end, family, 1, &list))
		endpoint = list.first->endpoint;
	packet_put_all(&end->pool, &list);
	return endpoint;
}

/* Whether an address is the one that the text says. */
static inline bool end_is_address(const struct address *address, const char *text)
{
	struct address wanted;

	must(address_parse(text, strlen(text), &wanted) == 0, text);
	return address_equal(address, &wanted);
}
