/* SPDX-License-Identifier: ISC */
#include "net/udp_batch.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

void udp_batch_init(struct udp_batch *batch)
{
	for (size_t i = 0; i < UDP_SLOTS; i++) {
		batch->headers[i].msg_hdr = (struct msghdr){
			.msg_name = &batch->names[i],
			.msg_iovlen = 1,
			.msg_control = &batch->controls[i],
		};
	}
}

void udp_batch_expect(struct udp_batch *batch, size_t at, uint8_t *data, size_t room)
{
	struct msghdr *header = &batch->headers[at].msg_hdr;

	batch->pieces[at] = (struct iovec){.iov_base = data, .iov_len = room};
	header->msg_iov = &batch->pieces[at];
	header->msg_namelen = sizeof batch->names[at];
	header->msg_controllen = sizeof batch->controls[at];
	header->msg_flags = 0;
}

/* Takes the remote's address, port and scope from the name that the kernel wrote. -EBADMSG. */
static int read_name(const union udp_name *name, struct endpoint *endpoint)
{
	switch (name->any.sa_family) {
	case AF_INET:
		endpoint->remote.family = ADDRESS_IPV4;
		memcpy(endpoint->remote.bytes, &name->ipv4.sin_addr, sizeof name->ipv4.sin_addr);
		endpoint->port = ntohs(name->ipv4.sin_port);
		return 0;
	case AF_INET6:
		endpoint->remote.family = ADDRESS_IPV6;
		memcpy(endpoint->remote.bytes, &name->ipv6.sin6_addr, sizeof name->ipv6.sin6_addr);
		endpoint->port = ntohs(name->ipv6.sin6_port);
		endpoint->scope_id = name->ipv6.sin6_scope_id; /* link-local only */
		return 0;
	}
	return -EBADMSG;
}

/* The address to answer by. spec_dst, not addr: that one may be a broadcast address. */
static void read_ipv4_info(const uint8_t *data, struct endpoint *endpoint)
{
	struct in_pktinfo info;

	memcpy(&info, data, sizeof info);
	endpoint->source.family = ADDRESS_IPV4;
	memcpy(endpoint->source.bytes, &info.ipi_spec_dst, sizeof info.ipi_spec_dst);
	endpoint->source_ifindex = (uint32_t)info.ipi_ifindex;
}

/* The address that was called, unless it was a group's. */
static void read_ipv6_info(const uint8_t *data, struct endpoint *endpoint)
{
	struct in6_pktinfo info;

	memcpy(&info, data, sizeof info);
	endpoint->source_ifindex = info.ipi6_ifindex;
	if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
		return;
	endpoint->source.family = ADDRESS_IPV6;
	memcpy(endpoint->source.bytes, &info.ipi6_addr, sizeof info.ipi6_addr);
}

/* How long each datagram of a run is; 0 where the kernel says nothing sensible. */
static size_t read_segment(const struct cmsghdr *control)
{
	int segment;

	if (control->cmsg_len < CMSG_LEN(sizeof segment))
		return 0;
	memcpy(&segment, CMSG_DATA(control), sizeof segment);
	return segment > 0 ? (size_t)segment : 0;
}

int udp_batch_read(
	struct udp_batch *batch, size_t at, struct endpoint *ret_endpoint, size_t *ret_segment)
{
	struct msghdr *header = &batch->headers[at].msg_hdr;
	struct endpoint endpoint = {0};
	size_t segment = 0;
	int result = read_name(&batch->names[at], &endpoint);

	if (result < 0)
		return result;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO &&
			c->cmsg_len >= CMSG_LEN(sizeof(struct in_pktinfo)))
			read_ipv4_info(CMSG_DATA(c), &endpoint);
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO &&
			c->cmsg_len >= CMSG_LEN(sizeof(struct in6_pktinfo)))
			read_ipv6_info(CMSG_DATA(c), &endpoint);
		if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
			segment = read_segment(c);
	}
	*ret_endpoint = endpoint;
	*ret_segment = segment;
	return 0;
}

/* Writes the remote's address; the length of what was written. */
static socklen_t write_name(union udp_name *name, const struct endpoint *endpoint)
{
	if (endpoint->remote.family == ADDRESS_IPV4) {
		name->ipv4 = (struct sockaddr_in){
			.sin_family = AF_INET, .sin_port = htons(endpoint->port)};
		memcpy(&name->ipv4.sin_addr, endpoint->remote.bytes, sizeof name->ipv4.sin_addr);
		return sizeof name->ipv4;
	}
	name->ipv6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
		.sin6_port = htons(endpoint->port),
		.sin6_scope_id = endpoint->scope_id};
	memcpy(&name->ipv6.sin6_addr, endpoint->remote.bytes, sizeof name->ipv6.sin6_addr);
	return sizeof name->ipv6;
}

