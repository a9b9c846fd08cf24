/* SPDX-License-Identifier: ISC */
/*
 * The tunnel's outer side: two UDP sockets on one port, IPv4 and IPv6 (IPV6_V6ONLY), batched by
 * recvmmsg(2) and sendmmsg(2), and runs of datagrams by UDP_GRO and UDP_SEGMENT where the kernel
 * and the way there can. Answers leave by the address that was called (sticky source: IP_PKTINFO,
 * IPV6_PKTINFO). One thread at a time.
 */
#pragma once

#include "base/attributes.h"
#include "wireguard/packet.h"

#include <stdbool.h>

enum {
	UDP_BATCH = 64, /* messages a system call, each of one datagram or a run of them */
};

struct udp;

/* What became of datagrams. One that is sent again is counted as sent, too. */
struct udp_counters {
	uint64_t sent, received;
	uint64_t send_failed;	  /* ENETUNREACH, EPERM, EMSGSIZE and the like: dropped */
	uint64_t send_congested;  /* ENOBUFS, or no room in the socket for too long: dropped */
	uint64_t source_lost;	  /* sent again without the sticky source, which was gone */
	uint64_t receive_dropped; /* no packet in the pool, or cut short */
};

struct udp_config {
	uint16_t port;	 /* 0: the kernel chooses one that is free for both families */
	uint32_t mark;	 /* SO_MARK; 0: none */
	bool is_shared;	 /* SO_REUSEPORT: more workers will open the same port */
	bool is_hidden;	 /* the kernel is to have no port: packet socket in, raw sockets out */
	int tap_program; /* then: the BPF program that selects what is ours; borrowed for the call
			  */
};

/*
 * Opens the sockets, non-blocking, close-on-exec. A machine without IPv6 (or without IPv4) gets the
 * other alone. -EADDRINUSE: the port is taken in either family. Release by udp_close().
 */
int udp_open(const struct udp_config *config, struct udp **ret_udp) must_check;

/* Accepts NULL. */
void udp_close(struct udp *udp);

/* The port, host order. */
uint16_t udp_port(const struct udp *udp);

/* -errno; then the mark is as before. */
int udp_set_mark(struct udp *udp, uint32_t mark) must_check;

/* The sockets to wait on; -1 where the family is not there. Hidden: IPv4's is for both. */
int udp_fd(const struct udp *udp, enum address_family family);

/*
 * Takes what is there, at most UDP_BATCH messages, into packets from the pool, appended to
 * ret_datagrams with their endpoints; datagrams of a run are slices. The number taken; 0: nothing
 * there, or the pool is empty (then the datagrams are taken off the socket and dropped).
 * Asynchronous socket errors (ICMP) are swallowed. -errno: the socket is unusable.
 */
int udp_receive(struct udp *udp, enum address_family family, struct packet_pool *pool,
	struct packet_list *ret_datagrams) must_check;

/*
 * Sends each datagram to its endpoint, in this order for each of them. Only those that may_join
 * become runs: packet filters, ours too, see a run as the kernel does, as one long datagram. And
 * what cannot be sent is counted and dropped, never an error: the network may be gone for a while.
 * All packets go back to the pool. Consumes datagrams.
 */
void udp_send(struct udp *udp, struct packet_pool *pool, struct packet_list *datagrams);

/* Borrowed; changes with each call. */
const struct udp_counters *udp_counters(const struct udp *udp);
