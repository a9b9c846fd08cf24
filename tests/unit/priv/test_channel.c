/* SPDX-License-Identifier: ISC */
/* Two ends on one loop; and one end whose other is a bare socket that says what it likes. */
#include "tap.h"

#include "base/error.h"
#include "priv/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MANY = 700000, /* grants, 5.6 MB; twice, with the answers, more than 10 MB */
	FD_LIMIT = 256,
	NEVER = 12345, /* no ended() yet */
};

static uv_loop_t loop;

/* One end and what happened to it. */
struct side {
	struct channel *channel;
	unsigned messages, fd_count, ends;
	size_t records; /* in order */
	bool is_in_order;
	int err;
	int fds[MESSAGE_FDS_MAX];
	bool closes; /* on the first message */
};

static void received(void *context, const struct channel_message *message)
{
	struct side *side = context;
	const struct message_grant *grants = message->records;

	side->messages++;
	for (unsigned i = 0; i < message->fd_count; i++)
		side->fds[side->fd_count++] = message->fds[i];
	if (message->head.type == MESSAGE_PLAN_GRANTS) {
		for (size_t i = 0; i < message->head.count; i++)
			side->is_in_order &= grants[i].role == side->records++;
	}
	if (side->closes) {
		channel_close(side->channel);
		side->channel = NULL;
	}
}

static void ended(void *context, int err)
{
	struct side *side = context;

	side->ends++;
	side->err = err;
	channel_close(side->channel);
	side->channel = NULL;
}

/* An end of a pair; the other says what `sender` may. */
static void open_side(struct side *side, int fd, enum message_sender sender)
{
	const struct channel_config config = {
		.loop = &loop,
		.fd = fd,
		.sender = sender,
		.received = received,
		.ended = ended,
		.context = side,
	};

	*side = (struct side){.is_in_order = true, .err = NEVER};
	if (channel_open(&config, &side->channel) < 0)
		abort();
}

/* A pair whose first end is the parent's, the second the control process's. */
static void open_pair(struct side *parent, struct side *control)
{
	int fds[2];

	if (channel_pair(fds) < 0)
		abort();
	open_side(parent, fds[0], MESSAGE_FROM_C);
	open_side(control, fds[1], MESSAGE_FROM_P);
}

/* Closes what is open still, and runs the loop out. */
static void close_all(struct side *one, struct side *other)
{
	channel_close(one->channel);
	if (other)
		channel_close(other->channel);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	tap_is_int(uv_loop_alive(&loop), 0, "nothing is left on the loop");
}

