/* SPDX-License-Identifier: ISC */
#include "prover/wire.h"

#include "base/clock.h"
#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdalign.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	FRAME_SIZE = 2048,
	RECEIVE_BYTES = 32 << 20,
	FILTER_MAX = 128, /* instructions */
	KEEP = FRAME_SIZE,
	BURST = 64, /* frames of one call */
	AT_ETHERTYPE = 12,
	AT_SOURCE_MAC = 6,
	AT_IPV4_SOURCE = 26,
	AT_IPV4_PROTOCOL = 23,
	AT_IPV6_SOURCE = 22,
	AT_IPV6_NEXT = 20,
};

struct wire {
	int out, in, shout;
	uint32_t ifindex;
	uint8_t frame[FRAME_SIZE];
};

/* ---- the filter ---- */

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short size;
};

static void put(struct filter *filter, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	assert(filter->size < FILTER_MAX);
	filter->code[filter->size++] = (struct sock_filter){code, jt, jf, k};
}

static void load(struct filter *filter, uint16_t width, uint32_t at)
{
	put(filter, BPF_LD | BPF_ABS | width, 0, 0, at);
}

static void give(struct filter *filter, uint32_t size)
{
	put(filter, BPF_RET | BPF_K, 0, 0, size);
}

/* The next instructions are skipped, so many, unless what was loaded is k. */
static void unless_skip(struct filter *filter, uint32_t k, uint8_t count)
{
	put(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, count, k);
}

static void accept_mac(struct filter *filter, const uint8_t mac[static SCENE_MAC_SIZE])
{
	uint32_t first;

	memcpy(&first, mac, sizeof first);
	load(filter, BPF_W, AT_SOURCE_MAC);
	unless_skip(filter, be32toh(first), 3);
	load(filter, BPF_H, AT_SOURCE_MAC + 4);
	unless_skip(filter, load_be16(mac + 4), 1);
	give(filter, KEEP);
}

static void accept_address(struct filter *filter, const struct address *address)
{
	unsigned words = address->family == ADDRESS_IPV6 ? 4 : 1;
	uint32_t at = address->family == ADDRESS_IPV6 ? AT_IPV6_SOURCE : AT_IPV4_SOURCE;

	for (unsigned i = 0; i < words; i++) {
		uint32_t word;
		memcpy(&word, address->bytes + 4UL * i, sizeof word);
		load(filter, BPF_W, at + 4 * i);
		unless_skip(filter, be32toh(word), (uint8_t)(2 * (words - i) - 1));
	}
	give(filter, KEEP);
}

/* Packets of one family: ICMP whoever sends it, and all from the target's addresses. */
static void accept_family(struct filter *filter, const struct scene *scene, uint8_t family)
{
	bool is_ipv6 = family == ADDRESS_IPV6;
	struct filter body = {.size = 0};

	load(&body, BPF_B, is_ipv6 ? AT_IPV6_NEXT : AT_IPV4_PROTOCOL);
	unless_skip(&body, is_ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, 1);
	give(&body, KEEP);
	if (scene_path(scene, family)->is_there)
		accept_address(&body, &scene_path(scene, family)->target);
	for (size_t i = 0; i < scene->overlay_count; i++) {
		if (scene->overlays[i].family == family)
			accept_address(&body, &scene->overlays[i]);
	}
	give(&body, 0);
	load(filter, BPF_H, AT_ETHERTYPE);
	unless_skip(filter, is_ipv6 ? ETH_P_IPV6 : ETH_P_IP, (uint8_t)body.size);
	for (size_t i = 0; i < body.size; i++)
		put(filter, body.code[i].code, body.code[i].jt, body.code[i].jf, body.code[i].k);
}

static void make_filter(struct filter *filter, const struct scene *scene)
{
	load(filter, BPF_B, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE));
	unless_skip(filter, PACKET_OUTGOING, 1);
	give(filter, KEEP);
	if (scene->ipv4.is_there && scene->ipv4.is_on_link)
		accept_mac(filter, scene->ipv4.hop);
	if (scene->ipv6.is_there && scene->ipv6.is_on_link)
		accept_mac(filter, scene->ipv6.hop);
	load(filter, BPF_H, AT_ETHERTYPE);
	unless_skip(filter, ETH_P_ARP, 1);
	give(filter, KEEP);
	accept_family(filter, scene, ADDRESS_IPV4);
	accept_family(filter, scene, ADDRESS_IPV6);
	give(filter, 0);
}

/* ---- the sockets ---- */

