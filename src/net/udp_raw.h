/* SPDX-License-Identifier: ISC */
/*
 * The way out of hidden reception: raw sockets, so that the kernel has no port for us. It routes,
 * marks, cuts and writes IP headers as for a UDP socket; the UDP header is ours. Internal to net/.
 */
#pragma once

#include "net/udp_batch.h"

enum {
	UDP_HEADER_SIZE = 8,
};

/* The UDP headers of a batch, each in front of its datagram. */
struct udp_heads {
	uint16_t port; /* ours */
	uint8_t bytes[UDP_SLOTS][UDP_HEADER_SIZE];
	struct iovec pieces[UDP_SLOTS][2];
};

/* A socket that only sends. -EAFNOSUPPORT: this machine lacks the family; other -errno. */
int udp_raw_open(enum address_family family, uint32_t mark, int *ret_fd) must_check;

/* Puts a header before the datagram that udp_batch_write() has just put into slot `at`. */
void udp_raw_write(
	struct udp_heads *heads, struct udp_batch *batch, size_t at, const struct packet *packet);

/*
 * The kernel is to choose the source of the datagram in slot `at`, which the checksum is over. An
 * IPv4 datagram may go without one (RFC 768); IPv6's is written by the kernel.
 */
void udp_raw_forget_source(struct udp_heads *heads, size_t at);
