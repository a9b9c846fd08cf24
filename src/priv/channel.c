/* SPDX-License-Identifier: ISC */
#include "priv/channel.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "priv/message_table.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	TURN_MAX = 64, /* messages that are taken before others on the loop have their turn */
	/* The kernel counts its own overhead, too, and wants 32 bytes more than a message has. */
	SOCKET_BUFFER = 8 * MESSAGE_SIZE_MAX,
};

/* A message that waits. */
struct parcel {
	struct parcel *next;
	size_t size; /* bytes in `bytes` */
	unsigned fd_count;
	int fds[MESSAGE_FDS_MAX]; /* our duplicates */
	_Alignas(max_align_t) uint8_t bytes[];
};

/* What came, and the descriptors that came with it. */
struct arrival {
	size_t size;
	bool is_cut; /* it was longer than a message, or had more descriptors */
	unsigned fd_count;
	int fds[MESSAGE_FDS_MAX];
};

struct channel {
	struct channel_config config;
	uv_poll_t poll;
	bool is_shut;	  /* nothing passes any more; the handle is being closed */
	bool is_released; /* by its owner: goes with the handle */
	bool handle_is_gone;
	int failure; /* of sending, to be told from the loop; 0: none */
	struct parcel *first, **last;
	size_t waiting;	 /* bytes */
	uint8_t *buffer; /* of MESSAGE_SIZE_MAX bytes; zero but for the message being taken */
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void close_fds(const int *fds, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		(void)close(fds[i]); /* nothing of ours was written to them */
}

int channel_pair(int ret_fds[2])
{
	static const int buffer = SOCKET_BUFFER;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LENGTH(fds); i++) {
		if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer) < 0 ||
			setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer) < 0) {
			int result = -errno;
			close_fds(fds, ARRAY_LENGTH(fds));
			return result;
		}
	}
	memcpy(ret_fds, fds, sizeof fds);
	return 0;
}

/* ---- its life ---- */

static void free_channel(struct channel *channel)
{
	free(channel->buffer);
	free(channel);
}

static void free_parcel(struct parcel *parcel)
{
	close_fds(parcel->fds, parcel->fd_count);
	bytes_wipe(parcel->bytes, parcel->size);
	free(parcel);
}

static void forget_waiting(struct channel *channel)
{
	while (channel->first) {
		struct parcel *parcel = channel->first;

		channel->first = parcel->next;
		free_parcel(parcel);
	}
	channel->last = &channel->first;
	channel->waiting = 0;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct channel *channel = handle->data;

	channel->handle_is_gone = true;
	if (channel->is_released)
		free_channel(channel);
}

/* Nothing passes any more; the other end sees it at once. */
static void shut(struct channel *channel)
{
	if (channel->is_shut)
		return;
	channel->is_shut = true;
	forget_waiting(channel);
	uv_close((uv_handle_t *)&channel->poll, on_handle_closed);
	(void)close(channel->config.fd); /* libuv does not look at it any more */
}

/* Shuts it and says so. */
static void end(struct channel *channel, int err)
{
	shut(channel);
	channel->config.ended(channel->config.context, err);
}

/* Watches for what there is to do. */
static int watch(struct channel *channel)
{
	int events = UV_READABLE;

	if (channel->first || channel->failure)
		events |= UV_WRITABLE;
	return uv_poll_start(&channel->poll, events, on_poll);
}

