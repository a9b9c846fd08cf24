/* SPDX-License-Identifier: ISC */
/*
 * UDP_BATCH datagrams as recvmmsg(2) and sendmmsg(2) want them: where each came from or goes to,
 * and by which of our addresses. The pointers in the headers are tied once, so a batch may not be
 * moved afterwards. One slot is one datagram; there is room for more control messages (segment
 * sizes) in union udp_control. Internal to net/.
 */
#pragma once

#include "net/udp.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* A socket's address in either family. */
union udp_name {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

/* Room for one IP_PKTINFO or IPV6_PKTINFO. */
union udp_control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct udp_batch {
	struct mmsghdr headers[UDP_BATCH];
	struct iovec data[UDP_BATCH];
	union udp_name names[UDP_BATCH];
	union udp_control controls[UDP_BATCH];
};

/* Ties each header to its slot of the other arrays. */
void udp_batch_init(struct udp_batch *batch);

/* Makes slot `at` ready to receive up to `room` bytes. Borrows data. */
void udp_batch_expect(struct udp_batch *batch, size_t at, uint8_t *data, size_t room);

/* Reads where the datagram received into slot `at` came from, and by which address. -EBADMSG. */
int udp_batch_read(struct udp_batch *batch, size_t at, struct endpoint *ret_endpoint) must_check;

/* Fills slot `at` with a datagram to be sent to its endpoint. Borrows the packet's data. */
void udp_batch_write(struct udp_batch *batch, size_t at, const struct packet *packet);

/* Whether the datagram in slot `at` asks for a source address. */
bool udp_batch_has_source(const struct udp_batch *batch, size_t at);

/* Leaves the source address of the datagram in slot `at` to the kernel. */
void udp_batch_forget_source(struct udp_batch *batch, size_t at);
