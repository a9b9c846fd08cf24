/* SPDX-License-Identifier: ISC */
#include "net/udp.h"

#include "udp_end.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* A socket of somebody else's on a port of one family. */
static int occupy(int domain, uint16_t port)
{
	const struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	const struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	const void *name = domain == AF_INET ? (const void *)&ipv4 : (const void *)&ipv6;
	const int on = 1;
	int fd = socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(fd >= 0, "open a socket");
	if (domain == AF_INET6)
		must(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0, "set V6ONLY");
	must(bind(fd, name, domain == AF_INET ? sizeof ipv4 : sizeof ipv6) == 0, "bind");
	return fd;
}

/* How many descriptors this process has. */
static int count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	must(folder != NULL, "list descriptors");
	while (readdir(folder))
		count++;
	must(closedir(folder) == 0, "close");
	return count;
}

static int option_of(int fd, int level, int name)
{
	int value = -1;
	socklen_t size = sizeof value;

	must(getsockopt(fd, level, name, &value, &size) == 0, "read an option");
	return value;
}

static void test_any_port(void)
{
	struct end end;

	end_open(&end, 1);
	uint16_t port = udp_port(end.udp);
	tap_ok(port != 0, "port 0: one is chosen");
	for (int i = 0; i < 2; i++) {
		enum address_family family = i ? ADDRESS_IPV6 : ADDRESS_IPV4;
		struct sockaddr_in6 name;
		socklen_t size = sizeof name;
		int fd = udp_fd(end.udp, family);
		must(getsockname(fd, (struct sockaddr *)(void *)&name, &size) == 0, "get a name");
		tap_is_int(ntohs(name.sin6_port), port, "the chosen port is each family's");
		tap_ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "close-on-exec");
		tap_ok(fcntl(fd, F_GETFL) & O_NONBLOCK, "non-blocking");
		tap_ok(option_of(fd, SOL_SOCKET, SO_RCVBUF) >= 1 << 18, "a large buffer");
	}
	tap_is_int(udp_fd(end.udp, ADDRESS_NONE), -1, "no socket for no family");
	end_close(&end);
}

/* Opens while somebody has the port in one family. */
static void test_port_taken(int domain, const char *name)
{
	struct udp_config config = {.port = 40111};
	struct udp *udp = NULL;
	int other = occupy(domain, config.port);
	int before = count_descriptors();

	tap_is_int(udp_open(&config, &udp), -EADDRINUSE, name);
	tap_is_int(count_descriptors(), before, "nothing is left open");
	tap_ok(udp == NULL, "nothing is given out");
	config.is_shared = true;
	tap_is_int(udp_open(&config, &udp), -EADDRINUSE, "to share does not help with strangers");
	must(close(other) == 0, "close");
	if (tap_is_int(udp_open(&config, &udp), 0, "the port is free again"))
		udp_close(udp);
}

static void test_shared_port(void)
{
	struct udp_config config = {.is_shared = true};
	struct udp *first, *second, *third;

	must(udp_open(&config, &first) == 0, "open a socket");
	config.port = udp_port(first);
	if (tap_is_int(udp_open(&config, &second), 0, "a second worker shares a chosen port"))
		udp_close(second);
	config.is_shared = false;
	tap_is_int(udp_open(&config, &third), -EADDRINUSE, "who does not share stays out");
	udp_close(first);
}

static int open_marked_as_nobody(void *context)
{
	const struct udp_config marked = {.mark = 7}, plain = {0};
	struct udp *udp;

	(void)context;
	become_nobody();
	if (udp_open(&marked, &udp) != -EPERM)
		return 1;
	if (udp_open(&plain, &udp) != 0)
		return 2;
	if (udp_set_mark(udp, 9) != -EPERM)
		return 3;
	return option_of(udp_fd(udp, ADDRESS_IPV4), SOL_SOCKET, SO_MARK);
}

