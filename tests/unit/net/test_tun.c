/* SPDX-License-Identifier: ISC */
#include "net/tun.h"

#include "namespace.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>

enum {
	POOL_PACKETS = 200,
	WAIT_MS = 5000, /* for what must come */
	PORT = 9999,	/* of both sides of the conversation */
	IPV4_HEADER = 20,
	UDP_HEADER = 8,
	LARGEST_MTU = 65475, /* whose packets, sealed, fit a datagram over IPv4 */
};

static void test_names(void)
{
	static const struct {
		const char *name;
		int result;
	} rows[] = {
		{"wg0", 0},
		{"w", 0},
		{"fifteen-letters", 0},
		{"a.b_c=d+e-f", 0},
		{"...", 0},
		{"", -EINVAL},
		{".", -EINVAL},
		{"..", -EINVAL},
		{"sixteen--letters", -EINVAL},
		{"a/b", -EINVAL},
		{"../../etc", -EINVAL},
		{"wg 0", -EINVAL},
		{"wg%d", -EINVAL},
		{"wg:0", -EINVAL},
		{"wg\n", -EINVAL},
		{"w\xc3\xa4g", -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		char name[64];
		(void)snprintf(name, sizeof name, "name row %zu", i);
		tap_is_int(tun_name_check(rows[i].name), rows[i].result, name);
	}
}

/* Opens as nobody; the error, turned around. */
static int open_as_nobody(void *context)
{
	struct tun *tun;

	(void)context;
	become_nobody();
	return -tun_open("nobodys", 1, &tun);
}

/* Opens where there is no /dev/net/tun; the error, turned around. */
static int open_without_node(void *context)
{
	struct tun *tun;

	(void)context;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("none", "/dev/net", "tmpfs", 0, NULL) < 0)
		return 255;
	return -tun_open("nodeless", 1, &tun);
}

static void test_open_errors(void)
{
	struct tun *first, *second;

	must(tun_open("taken", 1, &first) == 0, "open a device");
	tap_is_int(tun_open("taken", 1, &second), -EEXIST, "a device of ours has the name");
	tap_is_int(tun_open("taken", 4, &second), -EEXIST, "for several queues, too");
	tap_is_int(tun_open("lo", 1, &second), -EEXIST, "another interface has the name");
	tun_close(first);
	if (tap_is_int(tun_open("taken", 1, &first), 0, "a closed device leaves its name"))
		tun_close(first);
	must(run("ip tuntap add dev kept mode tun"), "make a persistent device");
	tap_is_int(tun_open("kept", 1, &first), -EEXIST, "a persistent device is not taken over");
	must(run("ip link del kept"), "remove it");
	tap_is_int(tun_open("a/b", 1, &first), -EINVAL, "not a name");
	tap_is_int(tun_open("ok", 0, &first), -EINVAL, "no queues");
	tap_is_int(tun_open("ok", TUN_QUEUES_MAX + 1, &first), -EINVAL, "too many queues");
	tap_is_int(in_child(open_as_nobody, NULL), EPERM, "not allowed");
	int result = in_child(open_without_node, NULL);
	if (result == 255)
		tap_skip("no /dev/net/tun", "no mount namespace can be made here");
	else
		tap_is_int(result, ENOENT, "no /dev/net/tun");
}

static void test_device(void)
{
	struct tun *tun;

	must(tun_open("fresh", 1, &tun) == 0, "open a device");
	tap_ok(strcmp(tun_name(tun), "fresh") == 0, "its name");
	tap_ok(fcntl(tun_fd(tun, 0), F_GETFD) & FD_CLOEXEC, "close-on-exec");
	tap_ok(fcntl(tun_fd(tun, 0), F_GETFL) & O_NONBLOCK, "non-blocking");
	tap_ok(run("ip link show fresh | grep -q 'mtu 1420'"), "the default MTU");
	tap_ok(run("ip link show fresh | grep -q 'qlen 1000'"), "the queue of a card");
	tap_ok(!run("ip link show up | grep -q fresh"), "down");
	must(run("ip link set fresh up"), "set it up");
	tap_ok(!run("ip -6 addr show dev fresh | grep -q inet6"), "no IPv6 address by itself");
	tun_close(tun);
	tap_ok(!run("ip link show fresh 2>/dev/null"), "gone when closed");
}

