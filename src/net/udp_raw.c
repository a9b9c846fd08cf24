/* SPDX-License-Identifier: ISC */
#include "net/udp_raw.h"

#include "net/checksum.h"
#include "net/udp_socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <unistd.h>

enum {
	LENGTH_AT = 4, /* in a UDP header */
	CHECKSUM_AT = 6,
};

/* It would get a copy of each UDP datagram that this host receives, whatever its port. */
static int refuse_all(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = {.len = 1, .filter = &nothing};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0 ? -errno
											  : 0;
}

/* The kernel writes the checksum of IPv6 datagrams, for it knows their source. */
static int let_sum(int fd)
{
	int at = CHECKSUM_AT;

	return setsockopt(fd, IPPROTO_IPV6, IPV6_CHECKSUM, &at, sizeof at) < 0 ? -errno : 0;
}

int udp_raw_open(enum address_family family, uint32_t mark, int *ret_fd)
{
	int domain = family == ADDRESS_IPV4 ? AF_INET : AF_INET6;
	int fd = socket(domain, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);

	if (fd < 0)
		return errno == EPROTONOSUPPORT ? -EAFNOSUPPORT : -errno;
	int result = refuse_all(fd);
	if (result == 0)
		result = udp_socket_prepare_sending(fd, family, mark);
	if (result == 0 && family == ADDRESS_IPV6)
		result = let_sum(fd);
	if (result < 0) {
		(void)close(fd); /* nothing was written */
		return result;
	}
	*ret_fd = fd;
	return 0;
}

/* Over the pseudo-header of RFC 768, the header and the datagram. */
static uint16_t checksum_ipv4(
	const struct endpoint *endpoint, const uint8_t *head, const struct packet *packet)
{
	uint64_t sum = 0;

	sum = checksum_add(sum, endpoint->source.bytes, sizeof(struct in_addr));
	sum = checksum_add(sum, endpoint->remote.bytes, sizeof(struct in_addr));
	sum = checksum_add_be16(sum, IPPROTO_UDP);
	sum = checksum_add_be16(sum, (uint16_t)(UDP_HEADER_SIZE + packet->length));
	sum = checksum_add(sum, head, UDP_HEADER_SIZE);
	sum = checksum_add(sum, packet->data, packet->length);
	uint16_t checksum = (uint16_t)~checksum_fold(sum);
	return checksum ? checksum : UINT16_MAX; /* zero means that there is none */
}

void udp_raw_write(
	struct udp_heads *heads, struct udp_batch *batch, size_t at, const struct packet *packet)
{
	struct msghdr *header = &batch->headers[at].msg_hdr;
	struct iovec *pieces = heads->pieces[at];
	uint8_t *head = heads->bytes[at];
	bool is_ipv4 = packet->endpoint.remote.family == ADDRESS_IPV4;

	store_be16(head, heads->port);
	store_be16(head + 2, packet->endpoint.port);
	store_be16(head + LENGTH_AT, (uint16_t)(UDP_HEADER_SIZE + packet->length));
	store_be16(head + CHECKSUM_AT, 0);
	if (is_ipv4 && udp_batch_has_source(batch, at))
		checksum_store(head + CHECKSUM_AT, checksum_ipv4(&packet->endpoint, head, packet));
	if (!is_ipv4)
		batch->names[at].ipv6.sin6_port = 0; /* of a raw socket it is the protocol */
	pieces[0] = (struct iovec){.iov_base = head, .iov_len = UDP_HEADER_SIZE};
	pieces[1] = (struct iovec){.iov_base = packet->data, .iov_len = packet->length};
	header->msg_iov = pieces;
	header->msg_iovlen = 2;
}

void udp_raw_forget_source(struct udp_heads *heads, size_t at)
{
	store_be16(heads->bytes[at] + CHECKSUM_AT, 0);
}