static void test_mark(void)
{
	struct udp_config config = {.mark = 0xfffffffe};
	struct udp *udp;

	must(udp_open(&config, &udp) == 0, "open a socket");
	for (int i = 0; i < 2; i++) {
		int fd = udp_fd(udp, i ? ADDRESS_IPV6 : ADDRESS_IPV4);
		tap_is_int((uint32_t)option_of(fd, SOL_SOCKET, SO_MARK), config.mark, "a mark");
	}
	tap_is_int(udp_set_mark(udp, 0), 0, "the mark is taken off");
	for (int i = 0; i < 2; i++) {
		int fd = udp_fd(udp, i ? ADDRESS_IPV6 : ADDRESS_IPV4);
		tap_is_int(option_of(fd, SOL_SOCKET, SO_MARK), 0, "no mark");
	}
	udp_close(udp);
	tap_is_int(in_child(open_marked_as_nobody, NULL), 0, "a mark needs rights, a port none");
}

/* From now on socket(2) knows nothing of one family. */
static void forbid_family(unsigned domain)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, domain, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = ARRAY_LENGTH(code), .filter = code};

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "renounce privileges");
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "filter system calls");
}

/* Opens without one family; 0: the other is there alone. Without both: 0 if that is said. */
static int open_without(void *context)
{
	const struct udp_config config = {0};
	const int *domains = context;
	struct udp *udp;

	for (; *domains; domains++)
		forbid_family((unsigned)*domains);
	int result = udp_open(&config, &udp);
	if (result < 0)
		return result == -EAFNOSUPPORT ? 50 : 1;
	int lacks_ipv4 = udp_fd(udp, ADDRESS_IPV4) == -1;
	int lacks_ipv6 = udp_fd(udp, ADDRESS_IPV6) == -1;
	int has_port = udp_port(udp) != 0;
	udp_close(udp);
	return has_port ? 10 + lacks_ipv4 * 4 + lacks_ipv6 * 6 : 2;
}

static void test_lacking_family(void)
{
	int ipv4[] = {AF_INET, 0}, ipv6[] = {AF_INET6, 0}, both[] = {AF_INET, AF_INET6, 0};

	tap_is_int(in_child(open_without, ipv6), 16, "a kernel without IPv6: IPv4 alone");
	tap_is_int(in_child(open_without, ipv4), 14, "a kernel without IPv4: IPv6 alone");
	tap_is_int(in_child(open_without, both), 50, "a kernel without either: EAFNOSUPPORT");
}

/* Sends `count` datagrams of growing lengths from one end to the other and looks at each. */
static void exchange(const char *address, enum address_family family, size_t count, size_t step)
{
	struct end here, there;
	struct packet_list sent = {0}, received = {0};
	size_t wrong = 0;

	end_open(&here, END_PACKETS);
	end_open(&there, END_PACKETS);
	const struct endpoint to = end_at(&there, address);
	const struct endpoint from = end_at(&here, address);
	for (size_t i = 0; i < count; i++)
		end_compose(&here, &sent, &to, i, i * step);
	udp_send(here.udp, &here.pool, &sent);
	tap_is_int(here.pool.free.count, END_PACKETS, "all packets are back in the pool");
	tap_ok(end_receive(&there, family, count, &received), "all datagrams arrive");
	tap_is_int(there.pool.free.count, END_PACKETS - count, "no packet more has left the pool");
	for (size_t i = 0; received.first; i++) {
		struct packet *packet = packet_list_pop(&received);
		wrong += !end_recognises(packet, i, i * step) ||
			 !endpoint_equal_remote(&packet->endpoint, &from) ||
			 !address_equal(&packet->endpoint.source, &to.remote);
		packet_put(&there.pool, packet);
	}
	tap_is_int(wrong, 0, "all as they were sent, in order, with their endpoints");
	tap_is_int(udp_counters(here.udp)->sent, count, "counted as sent");
	tap_is_int(udp_counters(there.udp)->received, count, "counted as received");
	end_close(&here);
	end_close(&there);
}

