/* SPDX-License-Identifier: ISC */
/*
 * UDP_BATCH messages as recvmmsg(2) and sendmmsg(2) want them: where each came from or goes to,
 * and by which of our addresses. The pointers in the headers are tied once, so a batch may not be
 * moved afterwards. One slot is one message: a datagram, or a run of datagrams of one length (the
 * last may be shorter) that the kernel carries as one (UDP_SEGMENT, UDP_GRO). Internal to net/.
 */
#pragma once

#include "net/udp.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
	UDP_SEGMENTS_MAX = 64,	    /* datagrams a message: UDP_MAX_SEGMENTS of all kernels */
	UDP_SEGMENTED_MAX = 65507,  /* bytes a message of several, by IPv4 */
	UDP_SLOT_ALONE = UDP_BATCH, /* one slot more, for a datagram that is sent by itself */
	UDP_SLOTS,
	UDP_PIECES = 1024, /* places in memory that a batch gathers from; IOV_MAX of a message */
};

/* A socket's address in either family. */
union udp_name {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

/* Room for one IP_PKTINFO or IPV6_PKTINFO, and one UDP_SEGMENT or UDP_GRO. */
union udp_control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

struct udp_batch {
	struct mmsghdr headers[UDP_SLOTS];
	union udp_name names[UDP_SLOTS];
	union udp_control controls[UDP_SLOTS];
	size_t source_sizes[UDP_SLOTS]; /* of the control message for the source; 0: none */
	uint16_t segments[UDP_SLOTS];	/* length of each datagram but the last; 0: there is one */
	size_t piece_count;
	struct iovec pieces[UDP_PIECES + 1]; /* the last is that of UDP_SLOT_ALONE */
};

/* Ties each header to its slot of the other arrays. */
void udp_batch_init(struct udp_batch *batch);

/* Makes slot `at` ready to receive up to `room` bytes. Borrows data. */
void udp_batch_expect(struct udp_batch *batch, size_t at, uint8_t *data, size_t room);

/*
 * Reads where the message received into slot `at` came from, and by which address; and how long
 * each of its datagrams is, 0: it is but one. -EBADMSG.
 */
int udp_batch_read(struct udp_batch *batch, size_t at, struct endpoint *ret_endpoint,
	size_t *ret_segment) must_check;

/* Whether one more message of any kind has room. */
bool udp_batch_has_room(const struct udp_batch *batch);

/*
 * Fills slot `at` with a datagram to be sent to its endpoint. Borrows the packet's data. Slots are
 * filled in order, from 0; that is when the batch starts anew. UDP_SLOT_ALONE may be at any time.
 */
void udp_batch_write(struct udp_batch *batch, size_t at, const struct packet *packet);

/* Lets one more datagram go with the message in slot `at`, which is the last one written. */
void udp_batch_join(struct udp_batch *batch, size_t at, const struct packet *packet);

/* Whether the message in slot `at` asks for a source address. */
bool udp_batch_has_source(const struct udp_batch *batch, size_t at);

/* Leaves the source address of the message in slot `at` to the kernel. */
void udp_batch_forget_source(struct udp_batch *batch, size_t at);
