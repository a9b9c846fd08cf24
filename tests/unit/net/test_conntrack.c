/* SPDX-License-Identifier: ISC */
#include "net/conntrack.h"

#include "namespace.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum {
	PORT = 4711,	     /* of the flows' destination, and those behind it */
	SOURCE_PORT = 20000, /* and those behind it */
	TRIES = 50,
	TARGET = 8080,
	FLOWS = 40,
};

/* Counts flows in the kernel; conntrack works only where a rule asks for it. */
static const char rules[] =
	"nft 'table inet t { chain o { type filter hook output priority 0; ct state new accept; }; "
	"chain n { type nat hook output priority -100; ip daddr 127.0.0.9 udp dport 4711 "
	"dnat ip to 127.0.0.1:8080; }; }'";

/* Sends one datagram over loopback. */
static void send_one(
	const char *source, uint16_t source_port, const char *destination, uint16_t port)
{
	struct sockaddr_storage from = {0}, to = {0};
	struct address address;
	bool is_ipv4 = !strchr(source, ':');
	socklen_t size = is_ipv4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	const char *const texts[] = {source, destination};
	struct sockaddr_storage *const ends[] = {&from, &to};

	for (unsigned i = 0; i < 2; i++) {
		struct sockaddr_in *ipv4 = (void *)ends[i];
		struct sockaddr_in6 *ipv6 = (void *)ends[i];
		must(address_parse(texts[i], strlen(texts[i]), &address) == 0, "parse");
		ends[i]->ss_family = is_ipv4 ? AF_INET : AF_INET6;
		memcpy(is_ipv4 ? (void *)&ipv4->sin_addr : (void *)&ipv6->sin6_addr, address.bytes,
			is_ipv4 ? 4 : 16);
		ipv4->sin_port = htobe16(i ? port : source_port); /* at the same place in both */
	}
	int fd = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	must(fd >= 0 && bind(fd, (void *)&from, size) == 0, "bind");
	must(sendto(fd, "x", 1, 0, (void *)&to, size) == 1, "send");
	must(close(fd) == 0, "close");
}

/* What a flow is looked for by; zero is any. */
struct wanted {
	const char *source;
	const char *destination;
	uint16_t port;
	uint16_t answerer_port;
};

static bool is(const struct address *address, const char *text)
{
	struct address want;

	must(address_parse(text, strlen(text), &want) == 0, "parse");
	return address_equal(address, &want);
}

static bool is_wanted(void *context, const struct conntrack_flow *flow)
{
	const struct wanted *w = context;

	if (flow->protocol != IPPROTO_UDP)
		return false;
	return (!w->source || is(&flow->source, w->source)) &&
	       (!w->destination || is(&flow->destination, w->destination)) &&
	       (!w->port || flow->destination_port == w->port) &&
	       (!w->answerer_port || flow->answerer_port == w->answerer_port);
}

static intmax_t count(struct wanted wanted)
{
	size_t number = 0;

	must(conntrack_count(is_wanted, &wanted, &number) == 0, "count");
	return (intmax_t)number;
}

static intmax_t cut(struct wanted wanted)
{
	size_t number = 0;

	must(conntrack_delete(is_wanted, &wanted, &number) == 0, "delete");
	return (intmax_t)number;
}

/*
 * Every flow, from ports that are its own; to be repeated until all are there: the kernel's table
 * is one for all namespaces, and refuses a flow now and then where others have filled it.
 */
static void send_all(void)
{
	for (uint16_t i = 0; i < FLOWS; i++) {
		send_one("127.0.0.2", SOURCE_PORT + i, "127.0.0.3", PORT + i % 4);
		send_one("127.0.0.4", SOURCE_PORT + i, "127.0.0.3", PORT);
		send_one("::1", SOURCE_PORT + i, "fd00::3", PORT + i % 4);
	}
}

static void test_flows(void)
{
	for (int tries = 0; tries < TRIES && count((struct wanted){0}) < 3 * FLOWS; tries++)
		send_all();
	tap_is_int(count((struct wanted){0}), 3 * FLOWS, "all flows are seen");
	tap_is_int(count((struct wanted){.source = "127.0.0.2"}), FLOWS, "by source");
	tap_is_int(count((struct wanted){.source = "::1"}), FLOWS, "by IPv6 source");
	tap_is_int(count((struct wanted){.source = "127.0.0.2", .port = PORT + 1}), FLOWS / 4,
		"by port too");
	tap_is_int(cut((struct wanted){.source = "127.0.0.2", .port = PORT + 1}), FLOWS / 4,
		"those are deleted");
	tap_is_int(count((struct wanted){.source = "127.0.0.2"}), FLOWS * 3 / 4, "and only those");
	tap_is_int(cut((struct wanted){.destination = "fd00::3"}), FLOWS, "all of IPv6");
	tap_is_int(count((struct wanted){.source = "::1"}), 0, "are gone");
	tap_is_int(count((struct wanted){0}), FLOWS * 7 / 4, "the others stay");
	tap_is_int(cut((struct wanted){.source = "10.1.1.1"}), 0, "none is meant");
	tap_is_int(cut((struct wanted){0}), FLOWS * 7 / 4, "all are deleted");
	tap_is_int(count((struct wanted){0}), 0, "there are none left");
}

static void test_mediated(void)
{
	send_one("127.0.0.2", SOURCE_PORT, "127.0.0.9", PORT);
	tap_is_int(count((struct wanted){
			   .destination = "127.0.0.9", .port = PORT, .answerer_port = TARGET}),
		1, "a mediated flow has what was called, and who answers");
	tap_is_int(cut((struct wanted){.answerer_port = TARGET}), 1, "and is deleted by it");
	tap_is_int(count((struct wanted){0}), 0, "wholly");
}

/* In a child: without rights. */
static int without_rights(void *context)
{
	size_t number = 0;

	become_nobody();
	return conntrack_delete(is_wanted, context, &number) == -EPERM ? 0 : 1;
}

int main(void)
{
	struct wanted all = {0};

	if (!namespace_enter() || !run(rules)) {
		tap_skip("conntrack", "no network namespace with nftables can be made here");
		return tap_done();
	}
	must(run("ip -6 address add fd00::3/128 dev lo nodad"), "add an address");
	test_flows();
	test_mediated();
	tap_is_int(in_child(without_rights, &all), 0, "who has no rights is told so");
	return tap_done();
}