/* The descriptor was inherited, perhaps, for which it could not be close-on-exec. */
static int begin(struct channel *channel)
{
	if (fcntl(channel->config.fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	return uv_poll_init(channel->config.loop, &channel->poll, channel->config.fd);
}

int channel_open(const struct channel_config *config, struct channel **ret_channel)
{
	struct channel *channel = memory_new(1, sizeof *channel);

	channel->config = *config;
	channel->last = &channel->first;
	channel->poll.data = channel;
	int result = begin(channel);
	if (result < 0) {
		(void)close(config->fd); /* nothing was sent */
		free(channel);
		return result;
	}
	channel->buffer = memory_new(1, MESSAGE_SIZE_MAX);
	result = watch(channel);
	if (result < 0) {
		channel_close(channel);
		return result;
	}
	*ret_channel = channel;
	return 0;
}

void channel_close(struct channel *channel)
{
	if (!channel)
		return;
	assert(!channel->is_released);
	channel->is_released = true;
	shut(channel);
	if (channel->handle_is_gone)
		free_channel(channel);
}

size_t channel_waiting(const struct channel *channel)
{
	return channel->waiting;
}

/* ---- receiving ---- */

/* Takes the descriptors over. */
static void take_fds(struct msghdr *header, struct arrival *arrival)
{
	for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control;
		control = CMSG_NXTHDR(header, control)) {
		if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
			continue;
		size_t size = control->cmsg_len - CMSG_LEN(0);
		assert(arrival->fd_count + size / sizeof(int) <= MESSAGE_FDS_MAX);
		memcpy(arrival->fds + arrival->fd_count, CMSG_DATA(control), size);
		arrival->fd_count += (unsigned)(size / sizeof(int));
	}
}

/* Takes one message. -EAGAIN: there is none; -errno. Size 0: the other end has closed. */
static int take(struct channel *channel, struct arrival *ret_arrival)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(MESSAGE_FDS_MAX * sizeof(int))] = {0};
	struct iovec part = {.iov_base = channel->buffer, .iov_len = MESSAGE_SIZE_MAX};
	struct msghdr header = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control,
	};
	ssize_t size;

	/* ECONNRESET says that what we sent last was not read; what was sent to us is there. */
	do {
		size = recvmsg(channel->config.fd, &header, MSG_CMSG_CLOEXEC);
	} while (size < 0 && (errno == EINTR || errno == ECONNRESET));
	if (size < 0)
		return -errno;
	*ret_arrival = (struct arrival){
		.size = (size_t)size,
		.is_cut = header.msg_flags & (MSG_TRUNC | MSG_CTRUNC),
	};
	take_fds(&header, ret_arrival);
	return 0;
}

/* What is wrong with it; 0: nothing. */
static int check(
	const struct channel *channel, const struct arrival *arrival, struct message_head *ret_head)
{
	if (arrival->is_cut)
		return ERR_TRAILING;
	int result =
		message_check(channel->buffer, arrival->size, channel->config.sender, ret_head);
	if (result < 0)
		return result;
	if (arrival->fd_count && !message_row(ret_head->type)->takes_fds)
		return ERR_TRAILING;
	return 0;
}

/* Hands one message on, or ends. */
static void deliver(struct channel *channel, const struct arrival *arrival)
{
	struct channel_message message = {
		.records = channel->buffer + sizeof message.head,
		.fds = arrival->fds,
		.fd_count = arrival->fd_count,
	};
	int result = check(channel, arrival, &message.head);

	if (result < 0) {
		close_fds(arrival->fds, arrival->fd_count);
		end(channel, result);
	} else {
		channel->config.received(channel->config.context, &message);
	}
	bytes_wipe(channel->buffer, arrival->size);
}

/* Takes what there is; the other end has closed when that is nothing. */
static void receive(struct channel *channel)
{
	for (unsigned i = 0; i < TURN_MAX && !channel->is_shut; i++) {
		struct arrival arrival = {0};
		int result = take(channel, &arrival);

		if (result == -EAGAIN)
			return;
		if (arrival.size > 0) {
			deliver(channel, &arrival);
			continue;
		}
		close_fds(arrival.fds, arrival.fd_count);
		end(channel, result);
	}
}

/* ---- sending ---- */

