/* SPDX-License-Identifier: ISC */
/* Questions to the kernel over rtnetlink, one at a time. Internal to net/. */
#pragma once

#include "base/attributes.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdint.h>

enum {
	NETLINK_MESSAGE_BYTES = 32768, /* a link's description with everything; usual are 1,500 */
};

/* Room for one message, request or answer. */
union netlink_buffer {
	struct nlmsghdr header;
	uint8_t bytes[NETLINK_MESSAGE_BYTES];
};

/*
 * Starts a request in the buffer: of `type`, with `flags` beside NLM_F_REQUEST, and a family header
 * of `size` bytes, zeroed, which is returned. Attributes are put behind it by libmnl.
 */
void *netlink_begin(union netlink_buffer *buffer, uint16_t type, uint16_t flags, size_t size);

/*
 * Asks the kernel what is in the buffer and puts the answer there; one that only says "done" is
 * success too. Never waits: rtnetlink answers before it returns. -errno, the kernel's included.
 */
int netlink_ask(union netlink_buffer *buffer) must_check;

/* Called for each message of a dump; 0: go on, negative: give up. */
typedef int netlink_visit(void *context, const struct nlmsghdr *message);

/*
 * Asks for a list (the request in the buffer has NLM_F_DUMP) and visits what is in it; the buffer
 * is used for the answers. -EINTR: it changed meanwhile, ask again; what `visit` returned; -errno.
 */
int netlink_list(union netlink_buffer *buffer, netlink_visit *visit, void *context) must_check;
