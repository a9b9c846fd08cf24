/* SPDX-License-Identifier: ISC */
/* One UDP socket of one family, with the options that both directions rest on. Internal to net/. */
#pragma once

#include "net/udp.h"

/*
 * Opens a socket on `port` (0: the kernel chooses), non-blocking, close-on-exec. A chosen port is
 * free for all even when the configuration shares it: sharing begins after the choice.
 * -EADDRINUSE; -EAFNOSUPPORT: this machine lacks the family; other -errno.
 */
int udp_socket_open(enum address_family family, const struct udp_config *config, uint16_t port,
	int *ret_fd) must_check;

/* What a socket has to know that sends the tunnel's datagrams: fragments, buffers, mark. -errno. */
int udp_socket_prepare_sending(int fd, enum address_family family, uint32_t mark) must_check;

/* The port that a socket is bound to, host order. -errno. */
int udp_socket_port(int fd, uint16_t *ret_port) must_check;

/* Whether the kernel knows UDP_SEGMENT (Linux 4.18). */
bool udp_socket_can_segment(int fd);

/* Sets SO_MARK. -errno. */
int udp_socket_set_mark(int fd, uint32_t mark) must_check;
