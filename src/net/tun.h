/* SPDX-License-Identifier: ISC */
/*
 * The tunnel's inner side: a TUN device, one descriptor a queue. A device that tun_open() made
 * lives as long as its descriptors do; one that was made persistent before (net/netif.h) outlives
 * them. A queue belongs to one thread.
 */
#pragma once

#include "base/attributes.h"
#include "wireguard/packet.h"

enum {
	TUN_NAME_SIZE = 16,	/* with the zero */
	TUN_DEFAULT_MTU = 1420, /* 1500 less IPv6, UDP and WireGuard, as the kernel's default */
	TUN_QUEUES_MAX = 16,
	TUN_BATCH = 64,	      /* packets a turn */
	TUN_ROOM_BEFORE = 16, /* for the header of a data message */
	TUN_ROOM_BEHIND = 32, /* for its padding and tag */
};

struct tun;

/*
 * Whether the name can be an interface's: 1 to 15 bytes of [a-zA-Z0-9_=+.-], not "." or "..".
 * -EINVAL otherwise. (The name goes into a path.)
 */
int tun_name_check(const char *name) must_check;

/*
 * Creates the device, down, with the default MTU and IFF_NO_PI; with more than one queue also
 * IFF_MULTI_QUEUE; with as many offloads as the kernel and we know. The kernel gives it no IPv6
 * address of its own accord. -EEXIST: an interface of this name is there, even a persistent TUN;
 * -EPERM: not allowed; -ENOENT, -ENXIO, -ENODEV: no /dev/net/tun. Release by tun_close().
 */
int tun_open(const char *name, unsigned queue_count, struct tun **ret_tun) must_check;

/*
 * Opens the queues of a device that is there and persistent; its state is left alone, but for
 * offloads, which are agreed on anew. -ENODEV:
 * there is none, or it would not stay; -EBUSY: another process has its queue; -EINVAL: it is no TUN
 * device of such queues; -EPERM, -ENOENT, -ENXIO as above. Release by tun_close().
 */
int tun_attach(const char *name, unsigned queue_count, struct tun **ret_tun) must_check;

/* The device stays when its last descriptor is closed, until it is deleted. -errno. */
int tun_keep(struct tun *tun) must_check;

/* The device is gone when this was the last holder, unless it is kept. Accepts NULL. */
void tun_close(struct tun *tun);

/* The name it was created by. */
const char *tun_name(const struct tun *tun);

/* The descriptor of a queue, to wait on. */
int tun_fd(const struct tun *tun, unsigned queue);

/*
 * Takes what is there, appended to ret_packets: about TUN_BATCH packets, more where the last of
 * them came as one super-packet. Each has TUN_ROOM_BEFORE bytes before it and TUN_ROOM_BEHIND
 * behind. The number taken; 0: nothing there, or no packet in the pool: then packets wait in the
 * device, so do not poll it until some are back. -ENODEV: the device is gone (EBADFD from the
 * kernel). A device may be given an MTU up to 65,535; what is longer than 65,475 no datagram over
 * IPv4 can carry, once it is sealed.
 */
int tun_read(struct tun *tun, unsigned queue, struct packet_pool *pool,
	struct packet_list *ret_packets) must_check;

/*
 * Writes each packet, those of a flow joined where the kernel takes that; what it does not take
 * (device down: EIO; gone; no IP packet) is dropped. The order within a flow is kept, and nothing
 * waits for a later call. Writes into the TUN_ROOM_BEFORE bytes before a packet. All packets go
 * back to the pool. Consumes packets. The number written.
 */
size_t tun_write(
	struct tun *tun, unsigned queue, struct packet_pool *pool, struct packet_list *packets);
