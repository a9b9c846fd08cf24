/* SPDX-License-Identifier: ISC */
#include "net/udp_tap.h"

#include "base/memory.h"
#include "net/udp_frame.h"
#include "net/udp_side.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BUFFER_BYTES = 4 * 1024 * 1024, /* as a UDP socket of ours has */
	FRAME_AT = 2, /* in a packet's buffer: the longest payload still ends where it may */
	FRAME_MAX = PACKET_HEADROOM + PACKET_DATA_MAX - FRAME_AT,
	UDP_L4 = 5, /* VIRTIO_NET_HDR_GSO_UDP_L4, which older headers lack */
	FANOUT_SHIFT = 16,
};

/* What the kernel says of a frame. */
union tap_control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
};

struct udp_tap {
	int fd;
	struct mmsghdr headers[UDP_BATCH];
	struct sockaddr_ll names[UDP_BATCH];
	union tap_control controls[UDP_BATCH];
	struct virtio_net_hdr hints[UDP_BATCH]; /* how many datagrams a frame is */
	struct iovec pieces[UDP_BATCH][2];
};

/* ---- life ---- */

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value) < 0 ? -errno : 0;
}

/* All that must hold before the first frame comes in. */
static int prepare(int fd, int program)
{
	const struct {
		int level, name, value;
	} options[] = {
		{SOL_SOCKET, SO_ATTACH_BPF, program},
		{SOL_PACKET, PACKET_VNET_HDR, 1},
		{SOL_PACKET, PACKET_AUXDATA, 1},
		{SOL_PACKET, PACKET_IGNORE_OUTGOING, 1},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
		int err = set_option(fd, options[i].level, options[i].name, options[i].value);
		if (err < 0)
			return err;
	}
	if (set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES) < 0)
		(void)set_option(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES); /* or bursts are lost */
	return 0;
}

/* From now on it receives. All interfaces: the program knows which of them count. */
static int begin(int fd, uint16_t port, bool is_shared)
{
	const struct sockaddr_ll name = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};

	if (bind(fd, (const struct sockaddr *)&name, sizeof name) < 0)
		return -errno;
	if (!is_shared)
		return 0;
	return set_option(fd, SOL_PACKET, PACKET_FANOUT, port | PACKET_FANOUT_HASH << FANOUT_SHIFT);
}

static void tie(struct udp_tap *tap)
{
	for (size_t i = 0; i < UDP_BATCH; i++) {
		tap->pieces[i][0] = (struct iovec){&tap->hints[i], sizeof tap->hints[i]};
		tap->headers[i].msg_hdr = (struct msghdr){
			.msg_name = &tap->names[i],
			.msg_iov = tap->pieces[i],
			.msg_iovlen = 2,
			.msg_control = &tap->controls[i],
		};
	}
}

int udp_tap_open(int program, uint16_t port, bool is_shared, struct udp_tap **ret_tap)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	int err = prepare(fd, program);
	if (err == 0)
		err = begin(fd, port, is_shared);
	if (err < 0) {
		(void)close(fd); /* nothing was written */
		return err;
	}
	struct udp_tap *tap = memory_new(1, sizeof *tap);
	tap->fd = fd;
	tie(tap);
	*ret_tap = tap;
	return 0;
}

void udp_tap_close(struct udp_tap *tap)
{
	if (!tap)
		return;
	(void)close(tap->fd); /* nothing was written */
	free(tap);
}

int udp_tap_fd(const struct udp_tap *tap)
{
	return tap->fd;
}

/* ---- receiving ---- */

/* Where the IP header begins in a frame; SIZE_MAX: the kernel does not say. */
static size_t network_at(struct msghdr *header)
{
	struct tpacket_auxdata said;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
			c->cmsg_len < CMSG_LEN(sizeof said))
			continue;
		memcpy(&said, CMSG_DATA(c), sizeof said);
		return said.tp_net;
	}
	return SIZE_MAX;
}

static unsigned expect_next(struct udp_tap *tap, const struct packet_pool *pool)
{
	unsigned count = 0;

	for (struct packet *p = pool->free.first; p && count < UDP_BATCH; p = p->next) {
		struct msghdr *header = &tap->headers[count].msg_hdr;
		tap->pieces[count][1] = (struct iovec){p->buffer + FRAME_AT, FRAME_MAX};
		header->msg_namelen = sizeof tap->names[count];
		header->msg_controllen = sizeof tap->controls[count];
		header->msg_flags = 0;
		count++;
	}
	return count;
}

