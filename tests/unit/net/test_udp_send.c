/* SPDX-License-Identifier: ISC */
/* What udp_send() does when the network does not want as we do. */
#include "net/udp.h"

#include "udp_end.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* What differs between the families. */
struct family_case {
	const char *name;
	enum address_family family;
	const char *caller, *first, *second;  /* our addresses; ours are called by first, second */
	const char *first_text, *second_text; /* the same without brackets */
	const char *take_second;	      /* the command that removes it */
	const char *nowhere;		      /* no route leads there */
};

static const struct family_case families[] = {
	{"IPv4", ADDRESS_IPV4, "192.0.2.9", "192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2",
		"ip addr del 192.0.2.2/32 dev lo", "198.51.100.1"},
	{"IPv6", ADDRESS_IPV6, "[2001:db8::9]", "[2001:db8::1]", "[2001:db8::2]", "2001:db8::1",
		"2001:db8::2", "ip addr del 2001:db8::2/128 dev lo", "[2001:db8:ffff::1]"},
};

/* Calls the server by an address; the endpoint to answer to. */
static struct endpoint call(
	struct end *client, struct end *server, const struct family_case *f, const char *address)
{
	struct endpoint to = end_at(server, address);

	to.source = end_at(client, f->caller).remote; /* else it would be the one that is called */
	end_send(client, &to, 32);
	return end_receive_one(server, f->family);
}

/* Answers leave by the address that was called, until that is gone. */
static void test_sticky_source(const struct family_case *f)
{
	struct end client, server;
	struct packet_list list = {0}, received = {0};

	end_open(&client, END_PACKETS);
	end_open(&server, END_PACKETS);
	const struct endpoint by_first = call(&client, &server, f, f->first);
	const struct endpoint by_second = call(&client, &server, f, f->second);
	tap_ok(end_is_address(&by_first.source, f->first_text), "the first address was called");
	tap_ok(end_is_address(&by_second.source, f->second_text), "the second address was called");
	tap_ok(by_second.source_ifindex != 0, "the interface is known");

	end_send(&server, &by_first, 32);
	struct endpoint answer = end_receive_one(&client, f->family);
	tap_ok(end_is_address(&answer.remote, f->first_text), "the first answers");
	end_send(&server, &by_second, 32);
	answer = end_receive_one(&client, f->family);
	tap_ok(end_is_address(&answer.remote, f->second_text), "the second answers");

	must(run(f->take_second), f->take_second);
	for (size_t i = 0; i < 6; i++)
		end_compose(&server, &list, i % 2 ? &by_second : &by_first, i, 32);
	udp_send(server.udp, &server.pool, &list);
	if (!tap_ok(end_receive(&client, f->family, 6, &received), "a source is gone: go on"))
		return;
	tap_ok(end_is_address(&received.first->endpoint.remote, f->first_text), "one has it");
	tap_ok(!end_is_address(&received.last->endpoint.remote, f->second_text), "one has not");
	tap_is_int(udp_counters(server.udp)->source_lost, 3, "those without are counted");
	tap_is_int(udp_counters(server.udp)->send_failed, 0, "and none has failed");
	packet_put_all(&client.pool, &received);
	end_close(&client);
	end_close(&server);
}

/* A source of the wrong family, as after a remote that has changed, is left out. */
static void test_source_of_other_family(void)
{
	struct end here, there;

	end_open(&here, 4);
	end_open(&there, 4);
	struct endpoint to = end_at(&there, "127.0.0.1");
	to.source = end_at(&there, "[::1]").remote;
	end_send(&here, &to, 5);
	tap_is_int(end_receive_one(&there, ADDRESS_IPV4).remote.family, ADDRESS_IPV4,
		"a source of the other family is left out");
	end_close(&here);
	end_close(&there);
}

/* What cannot be sent does not take along what is around it. */
static void test_no_route(const struct family_case *f)
{
	struct end here, there;
	struct packet_list list = {0}, received = {0};

	end_open(&here, END_PACKETS);
	end_open(&there, END_PACKETS);
	const struct endpoint good = end_at(&there, f->caller);
	struct endpoint bad = end_at(&there, f->nowhere);
	for (size_t i = 0; i < 9; i++) {
		bad.source = i < 5 ? good.remote : (struct address){0};
		end_compose(&here, &list, i % 2 ? &bad : &good, i, 50);
	}
	udp_send(here.udp, &here.pool, &list);
	tap_ok(end_receive(&there, f->family, 5, &received), "the others arrive");
	tap_is_int(udp_counters(here.udp)->send_failed, 4, "those without a route have failed");
	tap_is_int(udp_counters(here.udp)->sent, 5, "those with one were sent");
	tap_is_int(here.pool.free.count, END_PACKETS, "all packets are back in the pool");
	packet_put_all(&there.pool, &received);
	end_close(&here);
	end_close(&there);
}

static void test_no_family(void)
{
	struct end end;
	const struct endpoint nowhere = {0};

	end_open(&end, 4);
	end_send(&end, &nowhere, 10);
	tap_is_int(udp_counters(end.udp)->send_failed, 1, "no endpoint: failed");
	tap_is_int(end.pool.free.count, 4, "no endpoint: back in the pool");
	end_close(&end);
}

