/* SPDX-License-Identifier: ISC */
/* Packets between two threads: none lost, none twice, in order; then the edges, on one thread. */
#include "tap.h"

#include "engine/userspace/exchange.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

enum {
	POOL_SIZE = EXCHANGE_SLOTS + 64,
	PACKETS = 1000000, /* each way */
	RARE = 4096,	   /* one in so many turns lets the other thread run */
};

/* One thread: it sends PACKETS packets to the other, and takes as many from it. */
struct side {
	struct packet_pool pool;
	struct exchange *in, *out;
	uint64_t sent, taken;
	uint64_t wrong; /* packets that were not the next, or not as they were sent */
};

static struct side sides[2];

static struct exchange *exchange_of(struct side *consumer)
{
	struct exchange *exchange = aligned_alloc(64, sizeof *exchange);

	if (!exchange || exchange_init(exchange, &consumer->pool) < 0)
		abort();
	return exchange;
}

static enum exchange_kind kind_of(uint64_t number)
{
	return number % 3 == 0 ? EXCHANGE_INNER : EXCHANGE_DATAGRAM;
}

/* Sends the next packet, if there is room for it. */
static bool send_next(struct side *side)
{
	struct packet *packet = packet_get(&side->pool);

	if (!packet)
		return false;
	memcpy(packet->data, &side->sent, sizeof side->sent);
	packet->length = sizeof side->sent + side->sent % 1000;
	struct packet *empty = exchange_offer(side->out, packet, kind_of(side->sent));
	packet_put(&side->pool, empty ? empty : packet);
	if (!empty)
		return false;
	side->sent++;
	return true;
}

/* Takes the next packet, if there is one. */
static bool take_next(struct side *side)
{
	enum exchange_kind kind;
	uint64_t number;

	if (!exchange_has(side->in))
		return false;
	struct packet *empty = packet_get(&side->pool);
	struct packet *packet = exchange_take(side->in, empty, &kind);
	memcpy(&number, packet->data, sizeof number);
	side->wrong += number != side->taken || kind != kind_of(number) ||
		       packet->length != sizeof number + number % 1000;
	side->taken++;
	packet_put(&side->pool, packet);
	return true;
}

static void *run(void *data)
{
	struct side *side = data;

	for (uint64_t turn = 0; side->sent < PACKETS || side->taken < PACKETS; turn++) {
		bool did_any = side->sent < PACKETS && send_next(side);
		did_any = (side->taken < PACKETS && take_next(side)) || did_any;
		if (!did_any || turn % RARE == 0)
			(void)sched_yield(); /* a hint */
	}
	return NULL;
}

static void sides_open(void)
{
	for (size_t i = 0; i < 2; i++) {
		sides[i] = (struct side){0};
		if (packet_pool_init(&sides[i].pool, POOL_SIZE) < 0)
			abort();
	}
	for (size_t i = 0; i < 2; i++) {
		sides[i].in = exchange_of(&sides[i]);
		sides[1 - i].out = sides[i].in;
	}
}

/* Packets have wandered: all go back before the first pool goes. */
static void sides_close(void)
{
	bool is_whole = true;

	for (size_t i = 0; i < 2; i++) {
		exchange_done(sides[i].in, &sides[i].pool);
		free(sides[i].in);
		is_whole &= sides[i].pool.free.count == POOL_SIZE;
	}
	tap_ok(is_whole, "both pools have as many packets as before");
	for (size_t i = 0; i < 2; i++)
		packet_pool_done(&sides[i].pool);
}

static void test_threads(void)
{
	pthread_t threads[2];

	sides_open();
	for (size_t i = 0; i < 2; i++) {
		if (pthread_create(&threads[i], NULL, run, &sides[i]) != 0)
			abort();
	}
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < 2; i++) {
		tap_is_int((intmax_t)sides[i].taken, PACKETS, "all packets arrive");
		tap_is_int((intmax_t)sides[i].wrong, 0, "in order, as they were sent");
		tap_ok(!exchange_has(sides[i].in), "and none more");
	}
	sides_close();
}

static void test_full(void)
{
	sides_open();
	while (send_next(&sides[0]))
		continue;
	tap_is_int((intmax_t)sides[0].sent, EXCHANGE_SLOTS, "as many as there are slots");
	tap_is_int((intmax_t)sides[0].pool.free.count, POOL_SIZE - EXCHANGE_SLOTS,
		"each for an empty one in return; what finds no room stays");
	tap_ok(take_next(&sides[1]), "one is taken");
	tap_ok(send_next(&sides[0]), "then there is room for one");
	tap_ok(!send_next(&sides[0]), "and no more");
	while (take_next(&sides[1]))
		continue;
	tap_is_int((intmax_t)sides[1].taken, EXCHANGE_SLOTS + 1, "all arrive");
	tap_is_int((intmax_t)sides[1].wrong, 0, "in order");
	sides_close();
}

static void test_empty(void)
{
	enum exchange_kind kind = EXCHANGE_INNER;

	sides_open();
	struct packet *empty = packet_get(&sides[0].pool);
	tap_ok(!exchange_has(sides[0].in), "nothing is there at first");
	tap_ok(exchange_take(sides[0].in, empty, &kind) == NULL, "nothing is taken");
	tap_ok(kind == EXCHANGE_INNER, "and nothing said about it");
	packet_put(&sides[0].pool, empty);
	sides_close();
}

/* Head and tail pass 2^32 without a jump. */
static void test_wrap(void)
{
	sides_open();
	atomic_store(&sides[1].in->head, UINT32_MAX - 100);
	atomic_store(&sides[1].in->tail, UINT32_MAX - 100);
	for (int i = 0; i < 1000; i++) {
		while (send_next(&sides[0]))
			continue;
		while (take_next(&sides[1]))
			continue;
	}
	tap_is_int(
		(intmax_t)sides[1].taken, 1000 * EXCHANGE_SLOTS, "counts that wrap lose nothing");
	tap_is_int((intmax_t)sides[1].wrong, 0, "nor the order");
	sides_close();
}

static void test_small_pool(void)
{
	struct packet_pool pool;
	struct exchange *exchange = aligned_alloc(64, sizeof *exchange);

	if (!exchange || packet_pool_init(&pool, EXCHANGE_SLOTS - 1) < 0)
		abort();
	tap_is_int(exchange_init(exchange, &pool), -ENOMEM, "a pool that is too small");
	tap_is_int((intmax_t)pool.free.count, EXCHANGE_SLOTS - 1, "is left as it is");
	packet_pool_done(&pool);
	free(exchange);
}

int main(void)
{
	test_empty();
	test_full();
	test_wrap();
	test_small_pool();
	test_threads();
	return tap_done();
}