static void test_queues(void)
{
	struct tun *tun;

	must(tun_open("many", TUN_QUEUES_MAX, &tun) == 0, "open a device");
	tap_ok(tun_fd(tun, 0) != tun_fd(tun, TUN_QUEUES_MAX - 1), "a descriptor each queue");
	tap_ok(run("ip -d link show many | grep -q multi_queue"), "of one device");
	tun_close(tun);
	tap_ok(!run("ip link show many 2>/dev/null"), "gone when all are closed");
}

/* A device that is up, with 10.9.0.1/24, and a socket that talks with 10.9.0.2 through it. */
struct bench {
	struct tun *tun;
	struct packet_pool pool;
	int socket;
};

static void bench_open(struct bench *bench)
{
	const struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	const struct sockaddr_in there = {.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(0x0a090002)};
	const int large = 4 << 20, quiet = IP_PMTUDISC_DONT;

	must(packet_pool_init(&bench->pool, POOL_PACKETS) == 0, "make a pool");
	must(tun_open("tun9", 1, &bench->tun) == 0, "open a device");
	must(run("ip addr add 10.9.0.1/24 dev tun9 && ip link set tun9 up"), "set it up");
	bench->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	must(bench->socket >= 0, "open a socket");
	(void)setsockopt(bench->socket, SOL_SOCKET, SO_RCVBUFFORCE, &large, sizeof large);
	(void)setsockopt(bench->socket, SOL_SOCKET, SO_SNDBUFFORCE, &large, sizeof large);
	(void)setsockopt(bench->socket, IPPROTO_IP, IP_MTU_DISCOVER, &quiet, sizeof quiet);
	must(bind(bench->socket, (const void *)&here, sizeof here) == 0, "bind");
	must(connect(bench->socket, (const void *)&there, sizeof there) == 0, "connect");
}

static void bench_close(struct bench *bench)
{
	must(close(bench->socket) == 0, "close");
	tun_close(bench->tun);
	packet_pool_done(&bench->pool);
}

/* Byte `at` of the payload of datagram `number`. */
static uint8_t pattern(size_t number, size_t at)
{
	return (uint8_t)(number * 31 + at * 7 + (at >> 8));
}

/* Sends datagram `number` of `length` bytes into the device. */
static void say(const struct bench *bench, size_t number, size_t length)
{
	static uint8_t bytes[65536];

	for (size_t i = 0; i < length; i++)
		bytes[i] = pattern(number, i);
	must(send(bench->socket, bytes, length, 0) == (ssize_t)length, "send");
}

/* Whether the socket gets datagram `number` of `length` bytes. */
static bool hears(const struct bench *bench, size_t number, size_t length)
{
	static uint8_t bytes[65536];
	struct pollfd ready = {.fd = bench->socket, .events = POLLIN};

	if (poll(&ready, 1, WAIT_MS) != 1)
		return false;
	if (recv(bench->socket, bytes, sizeof bytes, 0) != (ssize_t)length)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] != pattern(number, i))
			return false;
	}
	return true;
}

/* Turns a packet around: with its addresses swapped its checksums still hold. */
static void turn_around(struct packet *packet)
{
	uint8_t address[4];

	memcpy(address, packet->data + 12, 4);
	memcpy(packet->data + 12, packet->data + 16, 4);
	memcpy(packet->data + 16, address, 4);
}

/* Sends `count` datagrams through the device and back; lengths grow by `step`. */
static void test_round_trips(struct bench *bench, size_t count, size_t step)
{
	struct packet_list packets = {0};
	size_t wrong = 0, lost = 0;

	for (size_t i = 0; i < count; i++)
		say(bench, i, 1 + i * step);
	for (int taken = 1; taken > 0;) {
		taken = tun_read(bench->tun, 0, &bench->pool, &packets);
		must(taken >= 0 && taken <= TUN_BATCH, "read");
	}
	tap_is_int(packets.count, count, "all packets come out of the device, and no other");
	size_t number = 0;
	for (struct packet *p = packets.first; p; p = p->next) {
		wrong += p->length != IPV4_HEADER + UDP_HEADER + 1 + number++ * step;
		turn_around(p);
	}
	tap_is_int(wrong, 0, "each of its length");
	tap_is_int(tun_write(bench->tun, 0, &bench->pool, &packets), count, "all are written");
	tap_is_int(packets.count, 0, "the list is empty");
	tap_is_int(bench->pool.free.count, POOL_PACKETS, "the pool is full");
	for (size_t i = 0; i < count; i++)
		lost += !hears(bench, i, 1 + i * step);
	tap_is_int(lost, 0, "all come back as they were sent");
}

