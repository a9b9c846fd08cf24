/* SPDX-License-Identifier: ISC */
#include "net/netfilter.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ANSWER_BYTES = 65536, /* more than the kernel puts into one datagram of a dump */
};

int netfilter_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	return fd < 0 ? -errno : fd;
}

struct nlmsghdr *netfilter_begin(
	void *at, unsigned subsystem, unsigned type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(at);

	header->nlmsg_type = (uint16_t)(subsystem << 8 | type);
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	struct nfgenmsg *netfilter = mnl_nlmsg_put_extra_header(header, sizeof *netfilter);
	netfilter->nfgen_family = family;
	netfilter->version = NFNETLINK_V0;
	return header;
}

/* The kernel's word in a message that has one; -EBADMSG where it is cut. */
static int verdict_in(const struct nlmsghdr *message)
{
	if (mnl_nlmsg_get_payload_len(message) < sizeof(int))
		return -EBADMSG;
	return *(const int *)mnl_nlmsg_get_payload(message); /* 0 or -errno, in both kinds */
}

/* Visits one datagram's messages. 1: the end has come; 0: there is more; negative: an error. */
static int visit_datagram(const void *datagram, int size, netfilter_visit *visit, void *context)
{
	for (const struct nlmsghdr *message = datagram; mnl_nlmsg_ok(message, size);
		message = mnl_nlmsg_next(message, &size)) {
		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EINTR;
		if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
			int verdict = verdict_in(message);
			return verdict < 0 ? verdict : 1;
		}
		int result = visit(context, message);
		if (result != 0)
			return result < 0 ? result : -ECANCELED;
		if (!(message->nlmsg_flags & NLM_F_MULTI))
			return 1;
	}
	return 0;
}

int netfilter_ask(int fd, const struct nlmsghdr *request, netfilter_visit *visit, void *context)
{
	_Alignas(struct nlmsghdr) uint8_t answer[ANSWER_BYTES];
	int result = 0;

	if (send(fd, request, request->nlmsg_len, 0) < 0)
		return -errno;
	while (result == 0) {
		ssize_t size = recv(fd, answer, sizeof answer, MSG_TRUNC);
		if (size < 0)
			return -errno;
		if ((size_t)size > sizeof answer)
			return -EMSGSIZE;
		result = visit_datagram(answer, (int)size, visit, context);
	}
	return result < 0 ? result : 0;
}

int netfilter_send(int fd, const void *messages, size_t size)
{
	_Alignas(struct nlmsghdr) uint8_t answer[ANSWER_BYTES];
	int room = (int)size;
	int first = 0;

	if (size > INT32_MAX / 2)
		return -EMSGSIZE;
	/* Refused where we are root of less than the machine; then the usual room has to do. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
	if (send(fd, messages, size, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t got = recv(fd, answer, sizeof answer, 0);
		if (got < 0 && errno == EAGAIN)
			return first;
		if (got < 0)
			return first ? first : -errno;
		int left = (int)got;
		for (const struct nlmsghdr *m = (void *)answer; mnl_nlmsg_ok(m, left);
			m = mnl_nlmsg_next(m, &left)) {
			if (m->nlmsg_type == NLMSG_ERROR && first == 0)
				first = verdict_in(m);
		}
	}
}