static void test_both_families_in_one_list(void)
{
	struct end here, there;
	struct packet_list sent = {0}, ipv4 = {0}, ipv6 = {0};

	end_open(&here, END_PACKETS);
	end_open(&there, END_PACKETS);
	const struct endpoint to[] = {end_at(&there, "127.0.0.1"), end_at(&there, "[::1]")};
	for (size_t i = 0; i < 150; i++)
		end_compose(&here, &sent, &to[i % 2], i, 100);
	udp_send(here.udp, &here.pool, &sent);
	tap_ok(end_receive(&there, ADDRESS_IPV4, 75, &ipv4), "half of them by IPv4");
	tap_ok(end_receive(&there, ADDRESS_IPV6, 75, &ipv6), "half of them by IPv6");
	packet_put_all(&there.pool, &ipv4);
	packet_put_all(&there.pool, &ipv6);
	end_close(&here);
	end_close(&there);
}

static void test_longest(const char *address, enum address_family family, size_t longest)
{
	struct end here, there;
	struct packet_list list = {0}, received = {0};

	end_open(&here, 8);
	end_open(&there, 8);
	const struct endpoint to = end_at(&there, address);
	end_compose(&here, &list, &to, 0, longest + 1);
	end_compose(&here, &list, &to, 1, longest);
	end_compose(&here, &list, &to, 2, 1);
	udp_send(here.udp, &here.pool, &list);
	tap_is_int(udp_counters(here.udp)->send_failed, 1, "one byte too long: dropped");
	tap_ok(end_receive(&there, family, 2, &received), "what is around it arrives");
	tap_ok(end_recognises(received.first, 1, longest), "the longest datagram, whole");
	packet_put_all(&there.pool, &received);
	end_close(&here);
	end_close(&there);
}

static void test_empty_pool(void)
{
	struct end here, there;
	struct packet_list list = {0};

	end_open(&here, END_PACKETS);
	end_open(&there, 4);
	const struct endpoint to = end_at(&there, "127.0.0.1");
	for (size_t i = 0; i < 10; i++)
		end_send(&here, &to, 100);
	tap_ok(end_receive(&there, ADDRESS_IPV4, 4, &list), "as many as the pool has");
	tap_is_int(udp_receive(there.udp, ADDRESS_IPV4, &there.pool, &list), 0, "then none");
	tap_is_int(udp_counters(there.udp)->receive_dropped, 6, "the rest is dropped");
	tap_ok(!end_is_readable(&there, ADDRESS_IPV4, 0), "the socket is empty: nobody spins");
	packet_put_all(&there.pool, &list);
	end_send(&here, &to, 100);
	tap_ok(end_receive(&there, ADDRESS_IPV4, 1, &list), "it goes on when packets are back");
	packet_put_all(&there.pool, &list);
	tap_is_int(udp_receive(there.udp, ADDRESS_NONE, &there.pool, &list), 0, "no family: none");
	end_close(&here);
	end_close(&there);
}

int main(void)
{
	udp_close(NULL);
	test_lacking_family();
	if (!namespace_enter()) {
		tap_skip("udp", "no network namespace can be made here");
		return tap_done();
	}
	test_any_port();
	test_port_taken(AF_INET, "port taken in IPv4");
	test_port_taken(AF_INET6, "port taken in IPv6");
	test_shared_port();
	test_mark();
	exchange("127.0.0.1", ADDRESS_IPV4, UDP_BATCH, 21);
	exchange("[::1]", ADDRESS_IPV6, UDP_BATCH, 21);
	exchange("127.0.0.1", ADDRESS_IPV4, 200, 7);
	exchange("[::1]", ADDRESS_IPV6, 200, 7);
	test_both_families_in_one_list();
	test_longest("127.0.0.1", ADDRESS_IPV4, 65507);
	test_longest("[::1]", ADDRESS_IPV6, 65527);
	test_empty_pool();
	return tap_done();
}
