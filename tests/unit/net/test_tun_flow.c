/* SPDX-License-Identifier: ISC */
/*
 * Real TCP and UDP between two kernels' ends (network namespaces), through two TUN devices that
 * this program joins: what tun_read() takes from one goes to the other by tun_write(). Each packet
 * on the way is looked at. Some are lost, some marked (ECN). Each case runs in a child, where a
 * filter makes the kernel refuse what an older one would not know.
 */
#include "net/netif.h"
#include "net/tun.h"

#include "inner_packet.h"
#include "namespace.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

enum {
	POOL_PACKETS = 400,
	CASE_S = 20, /* for one transfer */
	TCP_BYTES = 6 << 20,
	CHUNK = 1 << 16,
	PORT = 7777,
	LOSE_EVERY = 1501,
	MARK_EVERY = 401,
	DATAGRAM = 1000,
	DATAGRAMS = 40, /* of one UDP_SEGMENT message */
	BEFORE = 16,
	BEHIND = 32, /* a header, and padding and tag */
	USO = 0x60,  /* TUN_F_USO4, TUN_F_USO6 */
};

/* What the kernel refuses. */
enum refusal { REFUSE_NOTHING, REFUSE_USO, REFUSE_TSO, REFUSE_CHECKSUMS, REFUSE_HEADERS };

/* Where the device is from. */
enum past {
	OPENED,	      /* made now */
	KEPT,	      /* left behind by one who agreed on everything */
	KEPT_PLAIN,   /* left behind by one who knew no headers */
	KEPT_STRANGE, /* left behind by one who wanted longer ones */
};

struct row {
	const char *name;
	enum refusal refusal;
	unsigned mtu;
	bool is_ipv6;
	unsigned queues;
	enum past past;
};

/* The child's world: our end and the other one, each a namespace with a device. */
static struct {
	const struct row *row;
	int spaces[2];
	struct tun *tuns[2];
	struct packet_pool pool;
	size_t moved[2]; /* packets read from each device */
	size_t marked, with_cwr, number;
	const char *wrong;
} world;

/* Makes an ioctl with some bits in its argument, or any argument where there are none, fail. */
static void refuse(uint32_t request, uint32_t bits)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, request, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {sizeof code / sizeof code[0], code};

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "give up privileges");
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0, "set a filter");
}

static void refuse_as(enum refusal refusal)
{
	if (refusal == REFUSE_USO)
		refuse(TUNSETOFFLOAD, USO);
	if (refusal == REFUSE_TSO)
		refuse(TUNSETOFFLOAD, TUN_F_TSO4);
	if (refusal == REFUSE_CHECKSUMS)
		refuse(TUNSETOFFLOAD, TUN_F_CSUM);
	if (refusal == REFUSE_HEADERS)
		refuse(TUNSETVNETHDRSZ, 0xffffffff);
}

/* Leaves a device behind whose packets have headers of 12 bytes. */
static void leave_strange(void)
{
	struct ifreq request = {.ifr_name = "flow0"};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), size = 12;

	request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
	must(fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0 &&
			ioctl(fd, TUNSETVNETHDRSZ, &size) == 0 && ioctl(fd, TUNSETPERSIST, 1) == 0,
		"leave a device");
	(void)close(fd);
}

/* What was before, if anything. */
static void leave_device(int end)
{
	struct tun *tun;

	namespace_go(world.spaces[end]);
	if (world.row->past == KEPT) {
		must(netif_make_tun("flow0", world.row->queues) == 0, "leave a device");
		must(tun_attach("flow0", world.row->queues, &tun) == 0, "agree on everything");
		tun_close(tun);
	}
	if (world.row->past == KEPT_PLAIN)
		must(run("ip tuntap add dev flow0 mode tun"), "leave a device");
	if (world.row->past == KEPT_STRANGE)
		leave_strange();
}

/* One end: its namespace, its device, up. */
static void open_end(int end)
{
	char command[256];

	namespace_go(world.spaces[end]);
	must(write_line("/proc/sys/net/ipv4/tcp_ecn", "1\n"), "switch ECN on");
	if (world.row->past == OPENED)
		must(tun_open("flow0", world.row->queues, &world.tuns[end]) == 0, "open");
	else
		must(tun_attach("flow0", world.row->queues, &world.tuns[end]) == 0, "attach");
	(void)snprintf(command, sizeof command,
		"ip addr add 10.9.0.%d/24 dev flow0 && ip link set flow0 up mtu %u", end + 1,
		world.row->mtu);
	must(run(command), "set a device up");
	(void)snprintf(
		command, sizeof command, "ip addr add fd00:9::%d/64 dev flow0 nodad", end + 1);
	if (world.row->mtu >= 1280)
		must(run(command), "give it an IPv6 address");
}

