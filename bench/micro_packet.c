/* SPDX-License-Identifier: ISC */
/*
 * What a packet costs in the pure part of the engine, from one host's inner packet to the other's:
 * both ends in one process, no system calls. Nanoseconds of CPU time; by `micro_packet MODE COUNT`
 * under callgrind, instructions (bench/instructions counts them). The same bytes in every run.
 */
#include "base/attributes.h"
#include "base/clock.h"
#include "base/number.h"
#include "wireguard/interface.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SMALL = 64,
	LARGE = 1420,
	BATCH = 32,
	COUNT = 20000, /* packets for a row of nanoseconds */
	COUNT_MAX = 1000000,
	TABLE = 10000, /* prefixes of the table that is looked up in */
};

/* One end of the tunnel, 10.0.0.NUMBER. */
struct end {
	struct interface *interface;
	struct peer *peer;
	struct outbox out;
	struct endpoint at;
	uint8_t number;
};

static struct packet_pool pool; /* of both, so that datagrams pass without a copy */
static struct end near = {.number = 1}, far = {.number = 2};
static struct moment now = {.monotonic_ns = 1000 * SECONDS_NS, .realtime_ns = 1000 * SECONDS_NS};
static uint64_t random_state;

static void need(bool done)
{
	if (done)
		return;
	fputs("micro_packet: a step has failed\n", stderr);
	exit(2);
}

/* splitmix64: keys and hashes are the same in each run. */
static void fill(void *context, void *ret_bytes, size_t size)
{
	uint8_t *at = ret_bytes;

	(void)context;
	for (size_t i = 0; i < size; i++) {
		uint64_t z = random_state += 0x9e3779b97f4a7c15;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		at[i] = (uint8_t)(z ^ z >> 31);
	}
}

static struct prefix prefix_of(uint32_t address)
{
	struct prefix prefix = {.address.family = ADDRESS_IPV4, .length = 32};

	store_be32(prefix.address.bytes, address);
	return prefix;
}

static void end_open(struct end *end)
{
	const struct interface_config config = {
		.entropy = {fill, NULL}, .pool = &pool, .mtu_bytes = LARGE};
	uint8_t private_key[NOISE_KEY_SIZE];

	need(interface_new(&config, &end->interface) == 0);
	fill(NULL, private_key, sizeof private_key);
	need(interface_set_private_key(end->interface, private_key) == 0);
	interface_start(end->interface, now.monotonic_ns);
	end->at =
		(struct endpoint){.remote = {ADDRESS_IPV4, {192, 0, 2, end->number}}, .port = 4000};
}

static void end_meet(struct end *end, const struct end *other)
{
	const struct prefix prefix = prefix_of(0x0a000000u + other->number);

	need(interface_peer_add(end->interface, interface_identity(other->interface)->public_key,
		     &end->peer) == 0);
	need(interface_peer_allow(end->interface, end->peer, &prefix) == 0);
	interface_peer_set_endpoint(end->peer, &other->at);
}

/* Its sessions are gone. */
static void end_restart(struct end *end)
{
	interface_stop(end->interface);
	interface_start(end->interface, now.monotonic_ns);
}

/* Inner packets from near to far, into a list. */
static void make_inner(size_t size, uint32_t count, struct packet_list *ret_list)
{
	for (uint32_t i = 0; i < count; i++) {
		struct packet *packet = packet_get(&pool);
		need(packet);
		memset(packet->data, 0, 20);
		packet->data[0] = 0x45;
		store_be16(packet->data + 2, (uint16_t)size);
		store_be32(packet->data + 12, 0x0a000000u + near.number);
		store_be32(packet->data + 16, 0x0a000000u + far.number);
		packet->length = size;
		packet_list_push(ret_list, packet);
	}
}

/* What `from` has to send is received by `to`; false: there was nothing. */
static bool carry(struct end *from, struct end *to)
{
	struct packet_list list = from->out.datagrams;

	from->out.datagrams = (struct packet_list){0};
	for (struct packet *packet = list.first; packet; packet = packet->next)
		packet->endpoint = from->at;
	bool was_there = list.count > 0;
	if (was_there)
		interface_receive(to->interface, now, &list, &to->out);
	return was_there;
}

/* Until nobody has anything to say. */
static void carry_all(void)
{
	while (carry(&near, &far) || carry(&far, &near))
		packet_put_all(&pool, &near.out.inner);
}

