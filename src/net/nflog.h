/* SPDX-License-Identifier: ISC */
/*
 * What rules of nft(8) log to a group of nfnetlink_log: the beginnings of packets. The descriptor
 * is opened with the rights of root and may be read by anybody who is given it. Whoever holds it
 * is not to be believed more than the packets: they are strangers'.
 */
#pragma once

#include "base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NFLOG_COPY_BYTES = 192,		/* of each packet, from its network header on */
	NFLOG_BUFFER_BYTES = 1 << 20,	/* that wait in the kernel at most */
	NFLOG_GATHER_CENTISECONDS = 20, /* for so long the kernel gathers before it says anything */
	NFLOG_DATAGRAM_BYTES = 65536,	/* of one read at most */
};

/* One packet; borrowed for the call. */
struct nflog_packet {
	uint16_t ethertype; /* of what `bytes` begin with: never the link's header */
	const uint8_t *bytes;
	size_t size;
	bool is_outgoing;   /* it came from no device: this host's own */
	const char *prefix; /* of the rule; "" */
};

typedef void nflog_visit(void *context, const struct nflog_packet *packet);

/* What the kernel could not hand over is told by gaps in its numbers. */
struct nflog_count {
	uint32_t next; /* number that is due */
	uint64_t lost;
	bool is_counting; /* a first one has come */
};

/*
 * A descriptor that hears a group, close-on-exec, non-blocking. -EPERM: another process hears
 * it, or we have no right to; other -errno. Close it by close(2), which leaves the group.
 */
int nflog_open(uint16_t group) must_check;

/*
 * Reads one datagram and visits the packets in it. 1: there may be more; 0: there is none now;
 * -ENOBUFS: some were lost, there may be more; other -errno.
 */
int nflog_read(int fd, struct nflog_count *count, nflog_visit *visit, void *context) must_check;
