/* SPDX-License-Identifier: ISC */
/*
 * What an initiation costs that is rejected for want of a knock, against one with a valid knock
 * that fails later (its sender is unknown): in CPU time, and by `micro_knock MODE COUNT` under
 * callgrind in instructions (bench/knock_instructions counts them). Exits with 1 above the bar.
 */
#include "base/attributes.h"
#include "base/clock.h"
#include "base/number.h"
#include "wireguard/cookie.h"
#include "wireguard/interface.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	COUNT = 20000,
	BAR = 20, /* times cheaper */
};

/* What is sent. */
enum kind {
	KIND_NOTHING, /* measures what is around */
	KIND_DROPPED, /* no WireGuard at all */
	KIND_WITHOUT, /* a valid mac1, no knock */
	KIND_UNKNOWN, /* a knock that is not valid, of an epoch that is */
	KIND_VALID,   /* a valid knock; the caller is unknown */
	KIND_COUNT,
};

static const char *const kind_words[KIND_COUNT] = {
	"nothing", "malformed", "without", "wrong", "valid"};

static const struct knock_key member_key = {7, KNOCK_FULL, {7}}, wrong_key = {7, KNOCK_FULL, {8}};
static struct packet_pool pool, caller_pool;
static struct interface *gateway;
static uint8_t datagram[MESSAGE_INITIATION_SIZE];
static struct moment now = {.monotonic_ns = 1000 * SECONDS_NS};

static void need(bool done)
{
	if (done)
		return;
	fputs("micro_knock: a step has failed\n", stderr);
	exit(2);
}

static struct interface *open_interface(struct packet_pool *packets)
{
	const struct interface_config config = {
		.entropy = entropy_kernel(), .pool = packets, .mtu_bytes = 1420};
	uint8_t private_key[NOISE_KEY_SIZE];
	struct interface *interface = NULL;

	need(packet_pool_init(packets, 64) == 0 && interface_new(&config, &interface) == 0);
	entropy_fill(entropy_kernel(), private_key, sizeof private_key);
	need(interface_set_private_key(interface, private_key) == 0);
	interface_start(interface, now.monotonic_ns);
	return interface;
}

/* A real initiation of somebody whom the gateway does not know. */
static void make_initiation(void)
{
	const struct endpoint endpoint = {.remote = {.family = ADDRESS_IPV4, .bytes = {1}}};
	struct interface *caller = open_interface(&caller_pool);
	struct outbox out = {0};
	struct peer *peer;

	need(interface_peer_add(caller, interface_identity(gateway)->public_key, &peer) == 0);
	interface_peer_set_endpoint(peer, &endpoint);
	interface_peer_set_persistent_keepalive(caller, peer, 25, now.monotonic_ns);
	interface_tick(caller, now, &out);
	need(out.datagrams.count == 1);
	memcpy(datagram, out.datagrams.first->data, sizeof datagram);
	packet_put_all(&caller_pool, &out.datagrams);
	interface_free(caller);
	packet_pool_done(&caller_pool);
}

static void prepare(enum kind kind)
{
	memset(datagram + MESSAGE_INITIATION_SIZE - MAC_SIZE, 0, MAC_SIZE);
	if (kind == KIND_VALID)
		knock_write(&member_key, datagram);
	else if (kind == KIND_UNKNOWN)
		knock_write(&wrong_key, datagram);
	datagram[0] = kind == KIND_DROPPED ? 9 : 1;
}

static void receive(enum kind kind, uint64_t count)
{
	struct outbox out = {0};

	for (uint64_t i = 0; i < count; i++) {
		struct packet_list list = {0};
		struct packet *packet = packet_get(&pool);

		memcpy(packet->data, datagram, sizeof datagram);
		packet->length = sizeof datagram;
		packet->endpoint.remote = (struct address){.family = ADDRESS_IPV4, .bytes = {2}};
		packet_list_push(&list, packet);
		now.monotonic_ns += SECONDS_NS / 1000; /* never under load */
		if (kind == KIND_NOTHING)
			packet_put_all(&pool, &list);
		else
			interface_receive(gateway, now, &list, &out);
	}
	need(out.datagrams.count == 0);
}

static double cpu_ns(void)
{
	struct timespec time;

	need(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0);
	return (double)time.tv_sec * NS_PER_S + (double)time.tv_nsec;
}

static void open_gateway(void)
{
	gateway = open_interface(&pool);
	need(interface_set_knock_gate(gateway, KNOCK_REQUIRED, &member_key, 1) == 0);
	make_initiation();
}

/* One kind, so many times, for a profiler. */
static int run_one(const char *word, const char *count_text)
{
	uint64_t count = 0;
	int kind = 0;

	while (kind < KIND_COUNT && strcmp(kind_words[kind], word) != 0)
		kind++;
	need(kind < KIND_COUNT && number_parse(count_text, strlen(count_text), COUNT, &count) == 0);
	open_gateway();
	prepare((enum kind)kind);
	receive((enum kind)kind, count);
	return 0;
}

int main(int argc, char **argv)
{
	double ns[KIND_COUNT];

	if (argc == 3)
		return run_one(argv[1], argv[2]);
	open_gateway();
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		prepare((enum kind)kind);
		receive((enum kind)kind, COUNT / 10);
		double start = cpu_ns();
		receive((enum kind)kind, COUNT);
		ns[kind] = (cpu_ns() - start) / COUNT;
		printf("%-10s %10.0f ns  %12.0f a second of one core\n", kind_words[kind], ns[kind],
			NS_PER_S / ns[kind]);
	}
	interface_free(gateway);
	packet_pool_done(&pool);
	double ratio = ns[KIND_VALID] / ns[KIND_WITHOUT];
	printf("bar: without a knock at least %d times cheaper than with one: %.1f, %s\n", BAR,
		ratio, ratio >= BAR ? "reached" : "missed");
	return ratio >= BAR ? 0 : 1;
}