/* So many packets, given `batch` at a time, through both ends. */
static void pass(size_t size, uint32_t batch, uint64_t count)
{
	for (uint64_t i = 0; i < count; i += batch) {
		struct packet_list list = {0};
		make_inner(size, batch, &list);
		interface_send(near.interface, now, &list, &near.out);
		(void)carry(&near, &far); /* there is something, or the next line fails */
		need(far.out.inner.count == batch);
		packet_put_all(&pool, &far.out.inner);
		packet_put_all(&pool, &far.out.datagrams);
	}
}

/* The same without the engine: what is around. */
static void pass_nothing(size_t size, uint32_t batch, uint64_t count)
{
	for (uint64_t i = 0; i < count; i += batch) {
		struct packet_list list = {0};
		make_inner(size, batch, &list);
		packet_put_all(&pool, &list);
	}
}

/* A packet where there is no session any more: both halves of a handshake, and the packet. */
static void shake(size_t size, uint32_t batch, uint64_t count)
{
	(void)batch;
	for (uint64_t i = 0; i < count; i++) {
		struct packet_list list = {0};
		now.monotonic_ns += 10 * SECONDS_NS;
		now.realtime_ns += 10 * SECONDS_NS;
		end_restart(&near);
		end_restart(&far);
		make_inner(size, 1, &list);
		interface_send(near.interface, now, &list, &near.out);
		carry_all();
		need(far.out.inner.count == 1);
		packet_put_all(&pool, &far.out.inner);
	}
}

static struct allowedips trie;
static struct allowedips_owner owner;

static void open_trie(void)
{
	for (uint32_t i = 0; i < TABLE; i++) {
		const struct prefix prefix = prefix_of(0x0a000000u + i * 7);
		need(allowedips_insert(&trie, &prefix, &owner) == 0);
	}
}

static void look_up(size_t size, uint32_t batch, uint64_t count)
{
	(void)size;
	(void)batch;
	for (uint64_t i = 0; i < count; i++) {
		const struct prefix prefix =
			prefix_of(0x0a000000u + (uint32_t)(i * 7919 % TABLE) * 7);
		need(allowedips_lookup(&trie, &prefix.address) == &owner);
	}
}

static const struct mode {
	const char *name;
	void (*run)(size_t size, uint32_t batch, uint64_t count);
	size_t size;
	uint32_t batch;
	uint64_t count; /* for a row of nanoseconds */
} modes[] = {
	{"nothing", pass_nothing, SMALL, 1, COUNT},
	{"small", pass, SMALL, 1, COUNT},
	{"small-32", pass, SMALL, BATCH, 10 * COUNT},
	{"large", pass, LARGE, 1, COUNT},
	{"large-32", pass, LARGE, BATCH, 10 * COUNT},
	{"handshake", shake, SMALL, 1, COUNT / 20},
	{"look-up", look_up, 0, 1, 100 * COUNT},
};

static double cpu_ns(void)
{
	struct timespec time;

	need(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0);
	return (double)time.tv_sec * NS_PER_S + (double)time.tv_nsec;
}

static void open_all(void)
{
	need(packet_pool_init(&pool, 4 * BATCH) == 0);
	end_open(&near);
	end_open(&far);
	end_meet(&near, &far);
	end_meet(&far, &near);
	open_trie();
	shake(SMALL, 1, 1);
}

/* One mode, so many times, for a profiler. */
static int run_one(const char *name, const char *count_text)
{
	uint64_t count;

	need(number_parse(count_text, strlen(count_text), COUNT_MAX, &count) == 0);
	for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
		if (strcmp(modes[i].name, name) == 0) {
			modes[i].run(modes[i].size, modes[i].batch, count);
			return 0;
		}
	}
	need(false);
	return 2;
}

int main(int argc, char **argv)
{
	open_all();
	if (argc == 3)
		return run_one(argv[1], argv[2]);
	for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
		const struct mode *mode = &modes[i];
		mode->run(mode->size, mode->batch, mode->count / 10);
		double start = cpu_ns();
		mode->run(mode->size, mode->batch, mode->count);
		printf("%-10s %10.0f ns\n", mode->name, (cpu_ns() - start) / (double)mode->count);
	}
	return 0;
}
