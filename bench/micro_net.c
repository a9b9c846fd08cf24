/* SPDX-License-Identifier: ISC */
/*
 * What the system calls of src/net/ cost, both ends on one core: datagrams over lo, packets into
 * and out of a TUN device, in batches, alone and as super-packets; and what it costs to sum up,
 * split and join packets. In a network namespace of its own; needs root. Best of some rounds.
 */
#include "base/attributes.h"
#include "base/clock.h"
#include "net/checksum.h"
#include "net/segment.h"
#include "net/tun.h"
#include "net/udp.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <net/if.h>

enum {
	ROUNDS = 7,
	ROUND_NS = 50 * NS_PER_MS,
	POOL_PACKETS = 256,
	IP_HEADER = 20,
	UDP_HEADER = 8,
	PORT = 9,				    /* of both sides; nobody listens */
	SUPER_MAX = 65507 + IP_HEADER + UDP_HEADER, /* of datagrams that are sent as one */
};

/* One row of the table. */
struct row {
	const char *name;
	void (*turn)(const struct row *row); /* moves `batch` packets */
	size_t batch, length;
};

/* What the rows work on. */
static struct {
	struct udp *sender, *receiver;
	struct packet_pool pool;
	struct endpoint ipv4, ipv6; /* of the receiver */
	struct tun *tun;
	int socket;	   /* its datagrams go into the device */
	uint64_t timed_ns; /* spent in what a row times, where that is not all of it */
	uint64_t sum;	   /* so that it is not left out */
} bench;

static void need(bool done, const char *what)
{
	if (done)
		return;
	perror(what);
	exit(1);
}

/* Brings an interface up; with an address, unless that is 0. */
static void set_up(const char *name, uint32_t address)
{
	struct sockaddr_in ip = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	need(fd >= 0, "socket");
	memcpy(request.ifr_name, name, strlen(name));
	if (address) {
		memcpy(&request.ifr_addr, &ip, sizeof ip);
		need(ioctl(fd, SIOCSIFADDR, &request) == 0, "set an address");
		ip.sin_addr.s_addr = htonl(0xffffff00);
		memcpy(&request.ifr_netmask, &ip, sizeof ip);
		need(ioctl(fd, SIOCSIFNETMASK, &request) == 0, "set a netmask");
	}
	need(ioctl(fd, SIOCGIFFLAGS, &request) == 0, "read flags");
	request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
	need(ioctl(fd, SIOCSIFFLAGS, &request) == 0, "set up");
	(void)close(fd); /* nothing was written */
}

/* Puts packets of a row's length into a list. */
static void compose(struct packet_list *list, const struct row *row, const struct endpoint *to)
{
	for (size_t i = 0; i < row->batch; i++) {
		struct packet *packet = packet_get(&bench.pool);
		packet->length = row->length;
		if (to)
			packet->endpoint = *to;
		packet_list_push(list, packet);
	}
}

/* Sends a batch and receives it. */
static void echo(const struct row *row, const struct endpoint *to)
{
	struct packet_list list = {0};

	compose(&list, row, to);
	udp_send(bench.sender, &bench.pool, &list);
	int taken = udp_receive(bench.receiver, to->remote.family, &bench.pool, &list);
	need(taken == (int)row->batch, "receive");
	packet_put_all(&bench.pool, &list);
}

static void udp_ipv4(const struct row *row)
{
	echo(row, &bench.ipv4);
}

static void udp_ipv6(const struct row *row)
{
	echo(row, &bench.ipv6);
}

/* Writes packets that the kernel takes and throws away: to an address that is not here. */
static void tun_out(const struct row *row)
{
	static const uint8_t header[IP_HEADER] = {
		0x45, [8] = 64, [9] = 17, [12] = 10, 9, 0, 2, [16] = 192, 0, 2, 1};
	struct packet_list list = {0};

	compose(&list, row, NULL);
	for (struct packet *p = list.first; p; p = p->next)
		memcpy(p->data, header, sizeof header);
	need(tun_write(bench.tun, 0, &bench.pool, &list) == row->batch, "write");
}

/* Reads a batch; only that is timed, not how it got into the device. */
static void tun_in(const struct row *row)
{
	static const uint8_t bytes[2048];
	struct packet_list list = {0};

	for (size_t i = 0; i < row->batch; i++)
		need(send(bench.socket, bytes, row->length - IP_HEADER - UDP_HEADER, 0) > 0,
			"send");
	uint64_t start = clock_now().monotonic_ns;
	int taken = tun_read(bench.tun, 0, &bench.pool, &list);
	bench.timed_ns += clock_now().monotonic_ns - start;
	need(taken == (int)row->batch, "read");
	packet_put_all(&bench.pool, &list);
}

/* Has the kernel hand over a row's batch as one super-packet. */
static void send_super(const struct row *row)
{
	static const uint8_t bytes[SUPER_MAX];
	int segment = (int)(row->length - IP_HEADER - UDP_HEADER);

	need(setsockopt(bench.socket, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment) == 0,
		"UDP_SEGMENT");
	need(send(bench.socket, bytes, row->batch * (size_t)segment, 0) > 0, "send");
	segment = 0;
	(void)setsockopt(bench.socket, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment);
}

/* Reads a super-packet; only that is timed. */
static void tun_in_super(const struct row *row)
{
	struct packet_list list = {0};

	send_super(row);
	uint64_t start = clock_now().monotonic_ns;
	int taken = tun_read(bench.tun, 0, &bench.pool, &list);
	bench.timed_ns += clock_now().monotonic_ns - start;
	need(taken == (int)row->batch, "read");
	packet_put_all(&bench.pool, &list);
}

