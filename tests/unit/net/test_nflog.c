/* SPDX-License-Identifier: ISC */
/*
 * What rules log at each hook begins with the network's header, whatever the kernel copies; gaps
 * are counted; counters of a table are all listed. Traffic goes over lo.
 */
#include "net/nflog.h"

#include "namespace.h"

#include "net/nftables.h"
#include "net/nftcounter.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

enum {
	GROUP = 31438,
	PORT = 9999,
	PATIENCE_MS = 2000,
	BURST = 20000, /* more than the buffer of the kernel holds */
};

#define LOG(name) "log prefix \"tacet " name "\" group 31438 snaplen 128\n"

static const char table[] =
	"table inet t {\n"
	" counter in { }\n counter out { }\n"
	" chain in { type filter hook prerouting priority -150;\n"
	"  udp dport 9999 counter name \"in\" " LOG(
		"prerouting") " }\n"
			      " chain out { type filter hook postrouting priority 0;\n"
			      "  udp dport 9999 counter name \"out\" " LOG(
				      "postrouting") " }\n"
						     "}\n"
						     "table netdev t {\n"
						     " chain in { type filter hook ingress device "
						     "\"lo\" priority 0;\n"
						     "  udp dport 9999 " LOG(
							     "ingress") " }\n"
									" chain out { type filter "
									"hook egress device \"lo\" "
									"priority 0;\n"
									"  udp dport 9999 " LOG(
										"egress") " }\n"
											  "}\n";

/* The hooks, and what was heard of each. */
static struct heard {
	const char *prefix;
	bool is_outgoing;
	unsigned count, right;
} hooks[] = {
	{"tacet prerouting", false, 0, 0},
	{"tacet postrouting", true, 0, 0},
	{"tacet ingress", false, 0, 0},
	{"tacet egress", true, 0, 0},
};

/* IPv4 to our port, with its header in front. */
static bool is_right(const struct nflog_packet *packet)
{
	return packet->ethertype == 0x0800 && packet->size >= 28 && packet->bytes[0] == 0x45 &&
	       packet->bytes[9] == IPPROTO_UDP && packet->bytes[22] == PORT >> 8 &&
	       packet->bytes[23] == (PORT & 0xff);
}

static void hear(void *context, const struct nflog_packet *packet)
{
	unsigned *all = context;

	(*all)++;
	for (size_t i = 0; i < ARRAY_LENGTH(hooks); i++) {
		if (strcmp(packet->prefix, hooks[i].prefix) != 0)
			continue;
		hooks[i].count++;
		hooks[i].right += is_right(packet) && packet->is_outgoing == hooks[i].is_outgoing;
	}
}

static void send_many(unsigned count)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(fd >= 0, "make a socket");
	for (unsigned i = 0; i < count; i++)
		(void)sendto(fd, "x", 1, 0, (const struct sockaddr *)&to, sizeof to);
	must(close(fd) == 0, "close");
}

/* Reads until so many were heard or lost. */
static unsigned listen_for(int fd, struct nflog_count *count, unsigned wanted)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	unsigned all = 0;

	while (all + count->lost < wanted && poll(&poll_fd, 1, PATIENCE_MS) > 0) {
		int result = nflog_read(fd, count, hear, &all);
		if (result < 0 && result != -ENOBUFS)
			break;
	}
	return all;
}

/* In a child: what is read goes on without rights. */
static int read_as_nobody(void *context)
{
	const int *fd = context;
	struct nflog_count count = {0};

	become_nobody();
	send_many(1);
	return listen_for(*fd, &count, 4) == 4 ? 0 : 1;
}

static int open_as_nobody(void *context)
{
	(void)context;
	become_nobody();
	return nflog_open(GROUP) == -EPERM ? 0 : 1;
}

static void count_in(void *context, const char *name, uint64_t packets)
{
	uint64_t *counts = context;

	if (strcmp(name, "in") == 0)
		counts[0] = packets;
	else if (strcmp(name, "out") == 0)
		counts[1] = packets;
	else
		counts[2]++;
}

static void test_hooks(int fd)
{
	struct nflog_count count = {0};
	uint64_t counts[3] = {0};

	send_many(3);
	tap_is_int(listen_for(fd, &count, 12), 12, "each hook logs each packet");
	for (size_t i = 0; i < ARRAY_LENGTH(hooks); i++) {
		tap_is_int(hooks[i].count, 3, hooks[i].prefix);
		tap_is_int(hooks[i].right, 3, "from the network's header on, by its way");
	}
	tap_is_int(count.lost, 0, "none is lost");
	tap_is_int(nftcounter_list(NFPROTO_INET, "t", count_in, counts), 0, "counters are listed");
	tap_ok(counts[0] == 3 && counts[1] == 3 && counts[2] == 0, "both, to the packet");
	tap_is_int(nftcounter_list(NFPROTO_INET, "none", count_in, counts), 0,
		"of a table that is not there, none");
}

/* More at once than there is room for: each is heard or counted. */
static void test_loss(int fd)
{
	struct nflog_count count = {0};
	unsigned heard = 0;

	send_many(1);
	heard = listen_for(fd, &count, 4);
	send_many(BURST);
	heard += listen_for(fd, &count, 4 + 4 * BURST);
	send_many(1); /* shows the gap before it */
	while (heard + count.lost < 4 * (BURST + 2)) {
		unsigned more = listen_for(fd, &count, 1);
		if (more == 0)
			break;
		heard += more;
	}
	tap_ok(count.lost > 0, "a burst is too much");
	tap_is_int(heard + count.lost, 4 * (BURST + 2), "heard and lost are all");
}

int main(void)
{
	struct nftables *nftables;

	if (!namespace_enter() || !run("nft list ruleset")) {
		tap_skip("nflog", "no network namespace with nftables can be made here");
		return tap_done();
	}
	must(nftables_open(&nftables) == 0, "open libnftables");
	int fd = nflog_open(GROUP);
	if (fd < 0 || nftables_run(nftables, table) < 0) {
		tap_skip("nflog", "this kernel logs no packets to a group");
		return tap_done();
	}
	test_hooks(fd);
	tap_is_int(nflog_open(GROUP), -EPERM, "a group has one reader");
	tap_is_int(in_child(read_as_nobody, &fd), 0, "nobody may read what root has opened");
	tap_is_int(in_child(open_as_nobody, NULL), 0, "and may not open it");
	test_loss(fd);
	must(close(fd) == 0, "close");
	fd = nflog_open(GROUP);
	tap_ok(fd >= 0, "once it is closed, another may");
	nftables_close(nftables);
	return tap_done();
}
