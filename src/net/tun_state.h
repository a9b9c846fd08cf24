/* SPDX-License-Identifier: ISC */
/* What an open TUN device is made of. Internal to src/net/tun*.c. */
#pragma once

#include "net/coalesce.h"
#include "net/tun.h"

#include <sys/uio.h>

struct tun_queue {
	int fd;
	struct coalescer coalescer;
	struct iovec pieces[COALESCE_PACKETS]; /* of a write */
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