/* Writes a control message at `at`; the length of what was written. */
static size_t write_control(uint8_t *at, int level, int type, const void *info, size_t size)
{
	struct cmsghdr header = {
		.cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(size)};

	memcpy(at, &header, sizeof header);
	memcpy(at + CMSG_LEN(0), info, size);
	return CMSG_SPACE(size);
}

/*
 * The interface to be named with an IPv6 source: only a link-local one means nothing without. To
 * name one otherwise would force the datagram out there, past the routes, and where no route leads
 * there the kernel takes the remote to be on that link: lost without a word after each change of
 * routes. Kernel WireGuard does not force it either (send4, send6).
 */
static unsigned source_link(const struct endpoint *endpoint, const struct in6_addr *source)
{
	if (!IN6_IS_ADDR_LINKLOCAL(source))
		return 0;
	return endpoint->scope_id ? endpoint->scope_id : endpoint->source_ifindex;
}

/* Writes the endpoint's source address, if it has one; the length of what was written. */
static size_t write_source(uint8_t *control, const struct endpoint *endpoint)
{
	if (endpoint->source.family != endpoint->remote.family)
		return 0;
	if (endpoint->source.family == ADDRESS_IPV4) {
		struct in_pktinfo info = {0};
		memcpy(&info.ipi_spec_dst, endpoint->source.bytes, sizeof info.ipi_spec_dst);
		return write_control(control, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
	}
	struct in6_pktinfo info = {0};
	memcpy(&info.ipi6_addr, endpoint->source.bytes, sizeof info.ipi6_addr);
	info.ipi6_ifindex = source_link(endpoint, &info.ipi6_addr);
	return write_control(control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
}

bool udp_batch_has_room(const struct udp_batch *batch)
{
	return batch->piece_count + UDP_SEGMENTS_MAX <= UDP_PIECES;
}

void udp_batch_write(struct udp_batch *batch, size_t at, const struct packet *packet)
{
	struct msghdr *header = &batch->headers[at].msg_hdr;
	const struct endpoint *endpoint = &packet->endpoint;

	if (at == 0)
		batch->piece_count = 0;
	size_t piece = at == UDP_SLOT_ALONE ? UDP_PIECES : batch->piece_count++;
	batch->pieces[piece] = (struct iovec){.iov_base = packet->data, .iov_len = packet->length};
	batch->segments[at] = 0;
	batch->source_sizes[at] = write_source(batch->controls[at].bytes, endpoint);
	header->msg_iov = &batch->pieces[piece];
	header->msg_iovlen = 1;
	header->msg_namelen = write_name(&batch->names[at], endpoint);
	header->msg_controllen = batch->source_sizes[at];
	header->msg_flags = 0;
}

/* Writes the length of the message's datagrams behind its source. */
static void write_segment(struct udp_batch *batch, size_t at)
{
	uint8_t *control = batch->controls[at].bytes + batch->source_sizes[at];
	struct msghdr *header = &batch->headers[at].msg_hdr;

	header->msg_controllen =
		batch->source_sizes[at] + write_control(control, SOL_UDP, UDP_SEGMENT,
						  &batch->segments[at], sizeof batch->segments[at]);
}

void udp_batch_join(struct udp_batch *batch, size_t at, const struct packet *packet)
{
	struct msghdr *header = &batch->headers[at].msg_hdr;
	struct iovec *last = &header->msg_iov[header->msg_iovlen - 1];

	assert(batch->piece_count < UDP_PIECES && at != UDP_SLOT_ALONE);
	if (batch->segments[at] == 0) {
		batch->segments[at] = (uint16_t)last->iov_len;
		write_segment(batch, at);
	}
	if ((uint8_t *)last->iov_base + last->iov_len == packet->data) {
		last->iov_len += packet->length;
		return;
	}
	batch->pieces[batch->piece_count++] =
		(struct iovec){.iov_base = packet->data, .iov_len = packet->length};
	header->msg_iovlen++;
}

bool udp_batch_has_source(const struct udp_batch *batch, size_t at)
{
	return batch->source_sizes[at] > 0;
}

void udp_batch_forget_source(struct udp_batch *batch, size_t at)
{
	batch->source_sizes[at] = 0;
	batch->headers[at].msg_hdr.msg_controllen = 0;
	if (batch->segments[at] > 0)
		write_segment(batch, at);
}
