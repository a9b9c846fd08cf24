/* SPDX-License-Identifier: ISC */
/* What is said to netfilter over netlink: dumps, and requests at once. Internal to net/. */
#pragma once

#include "base/attributes.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <stddef.h>
#include <stdint.h>

/* A socket for the calls below; -errno. Close it by close(2). */
int netfilter_open(void) must_check;

/* Starts a message at `at`, which has room: type of the subsystem, flags beside NLM_F_REQUEST. */
struct nlmsghdr *netfilter_begin(
	void *at, unsigned subsystem, unsigned type, uint16_t flags, uint8_t family);

/* Called for each message of an answer; not 0: stop, and give that back. */
typedef int netfilter_visit(void *context, const struct nlmsghdr *message);

/*
 * Sends a request and visits the answer to its end: that of a dump, or of one message. -EINTR: what
 * is dumped changed meanwhile, ask again; other -errno, the kernel's included.
 */
int netfilter_ask(
	int fd, const struct nlmsghdr *request, netfilter_visit *visit, void *context) must_check;

/*
 * Sends `size` bytes of messages, and takes in all that the kernel says to them; it has by the time
 * that they are sent. The first error of any, or 0.
 */
int netfilter_send(int fd, const void *messages, size_t size) must_check;