/* Sends one. 0; -EAGAIN: not now; -errno. */
static int send_parcel(const struct channel *channel, struct parcel *parcel)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof parcel->fds)] = {0};
	struct iovec part = {.iov_base = parcel->bytes, .iov_len = parcel->size};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t sent;

	if (parcel->fd_count) {
		struct cmsghdr *rights = (struct cmsghdr *)(void *)control;
		size_t size = parcel->fd_count * sizeof(int);

		header.msg_control = control;
		header.msg_controllen = CMSG_SPACE(size);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(rights), parcel->fds, size);
	}
	do {
		sent = sendmsg(channel->config.fd, &header, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* Whether an error of sending only says that the other end is gone, which receiving will find. */
static bool is_end(int err)
{
	return err == -EPIPE || err == -ECONNRESET;
}

/* Sends what waits, as far as it goes. */
static void flush(struct channel *channel)
{
	while (channel->first) {
		struct parcel *parcel = channel->first;
		int result = send_parcel(channel, parcel);

		if (result == -EAGAIN)
			return;
		if (result < 0) {
			channel->failure = is_end(result) ? 0 : result;
			forget_waiting(channel);
			return;
		}
		channel->waiting -= parcel->size;
		channel->first = parcel->next;
		if (!channel->first)
			channel->last = &channel->first;
		free_parcel(parcel);
	}
}

/* A status below 0 says that there is an error on the socket, which receiving takes from it. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct channel *channel = poll->data;

	(void)status;
	(void)events; /* trying both costs little */
	receive(channel);
	if (channel->is_shut)
		return;
	flush(channel);
	int result = channel->failure ? channel->failure : watch(channel);
	if (result < 0)
		end(channel, result);
}

/* Puts it behind what waits; sends at once where nothing does. */
static void post(struct channel *channel, struct parcel *parcel)
{
	bool is_first = !channel->first;

	*channel->last = parcel;
	channel->last = &parcel->next;
	channel->waiting += parcel->size;
	if (!is_first)
		return;
	flush(channel);
	if (!channel->first && !channel->failure)
		return;
	int result = watch(channel);
	assert(result == 0); /* it was watched before */
}

/* A message of `count` records. */
static struct parcel *new_parcel(enum message_kind type, const uint8_t *records, size_t count)
{
	const size_t size = count * message_row(type)->record_size;
	const struct message_head head = {
		.type = (uint16_t)type,
		.count = (uint16_t)count,
		.size = (uint32_t)size,
	};
	struct parcel *parcel = memory_new(1, sizeof *parcel + sizeof head + size);

	parcel->size = sizeof head + size;
	memcpy(parcel->bytes, &head, sizeof head);
	memcpy(parcel->bytes + sizeof head, records, size);
	message_clear_holes(type, parcel->bytes + sizeof head, count);
	return parcel;
}

void channel_send(
	struct channel *channel, enum message_kind type, const void *records, size_t count)
{
	const struct message_row *row = message_row(type);
	const uint8_t *at = records;
	size_t most = (MESSAGE_SIZE_MAX - sizeof(struct message_head)) / row->record_size;

	if (most > row->most)
		most = row->most;
	while (count > 0 && !channel->is_shut && !channel->failure) {
		size_t now = count < most ? count : most;

		post(channel, new_parcel(type, at, now));
		at += now * row->record_size;
		count -= now;
	}
}

/* Duplicates the descriptors into the parcel, as far as it goes. -errno. */
static int duplicate(struct parcel *parcel, const int *fds, unsigned fd_count)
{
	for (; parcel->fd_count < fd_count; parcel->fd_count++) {
		int fd = fcntl(fds[parcel->fd_count], F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		parcel->fds[parcel->fd_count] = fd;
	}
	return 0;
}

void channel_send_fds(struct channel *channel, enum message_kind type, const void *record,
	const int *fds, unsigned fd_count)
{
	assert(fd_count <= MESSAGE_FDS_MAX && message_row(type)->takes_fds);
	if (channel->is_shut || channel->failure)
		return;
	struct parcel *parcel = new_parcel(type, record, 1);
	int result = duplicate(parcel, fds, fd_count);
	if (result == 0) {
		post(channel, parcel);
		return;
	}
	free_parcel(parcel);
	forget_waiting(channel);
	channel->failure = result;
	result = watch(channel);
	assert(result == 0); /* it was watched before */
}