/* Writes a flow's packets, which are joined; only that is timed. The kernel throws them away. */
static void tun_out_super(const struct row *row)
{
	struct packet_list list = {0};

	send_super(row);
	need(tun_read(bench.tun, 0, &bench.pool, &list) == (int)row->batch, "read");
	uint64_t start = clock_now().monotonic_ns;
	need(tun_write(bench.tun, 0, &bench.pool, &list) == row->batch, "write");
	bench.timed_ns += clock_now().monotonic_ns - start;
}

/* Sums up packets that lie as tun_read() lays them. */
static void checksum(const struct row *row)
{
	static const uint8_t bytes[64 * 1472];

	for (size_t i = 0; i < row->batch; i++)
		bench.sum += checksum_add(bench.sum, bytes + i * 1472, row->length);
}

/* Writes the headers and checksums of a super-packet's segments, whose payloads are in place. */
static void split(const struct row *row)
{
	static uint8_t bytes[64 * 1472] = {
		0x45, [8] = 64, [9] = 17, [12] = 10, 9, 0, 1, 10, 9, 0, 2, [25] = 8};
	const size_t headers = IP_HEADER + UDP_HEADER;
	const struct vnet vnet = {.flags = VNET_NEEDS_CHECKSUM,
		.kind = VNET_UDP,
		.segment_size = (uint16_t)(row->length - headers),
		.checksum_start = IP_HEADER,
		.checksum_offset = 6};
	struct segments segments;
	size_t size = headers + row->batch * vnet.segment_size;

	need(segments_parse(&vnet, bytes, size, &segments) == 0, "parse");
	for (size_t i = 0; i < segments.count; i++)
		need(segment_write(&segments, i, bytes + i * 1472) == row->length, "split");
}

static const struct row rows[] = {
	{"udp IPv4 64 at once, 96 B", udp_ipv4, 64, 96},
	{"udp IPv4 64 at once, 1452 B", udp_ipv4, 64, 1452},
	{"udp IPv4 one, 96 B", udp_ipv4, 1, 96},
	{"udp IPv6 64 at once, 96 B", udp_ipv6, 64, 96},
	{"udp IPv6 64 at once, 1452 B", udp_ipv6, 64, 1452},
	{"udp IPv6 one, 96 B", udp_ipv6, 1, 96},
	{"tun read 64, 64 B", tun_in, 64, 64},
	{"tun read 64, 1420 B", tun_in, 64, 1420},
	{"tun read one, 64 B", tun_in, 1, 64},
	{"tun write 64, 64 B", tun_out, 64, 64},
	{"tun write 64, 1420 B", tun_out, 64, 1420},
	{"tun read 46 as one, 1420 B", tun_in_super, 46, 1420},
	{"tun write 46 as one, 1420 B", tun_out_super, 46, 1420},
	{"tun read 64 as one, 64 B", tun_in_super, 64, 64},
	{"tun write 64 as one, 64 B", tun_out_super, 64, 64},
	{"checksum, 1420 B", checksum, 46, 1420},
	{"checksum, 64 B", checksum, 64, 64},
	{"split 46, 1420 B", split, 46, 1420},
};

/* Nanoseconds a packet in one round. */
static double round_of(const struct row *row)
{
	uint64_t start = clock_now().monotonic_ns, now = start;
	uint64_t packets = 0;

	bench.timed_ns = 0;
	while (now - start < ROUND_NS) {
		row->turn(row);
		packets += row->batch;
		now = clock_now().monotonic_ns;
	}
	uint64_t spent = bench.timed_ns ? bench.timed_ns : now - start;
	return (double)spent / (double)packets;
}

static void prepare_tun(void)
{
	const struct sockaddr_in there = {.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(0x0a090002)};

	need(tun_open("bench", 1, &bench.tun) == 0, "tun_open");
	set_up("bench", 0x0a090001);
	bench.socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	need(bench.socket >= 0, "socket");
	need(connect(bench.socket, (const void *)&there, sizeof there) == 0, "connect");
}

static void prepare_udp(void)
{
	const struct udp_config config = {0};

	need(udp_open(&config, &bench.sender) == 0, "udp_open");
	need(udp_open(&config, &bench.receiver) == 0, "udp_open");
	bench.ipv4 = bench.ipv6 = (struct endpoint){.port = udp_port(bench.receiver)};
	bench.ipv4.remote = (struct address){ADDRESS_IPV4, {127, 0, 0, 1}};
	bench.ipv6.remote = (struct address){ADDRESS_IPV6, {[15] = 1}};
	bench.ipv4.source = bench.ipv4.remote; /* as answers have it */
	bench.ipv6.source = bench.ipv6.remote;
}

int main(void)
{
	need(unshare(CLONE_NEWNET) == 0, "make a network namespace (are you root?)");
	set_up("lo", 0);
	need(packet_pool_init(&bench.pool, POOL_PACKETS) == 0, "packet_pool_init");
	prepare_udp();
	prepare_tun();
	printf("%-30s %10s %12s\n", "", "ns/packet", "packets/s");
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		double best = round_of(&rows[i]);
		for (int round = 1; round < ROUNDS; round++) {
			double ns = round_of(&rows[i]);
			best = ns < best ? ns : best;
		}
		printf("%-30s %10.1f %12.0f\n", rows[i].name, best, NS_PER_S / best);
	}
	(void)close(bench.socket); /* nothing was written that matters */
	tun_close(bench.tun);
	udp_close(bench.sender);
	udp_close(bench.receiver);
	packet_pool_done(&bench.pool);
	return 0;
}