/* ICMP from a closed port stops neither direction. */
static void test_closed_port(const struct family_case *f)
{
	struct end here, there, closed;
	struct packet_list list = {0};

	end_open(&here, 16);
	end_open(&there, 16);
	end_open(&closed, 1);
	const struct endpoint gone = end_at(&closed, f->caller);
	const struct endpoint good = end_at(&there, f->caller);
	end_close(&closed);
	for (size_t i = 0; i < 4; i++)
		end_send(&here, &gone, 10); /* the answers of lo are here before this returns */
	tap_is_int(udp_receive(here.udp, f->family, &here.pool, &list), 0, "no error to receive");
	end_send(&here, &good, 10);
	tap_ok(end_receive_one(&there, f->family).port != 0, "no error to send");
	tap_is_int(udp_counters(here.udp)->send_failed, 0, "nothing has failed");
	end_close(&here);
	end_close(&there);
}

/* Nobody answers for the next hop, so what was sent stays in the socket's small buffer. */
static void test_congestion(void)
{
	struct end end;
	struct packet_list list = {0};
	const int small = 1;

	end_open(&end, 64);
	must(setsockopt(udp_fd(end.udp, ADDRESS_IPV4), SOL_SOCKET, SO_SNDBUF, &small,
		     sizeof small) == 0,
		"make the buffer small");
	const struct endpoint to = end_at(&end, "203.0.113.77");
	for (size_t i = 0; i < 64; i++)
		end_compose(&end, &list, &to, i, 1000 + i); /* no run: each is a message */
	udp_send(end.udp, &end.pool, &list);
	const struct udp_counters *counters = udp_counters(end.udp);
	tap_ok(counters->sent > 0, "what has room is sent");
	tap_ok(counters->send_congested > 0, "what has no room for too long is congested");
	tap_is_int(counters->sent + counters->send_congested, 64, "and nothing else happens");
	tap_is_int(end.pool.free.count, 64, "all packets are back in the pool");
	end_close(&end);
}

/* Datagrams longer than the link's MTU come through in fragments. */
static void test_fragments(
	struct end *here, struct end *there, enum address_family family, const char *address)
{
	struct packet_list list = {0};
	const struct endpoint to = end_at(there, address);

	end_send(here, &to, 9000);
	tap_ok(end_receive(there, family, 1, &list), "9,000 bytes over a link of 1,500");
	tap_ok(end_recognises(list.first, 0, 9000), "whole");
	packet_put_all(&there->pool, &list);
	tap_is_int(udp_counters(here->udp)->send_failed, 0, "without an error");
}

/* Link-local addresses mean something by their interface only. */
static void test_link_local(struct end *here, struct end *there)
{
	const struct endpoint to = end_at(there, "[fe80::2%near]");

	end_send(here, &to, 20);
	struct endpoint caller = end_receive_one(there, ADDRESS_IPV6);
	tap_ok(end_is_address(&caller.remote, "fe80::1"), "a link-local remote");
	tap_ok(caller.scope_id != 0 && caller.scope_id == caller.source_ifindex, "with its scope");
	tap_ok(end_is_address(&caller.source, "fe80::2"), "called by our link-local address");
	end_send(there, &caller, 20);
	caller = end_receive_one(here, ADDRESS_IPV6);
	tap_ok(end_is_address(&caller.remote, "fe80::2"), "is answered");
	tap_is_int(udp_counters(there->udp)->source_lost, 0, "by that address");
}

/* A second namespace behind a veth pair. */
static void test_link(void)
{
	struct end here, there;
	int home = namespace_here();
	int other = namespace_new();
	char command[256];

	(void)snprintf(command, sizeof command,
		"ip link add near type veth peer name far netns /proc/%d/fd/%d", (int)getpid(),
		other);
	must(run(command), command);
	must(run("ip link set near up && ip addr add 203.0.113.1/24 dev near &&"
		 "ip addr add fe80::1/64 dev near nodad"),
		"set up the near end");
	end_open(&here, 16);
	namespace_go(other);
	must(run("ip link set far up && ip addr add 203.0.113.2/24 dev far &&"
		 "ip addr add fe80::2/64 dev far nodad"),
		"set up the far end");
	end_open(&there, 16);
	namespace_go(home);
	test_link_local(&here, &there);
	test_fragments(&here, &there, ADDRESS_IPV4, "203.0.113.2");
	test_fragments(&here, &there, ADDRESS_IPV6, "[fe80::2%near]");
	test_congestion();
	end_close(&here);
	end_close(&there);
	must(close(home) == 0 && close(other) == 0, "close");
}

int main(void)
{
	if (!namespace_enter()) {
		tap_skip("udp_send", "no network namespace can be made here");
		return tap_done();
	}
	must(run("for a in 192.0.2.1/32 192.0.2.2/32 192.0.2.9/32 2001:db8::1/128 2001:db8::2/128 "
		 "2001:db8::9/128; do ip addr add $a dev lo; done"),
		"add addresses");
	test_source_of_other_family();
	test_no_family();
	for (size_t i = 0; i < ARRAY_LENGTH(families); i++) {
		printf("# %s\n", families[i].name);
		test_no_route(&families[i]);
		test_closed_port(&families[i]);
		test_sticky_source(&families[i]);
	}
	test_link();
	return tap_done();
}
