/* SPDX-License-Identifier: ISC */
#include "net/netlink.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

void *netlink_begin(union netlink_buffer *buffer, uint16_t type, uint16_t flags, size_t size)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer->bytes);

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	return mnl_nlmsg_put_extra_header(header, size);
}

/* Sends the request and receives the answer to it over `fd`. -errno. */
static int converse(int fd, union netlink_buffer *buffer)
{
	if (send(fd, buffer, buffer->header.nlmsg_len, 0) < 0)
		return -errno;
	ssize_t size = recv(fd, buffer, sizeof *buffer, MSG_TRUNC);
	if (size < 0)
		return -errno;
	if ((size_t)size > sizeof *buffer)
		return -EMSGSIZE;
	if (!mnl_nlmsg_ok(&buffer->header, (int)size))
		return -EBADMSG;
	if (buffer->header.nlmsg_type != NLMSG_ERROR)
		return 0;
	if (mnl_nlmsg_get_payload_len(&buffer->header) < sizeof(struct nlmsgerr))
		return -EBADMSG;
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(&buffer->header);
	return error->error; /* 0 or -errno */
}

int netlink_ask(union netlink_buffer *buffer)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	int result = converse(fd, buffer);
	(void)close(fd); /* nothing was written */
	return result;
}

/* Visits one datagram's messages. 1: the end has come; 0: there is more; negative: an error. */
static int visit_datagram(
	const union netlink_buffer *buffer, int size, netlink_visit *visit, void *context)
{
	for (const struct nlmsghdr *message = &buffer->header; mnl_nlmsg_ok(message, size);
		message = mnl_nlmsg_next(message, &size)) {
		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EINTR;
		if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
			if (mnl_nlmsg_get_payload_len(message) < sizeof(int))
				return -EBADMSG;
			int verdict = *(const int *)mnl_nlmsg_get_payload(message);
			return verdict < 0 ? verdict : 1;
		}
		int result = visit(context, message);
		if (result < 0)
			return result;
	}
	return 0;
}

/* Sends the request and takes in all answers over `fd`. -errno. */
static int take_list(int fd, union netlink_buffer *buffer, netlink_visit *visit, void *context)
{
	int result = 0;

	if (send(fd, buffer, buffer->header.nlmsg_len, 0) < 0)
		return -errno;
	while (result == 0) {
		ssize_t size = recv(fd, buffer, sizeof *buffer, MSG_TRUNC);
		if (size < 0)
			return -errno;
		if ((size_t)size > sizeof *buffer)
			return -EMSGSIZE;
		result = visit_datagram(buffer, (int)size, visit, context);
	}
	return result < 0 ? result : 0;
}

int netlink_list(union netlink_buffer *buffer, netlink_visit *visit, void *context)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	int result = take_list(fd, buffer, visit, context);
	(void)close(fd); /* nothing was written */
	return result;
}