/* Whence it came, and by which address of ours: none where a group was called. */
static struct endpoint endpoint_of(const struct udp_frame *frame, const struct sockaddr_ll *name)
{
	struct endpoint endpoint = {
		.remote = frame->source,
		.port = frame->source_port,
		.source_ifindex = (uint32_t)name->sll_ifindex,
	};
	struct in6_addr remote;

	memcpy(&remote, frame->source.bytes, sizeof remote);
	if (frame->source.family == ADDRESS_IPV6 && IN6_IS_ADDR_LINKLOCAL(&remote))
		endpoint.scope_id = endpoint.source_ifindex;
	if (name->sll_pkttype == PACKET_HOST)
		endpoint.source = frame->destination;
	return endpoint;
}

/*
 * What is in slot `at` becomes the packet's: from where, and the payload. *ret_segment is how long
 * each of its datagrams is; 0: it is but one. -EBADMSG.
 */
static int read_slot(struct udp_tap *tap, size_t at, struct packet *packet, size_t *ret_segment)
{
	struct mmsghdr *header = &tap->headers[at];
	const struct virtio_net_hdr *hint = &tap->hints[at];
	const struct sockaddr_ll *name = &tap->names[at];
	size_t network = network_at(&header->msg_hdr);
	struct udp_frame frame;

	if ((header->msg_hdr.msg_flags & MSG_TRUNC) || header->msg_len < sizeof *hint)
		return -EBADMSG;
	size_t size = header->msg_len - sizeof *hint;
	if (network >= size)
		return -EBADMSG;
	uint8_t *ip = packet->buffer + FRAME_AT + network;
	int err = udp_frame_read(ip, size - network, &frame);
	if (err < 0)
		return err;
	packet->data = ip + frame.payload_at;
	packet->length = frame.payload_size;
	packet->endpoint = endpoint_of(&frame, name);
	bool is_run = hint->gso_type == UDP_L4 && hint->gso_size < frame.payload_size;
	*ret_segment = is_run ? hint->gso_size : 0;
	return 0;
}

/* As take_slot() of udp_receive.c. */
static void take_slot(struct udp_tap *tap, size_t at, struct packet_pool *pool,
	struct udp_counters *counters, struct packet_list *ret_datagrams, struct packet_list *done)
{
	struct packet *packet = packet_get(pool);
	size_t segment = 0;

	assert(packet && packet->buffer + FRAME_AT == tap->pieces[at][1].iov_base);
	if (read_slot(tap, at, packet, &segment) < 0) {
		packet_list_push(done, packet);
		counters->receive_dropped++;
		return;
	}
	if (segment == 0) {
		packet_list_push(ret_datagrams, packet);
		counters->received++;
		return;
	}
	size_t count = (packet->length + segment - 1) / segment;
	size_t taken = udp_cut(pool, packet, segment, ret_datagrams);
	packet_list_push(done, packet);
	counters->received += taken;
	counters->receive_dropped += count - taken;
}

/* The number received; -errno: the socket is unusable. A frame that it cannot describe is lost. */
static int receive(struct udp_tap *tap, unsigned slots)
{
	int received = recvmmsg(tap->fd, tap->headers, slots, MSG_DONTWAIT, NULL);

	if (received >= 0)
		return received;
	return errno == EBADF || errno == ENOTSOCK || errno == EFAULT ? -errno : 0;
}

int udp_tap_receive(struct udp_tap *tap, struct packet_pool *pool, struct udp_counters *counters,
	struct packet_list *ret_datagrams)
{
	size_t before = ret_datagrams->count;
	struct packet_list done = {0};
	unsigned slots = expect_next(tap, pool);

	if (slots == 0) { /* taken off into nothing, lest a waiting event loop spins */
		counters->receive_dropped += recv(tap->fd, NULL, 0, MSG_DONTWAIT | MSG_TRUNC) >= 0;
		return 0;
	}
	int received = receive(tap, slots);
	if (received < 0)
		return received;
	for (size_t i = 0; i < (size_t)received; i++)
		take_slot(tap, i, pool, counters, ret_datagrams, &done);
	packet_put_all(pool, &done); /* last: the slots follow the pool's order */
	return (int)(ret_datagrams->count - before);
}
