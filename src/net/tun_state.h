/* SPDX-License-Identifier: ISC */
/* What an open TUN device is made of. Internal to src/net/tun*.c. */
#pragma once

#include "net/coalesce.h"
#include "net/tun.h"

#include <sys/uio.h>

enum {
	TUN_SLOTS_MAX = 64, /* places that one read is spread over */
};

/* What the next read is expected to give; see tun_read.c. */
struct tun_forecast {
	unsigned reads; /* it holds for so many more; 0: there is none */
	size_t header_size, segment_size;
};

struct tun_queue {
	int fd;
	struct tun_forecast forecast;
	struct coalescer coalescer;
	uint8_t header[VNET_HEADER_SIZE];
	struct iovec
		pieces[TUN_SLOTS_MAX + 2]; /* of a read, or of a write: header, packets, rest */
	uint8_t rest[PACKET_DATA_MAX];	   /* of a read, what no slot had room for */
};

struct tun {
	char name[TUN_NAME_SIZE];
	bool has_headers;     /* IFF_VNET_HDR */
	unsigned joins;	      /* what may be written joined: COALESCE_TCP, COALESCE_UDP */
	unsigned queue_count; /* open ones */
	struct tun_queue queues[];
};

/* Sees to it that the device's headers are as vnet.h has them. -errno: it has none, or others. */
int tun_offload_prepare(struct tun *tun) must_check;

/*
 * Tells the kernel what we take from it, as much as it knows of, and notes what it takes from us.
 * A device that was there before forgets what was agreed with it then.
 */
void tun_offload_agree(struct tun *tun);