static unsigned open_fds(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < FD_LIMIT; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void test_pair(void)
{
	int fds[2];

	tap_is_int(channel_pair(fds), 0, "a pair");
	for (size_t i = 0; i < 2; i++) {
		tap_ok(fcntl(fds[i], F_GETFD) & FD_CLOEXEC, "close-on-exec");
		tap_ok(fcntl(fds[i], F_GETFL) & O_NONBLOCK, "non-blocking");
		close(fds[i]);
	}
	channel_close(NULL);
}

/* Both ways, in order, with more than the socket holds. */
static void test_order(void)
{
	struct side parent, control;
	struct message_grant *grants = calloc(MANY, sizeof *grants);
	const struct message_ask ask = {.nonce = 5};

	if (!grants)
		abort();
	for (uint32_t i = 0; i < MANY; i++)
		grants[i].role = i;
	open_pair(&parent, &control);
	channel_send(control.channel, MESSAGE_PLAN_GRANTS, grants, 0);
	tap_ok(channel_waiting(control.channel) == 0, "no records, no message");
	channel_send(control.channel, MESSAGE_PLAN_GRANTS, grants, MANY / 2);
	channel_send(control.channel, MESSAGE_PLAN_GRANTS, grants + MANY / 2, MANY / 2);
	channel_send(control.channel, MESSAGE_STATUS_ASK, &ask, 1);
	channel_send(parent.channel, MESSAGE_STATUS_ASK, &ask, 1);
	tap_ok(channel_waiting(control.channel) > 4000000, "most of it waits");
	tap_is_int(channel_waiting(parent.channel), 0, "what is little does not");
	while (channel_waiting(control.channel) > 0)
		(void)uv_run(&loop, UV_RUN_ONCE);
	while (parent.messages < 2 + MANY / 8191)
		(void)uv_run(&loop, UV_RUN_ONCE);
	tap_ok(parent.is_in_order && parent.records == MANY, "all records, in order");
	tap_is_int(control.messages, 1, "and what goes the other way");
	tap_ok(parent.ends == 0 && control.ends == 0, "nobody ended");
	close_all(&parent, &control);
	tap_ok(parent.ends == 0 && control.ends == 0, "closing is not told to who closes");
	free(grants);
}

static bool is_same_file(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_ino == other.st_ino;
}

static void test_fds(void)
{
	const struct message_listeners listeners = {.present = 1};
	struct side parent, control;
	int fds[MESSAGE_FDS_MAX], pipes[2];

	open_pair(&parent, &control);
	if (pipe2(pipes, O_CLOEXEC) < 0)
		abort();
	for (unsigned i = 0; i < MESSAGE_FDS_MAX; i++)
		fds[i] = pipes[i % 2];
	channel_send_fds(parent.channel, MESSAGE_LISTENERS, &listeners, fds, MESSAGE_FDS_MAX);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	tap_is_int(control.fd_count, MESSAGE_FDS_MAX, "as many descriptors as there may be");
	for (unsigned i = 0; i < control.fd_count; i++) {
		tap_ok(is_same_file(control.fds[i], fds[i]), "in order");
		tap_ok(fcntl(control.fds[i], F_GETFD) & FD_CLOEXEC, "close-on-exec");
		close(control.fds[i]);
	}
	tap_ok(fcntl(pipes[0], F_GETFD) >= 0, "and they stay the sender's");
	channel_send_fds(parent.channel, MESSAGE_LISTENERS, &listeners, NULL, 0);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	tap_is_int(control.messages, 2, "a message that could have descriptors needs none");
	close(pipes[0]);
	close(pipes[1]);
	close_all(&parent, &control);
}

/* What waits may have descriptors; with the channel they go. */
static void test_fds_waiting(void)
{
	const struct message_listeners listeners = {.present = 1};
	static const struct message_text text = {.text = "text"};
	const unsigned before = open_fds();
	struct side parent, control;

	open_pair(&parent, &control);
	while (channel_waiting(parent.channel) == 0)
		channel_send(parent.channel, MESSAGE_REPORT, &text, 1);
	channel_send_fds(parent.channel, MESSAGE_LISTENERS, &listeners, (int[]){0, 1}, 2);
	tap_is_int(open_fds(), before + 4, "descriptors wait, too");
	while (control.fd_count == 0)
		(void)uv_run(&loop, UV_RUN_ONCE);
	tap_is_int(control.fd_count, 2, "and come in the end");
	close(control.fds[0]);
	close(control.fds[1]);
	while (channel_waiting(parent.channel) == 0)
		channel_send(parent.channel, MESSAGE_REPORT, &text, 1);
	channel_send_fds(parent.channel, MESSAGE_LISTENERS, &listeners, (int[]){0, 1}, 2);
	close_all(&parent, &control);
	tap_is_int(open_fds(), before, "or go with the channel");
}

/* What a bare socket says, with so many descriptors. */
static void say(int fd, const void *bytes, size_t size, unsigned fd_count)
{
	union {
		struct cmsghdr header;
		uint8_t bytes[CMSG_SPACE(2 * MESSAGE_FDS_MAX * sizeof(int))];
	} control = {0};
	struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

	if (fd_count) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(fd_count * sizeof(int)); /* all of them stdin */
	}
	if (sendmsg(fd, &header, 0) != (ssize_t)size)
		abort();
}

struct refused {
	const char *name;
	struct message_head head;
	size_t size;
	unsigned fd_count;
	int want;
};

static void check_refused(const struct refused *row)
{
	static uint8_t bytes[2 * MESSAGE_SIZE_MAX];
	const unsigned before = open_fds();
	struct side side;
	int fds[2];

	if (channel_pair(fds) < 0)
		abort();
	open_side(&side, fds[0], MESSAGE_FROM_P);
	memcpy(bytes, &row->head, sizeof row->head);
	say(fds[1], bytes, row->size, row->fd_count);
	say(fds[1], &(struct message_head){MESSAGE_REPORT, 1, MESSAGE_TEXT_SIZE}, 8, 0);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	tap_is_int(side.err, row->want, row->name);
	tap_ok(side.ends == 1 && side.messages == 0, "it ends once, and nothing came");
	char byte;
	tap_ok(recv(fds[1], &byte, 1, 0) <= 0 && errno != EAGAIN, "the other end sees it");
	close(fds[1]);
	tap_is_int(open_fds(), before, "no descriptor is left");
}