/* ---- packets on the way ---- */

static void complain(const char *what)
{
	if (!world.wrong)
		printf("# %s: %s\n", world.row->name, what);
	world.wrong = what;
}

/*
 * The room before and behind a packet is its own: first all write before, then all write behind,
 * and then each must still be what it was.
 */
static void scribble(const struct packet_list *packets)
{
	for (struct packet *p = packets->first; p; p = p->next)
		memset(p->data - BEFORE, 0xbb, BEFORE);
	for (struct packet *p = packets->first; p; p = p->next) {
		uint8_t *end = p->data + p->length;
		if (p->limit < end + BEHIND)
			complain("no room behind a packet");
		else
			memset(end, 0xee,
				(size_t)(p->limit - end) > CHUNK ? BEHIND
								 : (size_t)(p->limit - end));
	}
	for (struct packet *p = packets->first; p; p = p->next) {
		for (int i = 1; i <= BEFORE; i++) {
			if (p->data[-i] != 0xbb)
				complain("no room before a packet");
		}
	}
}

static void look_at(struct packet *packet)
{
	uint8_t *data = packet->data;
	bool is_ipv4 = data[0] >> 4 == 4;
	size_t transport_at = is_ipv4 ? 20 : 40;
	uint8_t protocol = data[is_ipv4 ? 9 : 6];

	if (packet->length > world.row->mtu)
		complain("a packet longer than the MTU");
	if (packet->length != (is_ipv4 ? load_be16(data + 2) : load_be16(data + 4) + 40U))
		complain("a packet of another length than it says");
	if (protocol != 6 && protocol != 17)
		return;
	size_t length = packet->length - transport_at;
	if (plain_checksum(plain_pseudo(data, protocol, length), data + transport_at, length) != 0)
		complain("a wrong checksum");
	if (is_ipv4 && plain_checksum(0, data, 20) != 0)
		complain("a wrong header checksum");
	world.with_cwr += protocol == 6 && data[transport_at + 13] & 0x80;
	if (is_ipv4 && (data[1] & 3) == 2 && world.number % MARK_EVERY == 0) {
		data[1] |= 3; /* congestion experienced */
		plain_finish(data, packet->length, transport_at, protocol == 17);
		world.marked++;
	}
}

/* Moves what is there from one end to the other. */
static void pump(int from, unsigned queue, bool is_lossy)
{
	struct packet_list packets = {0}, onward = {0};
	struct packet *packet;

	if (tun_read(world.tuns[from], queue, &world.pool, &packets) < 0)
		complain("cannot read");
	scribble(&packets);
	while ((packet = packet_list_pop(&packets))) {
		world.moved[from]++;
		look_at(packet);
		if (is_lossy && ++world.number % LOSE_EVERY == 0)
			packet_put(&world.pool, packet);
		else
			packet_list_push(&onward, packet);
	}
	size_t count = onward.count;
	if (tun_write(world.tuns[!from], queue, &world.pool, &onward) != count)
		complain("cannot write");
	if (world.pool.free.count != POOL_PACKETS)
		complain("a packet did not come back");
}

static void pump_all(bool is_lossy)
{
	for (unsigned queue = 0; queue < world.row->queues; queue++) {
		pump(0, queue, is_lossy);
		pump(1, queue, is_lossy);
	}
}

/* How many packets the kernel has counted on a device of an end; super-packets are one. */
static void counted(int end, size_t *ret_in, size_t *ret_out)
{
	char line[512];
	bool is_found = false;

	namespace_go(world.spaces[end]);
	FILE *file = fopen("/proc/thread-self/net/dev", "re");
	must(file != NULL, "read counters");
	while (!is_found && fgets(line, sizeof line, file))
		is_found = sscanf(line, " flow0: %*u %zu %*u %*u %*u %*u %*u %*u %*u %zu", ret_in,
				   ret_out) == 2;
	must(is_found, "find the device's counters");
	(void)fclose(file);
}

/* ---- TCP ---- */

static socklen_t address_of(int end, struct sockaddr_storage *address)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof *address);
	if (world.row->is_ipv6) {
		ipv6->sin6_family = AF_INET6;
		ipv6->sin6_port = htons(PORT);
		must(inet_pton(AF_INET6, end ? "fd00:9::2" : "fd00:9::1", &ipv6->sin6_addr) == 1,
			"write an address");
		return sizeof *ipv6;
	}
	ipv4->sin_family = AF_INET;
	ipv4->sin_port = htons(PORT);
	ipv4->sin_addr.s_addr = htonl(0x0a090001 + (uint32_t)end);
	return sizeof *ipv4;
}