static void test_largest(struct bench *bench)
{
	struct packet_list packets = {0};
	const size_t length = LARGEST_MTU - IPV4_HEADER - UDP_HEADER;

	must(run("ip link set tun9 mtu 65475"), "set the largest MTU");
	say(bench, 3, length);
	tap_is_int(tun_read(bench->tun, 0, &bench->pool, &packets), 1, "the largest packet");
	must(packets.first != NULL, "go on");
	tap_is_int(packets.first->length, LARGEST_MTU, "whole");
	tap_ok(packet_room(packets.first) - LARGEST_MTU >= 32, "with room for padding and tag");
	turn_around(packets.first);
	tap_is_int(tun_write(bench->tun, 0, &bench->pool, &packets), 1, "is written");
	tap_ok(hears(bench, 3, length), "and comes back");
	must(run("ip link set tun9 mtu 1420"), "set the MTU");
}

static void test_empty_pool(struct bench *bench)
{
	struct packet_list held = {0}, packets = {0};

	for (size_t i = 0; i < POOL_PACKETS - 2; i++)
		packet_list_push(&held, packet_get(&bench->pool));
	for (size_t i = 0; i < 4; i++)
		say(bench, i, 10);
	tap_is_int(tun_read(bench->tun, 0, &bench->pool, &packets), 2, "as many as the pool has");
	tap_is_int(tun_read(bench->tun, 0, &bench->pool, &packets), 0, "then none");
	packet_put_all(&bench->pool, &held);
	tap_is_int(tun_read(bench->tun, 0, &bench->pool, &packets), 2, "the rest has waited");
	packet_put_all(&bench->pool, &packets);
}

/* What the kernel does not take goes back to the pool. */
static void test_refused(struct bench *bench)
{
	struct packet_list packets = {0};

	for (size_t i = 0; i < 3; i++) {
		struct packet *packet = packet_get(&bench->pool);
		packet->length = i == 1 ? 0 : IPV4_HEADER;
		memset(packet->data, i == 2 ? 0x15 : 0x45, IPV4_HEADER); /* 0x15: no IP version */
		packet_list_push(&packets, packet);
	}
	tap_is_int(tun_write(bench->tun, 0, &bench->pool, &packets), 1, "no packets: refused");
	must(run("ip link set tun9 down"), "set it down");
	packet_list_push(&packets, packet_get(&bench->pool));
	packets.first->length = IPV4_HEADER;
	memset(packets.first->data, 0x45, IPV4_HEADER);
	tap_is_int(tun_write(bench->tun, 0, &bench->pool, &packets), 0, "down: refused");
	tap_is_int(tun_read(bench->tun, 0, &bench->pool, &packets), 0, "down: nothing to read");
	tap_is_int(bench->pool.free.count, POOL_PACKETS, "all are back in the pool");
}

static void test_deleted(struct bench *bench)
{
	struct packet_list packets = {0};

	must(run("ip link del tun9"), "delete the device");
	tap_is_int(tun_read(bench->tun, 0, &bench->pool, &packets), -ENODEV, "deleted: ENODEV");
	packet_list_push(&packets, packet_get(&bench->pool));
	packets.first->length = IPV4_HEADER;
	tap_is_int(tun_write(bench->tun, 0, &bench->pool, &packets), 0, "deleted: refused");
	tap_is_int(bench->pool.free.count, POOL_PACKETS, "all are back in the pool");
}

int main(void)
{
	struct bench bench;

	test_names();
	tun_close(NULL);
	if (!namespace_enter()) {
		tap_skip("tun", "no network namespace can be made here");
		return tap_done();
	}
	if (access("/dev/net/tun", R_OK | W_OK) < 0) {
		tap_skip("tun", "there is no /dev/net/tun for us here");
		return tap_done();
	}
	test_open_errors();
	test_device();
	test_queues();
	bench_open(&bench);
	test_round_trips(&bench, TUN_BATCH, 21);
	test_round_trips(&bench, 150, 9);
	test_largest(&bench);
	test_empty_pool(&bench);
	test_refused(&bench);
	test_deleted(&bench);
	bench_close(&bench);
	return tap_done();
}
