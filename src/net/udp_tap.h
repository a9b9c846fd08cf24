/* SPDX-License-Identifier: ISC */
/*
 * The way in of hidden reception: a packet socket that sees frames before the host's own filters
 * at ingress (tc, nftables) do, and drop them. A BPF program selects the tunnel's datagrams, of
 * plain headers alone (docs/door.md). Both families. Internal to net/.
 */
#pragma once

#include "net/udp.h"

struct udp_tap;

/*
 * Non-blocking, close-on-exec; `program` is the BPF socket filter's descriptor. Shared: several
 * workers' taps of one port get each a part. -EPERM; -errno. Release by udp_tap_close().
 */
int udp_tap_open(int program, uint16_t port, bool is_shared, struct udp_tap **ret_tap) must_check;

/* Accepts NULL. */
void udp_tap_close(struct udp_tap *tap);

/* The descriptor to wait on. */
int udp_tap_fd(const struct udp_tap *tap);

/* As udp_receive(), of both families. */
int udp_tap_receive(struct udp_tap *tap, struct packet_pool *pool, struct udp_counters *counters,
	struct packet_list *ret_datagrams) must_check;