static int open_socket(int end, int type)
{
	namespace_go(world.spaces[end]);
	int fd = socket(
		world.row->is_ipv6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	must(fd >= 0, "open a socket");
	return fd;
}

static int open_bound(int end, int type)
{
	struct sockaddr_storage address;
	int fd = open_socket(end, type);
	socklen_t size = address_of(end, &address);

	must(bind(fd, (struct sockaddr *)&address, size) == 0, "bind");
	return fd;
}

static uint8_t byte_at(size_t at)
{
	return (uint8_t)(at * 131 + (at >> 8) * 31 + (at >> 16));
}

/* Writes what the socket takes, in pieces of odd sizes. */
static void feed(int fd, size_t *sent)
{
	static uint8_t bytes[CHUNK];
	size_t size = 1 + (*sent * 7919) % CHUNK;

	if (size > TCP_BYTES - *sent)
		size = TCP_BYTES - *sent;
	for (size_t i = 0; i < size; i++)
		bytes[i] = byte_at(*sent + i);
	ssize_t written = send(fd, bytes, size, MSG_NOSIGNAL);
	if (written > 0)
		*sent += (size_t)written;
}

static void drain(int fd, size_t *received)
{
	static uint8_t bytes[CHUNK];
	ssize_t size = recv(fd, bytes, sizeof bytes, 0);

	for (ssize_t i = 0; i < size; i++) {
		if (bytes[i] != byte_at(*received + (size_t)i)) {
			complain("other bytes than were sent");
			break;
		}
	}
	if (size > 0)
		*received += (size_t)size;
}

static bool is_late(time_t start)
{
	if (time(NULL) - start <= CASE_S)
		return false;
	complain("it takes too long");
	return true;
}

/* Waits a little for either device, or for TCP's timers. */
static void rest_a_while(void)
{
	struct pollfd fds[] = {{.fd = tun_fd(world.tuns[0], 0), .events = POLLIN},
		{.fd = tun_fd(world.tuns[1], 0), .events = POLLIN}};

	(void)poll(fds, 2, 1);
}

/* A stream from one end to the other, through loss and marks. */
static void stream(int from)
{
	struct sockaddr_storage address;
	int listener = open_bound(!from, SOCK_STREAM), sender = open_socket(from, SOCK_STREAM);
	int receiver = -1;
	socklen_t size = address_of(!from, &address);
	size_t sent = 0, received = 0;
	time_t start = time(NULL);

	must(listen(listener, 1) == 0, "listen");
	must(connect(sender, (struct sockaddr *)&address, size) == 0 || errno == EINPROGRESS,
		"connect");
	while (received < TCP_BYTES && !world.wrong && !is_late(start)) {
		if (receiver < 0)
			receiver = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (sent < TCP_BYTES)
			feed(sender, &sent);
		pump_all(true);
		size_t before = received;
		if (receiver >= 0)
			drain(receiver, &received);
		if (received == before)
			rest_a_while();
	}
	(void)close(sender);
	(void)close(receiver);
	(void)close(listener);
	for (int i = 0; i < 10; i++)
		pump_all(false);
}

/* ---- UDP ---- */

/* A run of datagrams in one message, the last one shorter: each must come by itself. */
static void datagrams(int from)
{
	static uint8_t bytes[DATAGRAM * DATAGRAMS], got[CHUNK];
	struct sockaddr_storage address;
	int sender = open_socket(from, SOCK_DGRAM), receiver = open_bound(!from, SOCK_DGRAM);
	const int segment = DATAGRAM, large = 4 << 20;
	size_t size = sizeof bytes - 333, received = 0;
	time_t start = time(NULL);

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = byte_at(i);
	(void)setsockopt(receiver, SOL_SOCKET, SO_RCVBUFFORCE, &large, sizeof large);
	must(setsockopt(sender, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment) == 0,
		"have the kernel cut datagrams");
	socklen_t address_size = address_of(!from, &address);
	must(connect(sender, (struct sockaddr *)&address, address_size) == 0, "connect");
	must(send(sender, bytes, size, 0) == (ssize_t)size, "send datagrams");
	while (received < size && !world.wrong && !is_late(start)) {
		pump_all(false);
		ssize_t length = recv(receiver, got, sizeof got, 0);
		if (length <= 0) {
			rest_a_while();
			continue;
		}
		size_t left = size - received;
		if ((size_t)length != (left < DATAGRAM ? left : DATAGRAM) ||
			memcmp(got, bytes + received, (size_t)length) != 0)
			complain("another datagram than was sent");
		received += (size_t)length;
	}
	(void)close(sender);
	(void)close(receiver);
}

/* ---- cases ---- */

/* Packets so far: moved by us from end 0, and as the kernel counts them, out of it and into 1. */
struct counts {
	size_t moved, out, in;
};

static struct counts counts_now(void)
{
	struct counts counts = {.moved = world.moved[0]};
	size_t unused;

	counted(0, &unused, &counts.out);
	counted(1, &counts.in, &unused);
	return counts;
}

/* That super-packets were used where they may be, both ways, and only there. */
static void check_counts(const char *what, bool is_joined, struct counts before)
{
	struct counts now = counts_now();
	size_t moved = now.moved - before.moved;
	size_t out = now.out - before.out, in = now.in - before.in;
	size_t lost = moved / LOSE_EVERY + 1;

	if (is_joined ? out * 3 < moved && in * 3 < moved : out == moved && in + lost >= moved)
		return;
	printf("# %s: %zu packets as %zu out, %zu in\n", what, moved, out, in);
	complain("super-packets: too few, or where none may be");
}

static int run_case(void *context)
{
	world.row = context;
	must(packet_pool_init(&world.pool, POOL_PACKETS) == 0, "make a pool");
	world.spaces[0] = namespace_new();
	world.spaces[1] = namespace_new();
	leave_device(0);
	leave_device(1);
	refuse_as(world.row->refusal);
	open_end(0);
	open_end(1);
	struct counts before = counts_now();
	stream(0);
	check_counts("TCP", world.row->refusal < REFUSE_TSO && world.row->mtu <= 9000, before);
	stream(1);
	if (world.row->mtu > DATAGRAM + 48) {
		before = counts_now();
		datagrams(0);
		check_counts("UDP", world.row->refusal < REFUSE_USO, before);
		datagrams(1);
	}
	if (!world.row->is_ipv6 && world.row->mtu == 1420 && world.with_cwr == 0)
		complain("marks were not answered");
	tun_close(world.tuns[0]);
	tun_close(world.tuns[1]);
	packet_pool_done(&world.pool);
	return world.wrong ? 1 : 0;
}

int main(void)
{
	static struct row rows[] = {
		{"MTU 1420", REFUSE_NOTHING, 1420, false, 1, OPENED},
		{"MTU 1420, IPv6", REFUSE_NOTHING, 1420, true, 1, OPENED},
		{"MTU 576", REFUSE_NOTHING, 576, false, 1, OPENED},
		{"MTU 1280, IPv6", REFUSE_NOTHING, 1280, true, 1, OPENED},
		{"MTU 9000", REFUSE_NOTHING, 9000, false, 1, OPENED},
		{"MTU 9000, IPv6", REFUSE_NOTHING, 9000, true, 1, OPENED},
		{"MTU 65475", REFUSE_NOTHING, 65475, false, 1, OPENED},
		{"two queues", REFUSE_NOTHING, 1420, false, 2, OPENED},
		{"a kernel without USO", REFUSE_USO, 1420, false, 1, OPENED},
		{"a kernel without USO, IPv6", REFUSE_USO, 1420, true, 1, OPENED},
		{"a kernel without TSO", REFUSE_TSO, 1420, false, 1, OPENED},
		{"a kernel without TSO, IPv6", REFUSE_TSO, 1420, true, 1, OPENED},
		{"a kernel without checksums", REFUSE_CHECKSUMS, 1420, false, 1, OPENED},
		{"a kernel without headers", REFUSE_HEADERS, 1420, false, 1, OPENED},
		{"a kernel without headers, IPv6", REFUSE_HEADERS, 1420, true, 2, OPENED},
		{"attached again", REFUSE_NOTHING, 1420, false, 1, KEPT},
		{"attached again, two queues", REFUSE_NOTHING, 1420, true, 2, KEPT},
		{"attached again without USO", REFUSE_USO, 1420, false, 1, KEPT},
		{"attached again without TSO", REFUSE_TSO, 1420, false, 1, KEPT},
		{"attached again without headers", REFUSE_HEADERS, 1420, false, 1, KEPT},
		{"attached after one without headers", REFUSE_NOTHING, 1420, false, 1, KEPT_PLAIN},
		{"attached after one with others", REFUSE_NOTHING, 1420, true, 1, KEPT_STRANGE},
	};

	if (!namespace_enter() || access("/dev/net/tun", R_OK | W_OK) < 0) {
		tap_skip("flows", "no network namespace, or no /dev/net/tun for us here");
		return tap_done();
	}
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		tap_is_int(in_child(run_case, &rows[i]), 0, rows[i].name);
	return tap_done();
}