static void test_refused(void)
{
	enum { LISTENERS = sizeof(struct message_listeners), ASK = sizeof(struct message_ask) };
	static const struct refused rows[] = {
		{"a head cut short", {MESSAGE_STATUS_ASK, 1, ASK}, 7, 0, ERR_TRUNCATED},
		{"a type that is none", {MESSAGE_TYPES, 1, 8}, 16, 0, ERR_RANGE},
		{"not the sender's", {MESSAGE_PLAN_GRANTS, 1, 8}, 16, 0, ERR_UNKNOWN_WORD},
		{"no record", {MESSAGE_STATUS_ASK, 0, 0}, 8, 0, ERR_RANGE},
		{"a record that is not there", {MESSAGE_STATUS_ASK, 1, ASK}, 8, 0, ERR_TRUNCATED},
		{"a record too many", {MESSAGE_STATUS_ASK, 1, ASK}, 24, 0, ERR_TRAILING},
		{"a byte more than a message has", {MESSAGE_PREFIXES, 1, 18}, MESSAGE_SIZE_MAX + 1,
			0, ERR_TRAILING},
		{"a descriptor too many", {MESSAGE_LISTENERS, 1, LISTENERS}, 8 + LISTENERS,
			MESSAGE_FDS_MAX + 1, ERR_TRAILING},
		{"many descriptors too many", {MESSAGE_LISTENERS, 1, LISTENERS}, 8 + LISTENERS,
			2 * MESSAGE_FDS_MAX, ERR_TRAILING},
		{"a descriptor where none belongs", {MESSAGE_STATUS_ASK, 1, ASK}, 8 + ASK, 1,
			ERR_TRAILING},
		{"a descriptor with what is wrong", {MESSAGE_TYPES, 1, 8}, 16, 3, ERR_RANGE},
		{"nothing, with a descriptor", {0}, 0, 1, 0},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		check_refused(&rows[i]);
}

/* The largest message that there can be. */
static void test_largest(void)
{
	enum { COUNT = (MESSAGE_SIZE_MAX - 8) / 8 };
	static struct message_grant grants[COUNT + 1];
	struct side parent, control;

	for (uint32_t i = 0; i <= COUNT; i++)
		grants[i].role = i;
	open_pair(&parent, &control);
	channel_send(control.channel, MESSAGE_PLAN_GRANTS, grants, COUNT);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	tap_ok(parent.messages == 1 && parent.records == COUNT, "the largest message");
	parent.records = 0;
	channel_send(control.channel, MESSAGE_PLAN_GRANTS, grants, COUNT + 1);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	tap_ok(parent.messages == 3 && parent.records == COUNT + 1, "one record more: two of them");
	tap_ok(parent.is_in_order, "in order");
	close_all(&parent, &control);
}

/* Closed by its owner inside received(): what came behind is not handed on. */
static void test_close_inside(void)
{
	const struct message_ask ask = {.nonce = 5};
	struct side parent, control;

	open_pair(&parent, &control);
	parent.closes = true;
	for (unsigned i = 0; i < 3; i++)
		channel_send(control.channel, MESSAGE_STATUS_ASK, &ask, 1);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	tap_ok(parent.messages == 1 && parent.ends == 0, "closed inside received()");
	tap_ok(control.ends == 1 && control.err == 0, "the other end sees a close, once");
	close_all(&parent, &control);
}

/* What was said before the end is heard, though what was sent meanwhile is not. */
static void test_last_words(void)
{
	const struct message_ask ask = {.nonce = 5};
	struct side parent, control;

	open_pair(&parent, &control);
	channel_send(parent.channel, MESSAGE_STATUS_ASK, &ask, 1); /* is never read */
	channel_send(control.channel, MESSAGE_STATUS_ASK, &ask, 1);
	channel_send(control.channel, MESSAGE_STATUS_ASK, &ask, 1);
	channel_close(control.channel);
	control.channel = NULL;
	channel_send(parent.channel, MESSAGE_STATUS_ASK, &ask, 1);
	tap_is_int(parent.ends, 0, "an end is told from the loop only");
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	tap_is_int(parent.messages, 2, "the last words are heard");
	tap_ok(parent.ends == 1 && parent.err == 0, "then the end");
	tap_ok(control.messages == 0 && control.ends == 0, "who closed hears nothing");
	close_all(&parent, &control);
}

/* After the end nothing happens, until its owner closes it. */
static void end_only(void *context, int err)
{
	(void)err;
	((struct side *)context)->ends++;
}

static void test_after_end(void)
{
	const struct message_ask ask = {.nonce = 5};
	struct side side = {.is_in_order = true};
	int fds[2];

	if (channel_pair(fds) < 0)
		abort();
	const struct channel_config config = {.loop = &loop,
		.fd = fds[0],
		.sender = MESSAGE_FROM_P,
		.received = received,
		.ended = end_only,
		.context = &side};
	if (channel_open(&config, &side.channel) < 0)
		abort();
	close(fds[1]);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	tap_is_int(side.ends, 1, "the other end is gone");
	channel_send(side.channel, MESSAGE_STATUS_ASK, &ask, 1);
	tap_is_int(channel_waiting(side.channel), 0, "nothing waits any more");
	close_all(&side, NULL);
	tap_is_int(side.ends, 1, "that was said once");
}

static void test_open_fails(void)
{
	const struct channel_config config = {.loop = &loop, .fd = -1};
	struct channel *channel;

	tap_is_int(channel_open(&config, &channel), -EBADF, "no descriptor");
}

int main(void)
{
	if (uv_loop_init(&loop) < 0)
		abort();
	test_pair();
	test_order();
	test_fds();
	test_fds_waiting();
	test_refused();
	test_largest();
	test_close_inside();
	test_last_words();
	test_after_end();
	test_open_fails();
	tap_is_int(uv_loop_close(&loop), 0, "the loop has nothing left");
	return tap_done();
}