/* The filter is in force before the first frame can come: the socket hears nothing until bound. */
static int open_eye(struct wire *wire, const struct scene *scene)
{
	struct filter filter = {.size = 0};
	int bytes = RECEIVE_BYTES, is_on = 1;

	make_filter(&filter, scene);
	const struct sock_fprog program = {.len = filter.size, .filter = filter.code};
	wire->in = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (wire->in < 0)
		return -errno;
	if (setsockopt(wire->in, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0)
		return -errno;
	if (setsockopt(wire->in, SOL_SOCKET, SO_TIMESTAMPNS, &is_on, sizeof is_on) < 0)
		return -errno;
	/* Where it may not be that much, frames may get lost: which is counted. */
	(void)setsockopt(wire->in, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
	const struct sockaddr_ll at = {.sll_family = AF_PACKET,
		.sll_protocol = htobe16(ETH_P_ALL),
		.sll_ifindex = (int)wire->ifindex};
	return bind(wire->in, (const struct sockaddr *)&at, sizeof at) < 0 ? -errno : 0;
}

/* Of protocol 0: it hears nothing. */
static int open_mouth(const struct wire *wire, int *ret_fd)
{
	const struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = (int)wire->ifindex};

	*ret_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*ret_fd < 0)
		return -errno;
	return bind(*ret_fd, (const struct sockaddr *)&at, sizeof at) < 0 ? -errno : 0;
}

static int open_all(struct wire *wire, const struct scene *scene)
{
	int is_on = 1;

	int err = open_eye(wire, scene);
	if (err == 0)
		err = open_mouth(wire, &wire->out);
	if (err == 0)
		err = open_mouth(wire, &wire->shout);
	if (err == 0 &&
		setsockopt(wire->shout, SOL_PACKET, PACKET_QDISC_BYPASS, &is_on, sizeof is_on) < 0)
		err = -errno;
	return err;
}

int wire_open(const struct scene *scene, struct wire **ret_wire)
{
	struct wire *wire = memory_new(1, sizeof *wire);

	wire->in = wire->out = wire->shout = -1;
	wire->ifindex = scene->ipv4.is_there ? scene->ipv4.ifindex : scene->ipv6.ifindex;
	int err = open_all(wire, scene);
	if (err < 0) {
		wire_close(wire);
		return err;
	}
	*ret_wire = wire;
	return 0;
}

void wire_close(struct wire *wire)
{
	if (!wire)
		return;
	if (wire->in >= 0)
		(void)close(wire->in); /* nothing was written */
	if (wire->out >= 0)
		(void)close(wire->out);
	if (wire->shout >= 0)
		(void)close(wire->shout);
	free(wire);
}

int wire_send(struct wire *wire, const struct packet *packet)
{
	ssize_t sent = send(wire->out, packet->bytes, packet->size, 0);

	return sent < 0 ? -errno : 0;
}

int wire_burst(struct wire *wire, struct packet *packets, unsigned count)
{
	struct mmsghdr messages[BURST];
	struct iovec pieces[BURST];
	unsigned done = 0;

	while (done < count) {
		unsigned chunk = count - done < BURST ? count - done : BURST;
		for (unsigned i = 0; i < chunk; i++) {
			struct packet *packet = &packets[done + i];
			pieces[i] = (struct iovec){packet->bytes, packet->size};
			messages[i] = (struct mmsghdr){
				.msg_hdr = {.msg_iov = &pieces[i], .msg_iovlen = 1}};
		}
		int sent = sendmmsg(wire->shout, messages, chunk, 0);
		if (sent < 0)
			return done > 0 ? (int)done : -errno;
		done += (unsigned)sent;
	}
	return (int)done;
}

/* When a message passed; 0: the kernel does not say. */
static uint64_t time_of(struct msghdr *message)
{
	struct timespec when = {0};

	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
		if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&when, CMSG_DATA(at), sizeof when);
	}
	return (uint64_t)when.tv_sec * NS_PER_S + (uint64_t)when.tv_nsec;
}

int wire_next(struct wire *wire, struct wire_frame *ret_frame)
{
	alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec piece = {wire->frame, sizeof wire->frame};
	struct sockaddr_ll from = {0};
	struct msghdr message = {.msg_name = &from,
		.msg_namelen = sizeof from,
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control};

	ssize_t size = recvmsg(wire->in, &message, MSG_TRUNC);
	if (size < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	*ret_frame = (struct wire_frame){
		.bytes = wire->frame,
		.size = (size_t)size < sizeof wire->frame ? (size_t)size : sizeof wire->frame,
		.wire_size = (size_t)size,
		.is_ours = from.sll_pkttype == PACKET_OUTGOING,
		.at_ns = time_of(&message),
	};
	return 1;
}

void wire_wait_ns(struct wire *wire, uint64_t ns)
{
	const struct timespec patience = {
		.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
	struct pollfd poll_fd = {.fd = wire->in, .events = POLLIN};

	(void)ppoll(&poll_fd, 1, &patience, NULL); /* woken early: the caller looks at its clock */
}

void wire_wait(struct wire *wire, unsigned ms)
{
	wire_wait_ns(wire, (uint64_t)ms * NS_PER_MS);
}

unsigned wire_lost(struct wire *wire)
{
	struct tpacket_stats statistics = {0};
	socklen_t size = sizeof statistics;

	if (getsockopt(wire->in, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) < 0)
		return 0;
	return statistics.tp_drops;
}
