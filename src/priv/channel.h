/* SPDX-License-Identifier: ISC */
/*
 * One end of what two processes say to each other: messages of message.h over a SOCK_SEQPACKET
 * pair, on a libuv loop. What cannot be sent at once waits in memory, in order. Whoever sends what
 * message_check() refuses, or closes, has ended: the channel says so once and takes nothing more.
 * All of it on the loop's thread.
 */
#pragma once

#include "priv/message.h"

#include <uv.h>

struct channel;

/* One message; all is borrowed for the call but the descriptors, which are the receiver's. */
struct channel_message {
	struct message_head head;
	const void *records;
	const int *fds; /* close-on-exec */
	unsigned fd_count;
};

struct channel_config {
	uv_loop_t *loop;
	int fd;			    /* consumed, also on failure */
	enum message_sender sender; /* who the other end is; all that it may say */
	void (*received)(void *context, const struct channel_message *message);
	void (*ended)(void *context, int err); /* 0: closed; ERR_*, -errno: refused or broken */
	void *context;
};

/* A pair of ends, close-on-exec and non-blocking. -errno. */
int channel_pair(int ret_fds[2]) must_check;

/* -errno. Release by channel_close(). */
int channel_open(const struct channel_config *config, struct channel **ret_channel) must_check;

/* Says nothing more, forgets what waits. May be called from received() and ended(). Accepts NULL.
 */
void channel_close(struct channel *channel);

/*
 * Sends records of the type, in as many messages as they need; count 0 sends nothing. Aborts where
 * there is no memory for what has to wait; wiped once sent. After the end nothing happens.
 */
void channel_send(
	struct channel *channel, enum message_kind type, const void *records, size_t count);

/*
 * One message with descriptors, which are duplicated: they stay the caller's. At most
 * MESSAGE_FDS_MAX; with MESSAGE_LISTENERS, MESSAGE_ENGINE_BEGIN and MESSAGE_RADAR_BEGIN only, for a
 * receiver has to close what it did not want.
 */
void channel_send_fds(struct channel *channel, enum message_kind type, const void *record,
	const int *fds, unsigned fd_count);

/* Bytes that wait. */
size_t channel_waiting(const struct channel *channel);
