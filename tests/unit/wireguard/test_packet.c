/* SPDX-License-Identifier: ISC */
#include "wireguard/packet.h"

#include "operations.h"
#include "tap.h"

#include <sys/mman.h>
#include <unistd.h>

enum {
	CAPACITY = 64,
	MANY = 1024,
};

static void test_list(void)
{
	struct packet packets[4] = {0};
	struct packet_list list = {0}, other = {0};

	tap_ok(packet_list_pop(&list) == NULL, "nothing comes from an empty list");
	packet_list_append(&list, &other);
	tap_ok(!list.first && !list.last && list.count == 0, "nothing and nothing is nothing");
	packet_list_push(&other, &packets[0]);
	packet_list_push(&other, &packets[1]);
	packet_list_append(&list, &other);
	tap_ok(list.count == 2 && other.count == 0 && !other.first && !other.last,
		"an empty list takes all of another");
	packet_list_push(&other, &packets[2]);
	packet_list_append(&list, &other);
	packet_list_append(&list, &other);
	packet_list_push(&list, &packets[3]);
	bool in_order = list.count == 4;
	for (size_t i = 0; i < 4; i++)
		in_order = in_order && packet_list_pop(&list) == &packets[i];
	tap_ok(in_order, "first in, first out");
	tap_ok(!list.first && !list.last && list.count == 0, "the last one leaves it empty");
}

/* Takes all packets and fills each buffer from end to end with its number. */
static bool take_all(struct packet_pool *pool, struct packet *ret_out[CAPACITY])
{
	bool fresh = true;

	for (size_t i = 0; i < CAPACITY; i++) {
		struct packet *packet = packet_get(pool);

		if (!packet)
			return false;
		fresh = fresh && packet->data == packet->buffer + PACKET_HEADROOM &&
			packet->length == 0 && packet_room(packet) == PACKET_DATA_MAX;
		memset(packet->buffer, (int)i, PACKET_HEADROOM + PACKET_DATA_MAX);
		ret_out[i] = packet;
	}
	return fresh;
}

static void test_pool(void)
{
	struct packet_pool pool;
	struct packet *out[CAPACITY];

	tap_is_int(packet_pool_init(&pool, CAPACITY), 0, "a pool");
	bool apart = true;
	if (!tap_ok(take_all(&pool, out), "a packet comes empty, with full headroom and room"))
		return;
	for (size_t i = 0; i < CAPACITY; i++) {
		apart = apart && out[i]->buffer[0] == i &&
			out[i]->buffer[PACKET_HEADROOM + PACKET_DATA_MAX - 1] == i;
	}
	tap_ok(apart, "no buffer overlaps another");
	tap_ok(packet_get(&pool) == NULL, "an empty pool has no packet");

	packet_put(&pool, out[0]);
	tap_ok(pool.free.first == out[0] && pool.free.last == out[0], "one that is back is all");
	tap_ok(packet_get(&pool) == out[0] && !pool.free.first && !pool.free.last, "and goes out");

	out[3]->data += 10;
	out[3]->length = 99;
	out[3]->endpoint.port = 1;
	packet_put(&pool, out[3]);
	packet_put(&pool, out[7]);
	tap_ok(packet_get(&pool) == out[7], "the packet that came back last goes out first");
	struct packet *again = packet_get(&pool);
	tap_ok(again == out[3] && again->length == 0 && again->endpoint.port == 0 &&
			packet_room(again) == PACKET_DATA_MAX,
		"a packet that was used comes empty again");

	struct packet_list list = {0};
	for (size_t i = 0; i < CAPACITY; i++)
		packet_list_push(&list, out[i]);
	packet_put_all(&pool, &list);
	tap_ok(list.count == 0 && !list.first && pool.free.count == CAPACITY, "a list goes back");
	packet_pool_done(&pool);
	packet_pool_done(&pool);
	tap_ok(pool.capacity == 0, "a pool that is gone can go again");
}

/* Pages of the pool that are in memory. */
static size_t resident_pages(const struct packet_pool *pool)
{
	static unsigned char present[MANY * (size_t)PACKET_STRIDE / 4096 + 1];
	size_t page = (size_t)sysconf(_SC_PAGESIZE), resident = 0;
	size_t bytes = pool->capacity * PACKET_STRIDE;

	if (page < 4096 || mincore(pool->memory, bytes, present) < 0)
		return SIZE_MAX;
	for (size_t i = 0; i < (bytes + page - 1) / page; i++)
		resident += present[i] & 1;
	return resident;
}

static void test_memory(void)
{
	struct packet_pool pool;

	tap_is_int(packet_pool_init(&pool, MANY), 0, "a large pool");
	tap_is_int(resident_pages(&pool), 0, "costs no memory when it is made");
	for (int i = 0; i < 100000; i++) {
		struct packet *packet = packet_get(&pool);

		packet->data[0] = 1;
		packet_put(&pool, packet);
	}
	tap_is_int(resident_pages(&pool), 1, "and one page when one packet goes round");
	packet_pool_done(&pool);
	tap_is_int(packet_pool_init(&pool, SIZE_MAX / 2), -ENOMEM, "too large to be counted");
	tap_is_int(packet_pool_init(&pool, (size_t)1 << 40), -ENOMEM, "too large to be had");
}

/* What a list holds, as an array of numbers. */
struct model {
	size_t held[CAPACITY];
	size_t count;
};

/* Packets that change hands at random are never in two hands. */
static bool one_operation(
	struct prng *prng, struct packet_pool *pool, struct packet_list *list, struct model *model)
{
	if (prng_below(prng, 2)) {
		struct packet *packet = packet_get(pool);
		if (!packet)
			return model->count == CAPACITY;
		size_t number = (size_t)(packet - pool->packets);
		for (size_t i = 0; i < model->count; i++) {
			if (model->held[i] == number)
				return false;
		}
		model->held[model->count++] = number;
		packet_list_push(list, packet);
		return list->count == model->count;
	}
	struct packet *packet = packet_list_pop(list);
	if (!packet)
		return model->count == 0;
	if (packet != &pool->packets[model->held[0]])
		return false;
	memmove(model->held, model->held + 1, --model->count * sizeof model->held[0]);
	packet_put(pool, packet);
	return pool->free.count == CAPACITY - model->count;
}

static void test_random(void)
{
	struct prng prng = prng_start();
	struct packet_pool pool;
	struct packet_list list = {0};
	struct model model = {0};
	uint64_t left = operations_wanted();

	if (!tap_ok(packet_pool_init(&pool, CAPACITY) == 0, "a pool for random operations"))
		return;
	while (left > 0 && one_operation(&prng, &pool, &list, &model))
		left--;
	tap_is_int(left, 0, "random operations: as the model");
	packet_put_all(&pool, &list);
	packet_pool_done(&pool);
}

/* Cuts a packet into slices of 100 bytes, without its last reference. */
static void cut(struct packet_pool *pool, struct packet *carrier, struct packet *ret_slices[3])
{
	for (size_t i = 0; i < 3; i++) {
		uint8_t *data = carrier->data + 200 * i;
		ret_slices[i] = packet_slice(pool, carrier, data, 100, data + 150);
		memset(data, (int)i, 100);
	}
	packet_put(pool, carrier);
}

static void test_slices(void)
{
	struct packet_pool pool;
	struct packet *slices[3];

	if (!tap_ok(packet_pool_init(&pool, 2) == 0, "a pool for slices"))
		return;
	struct packet *carrier = packet_get(&pool);
	cut(&pool, carrier, slices);
	tap_ok(slices[1]->length == 100 && packet_room(slices[1]) == 150 && !slices[1]->buffer &&
			slices[1]->carrier == carrier && slices[1]->endpoint.port == 0,
		"a slice is where it was cut, and ends at its limit");
	packet_put(&pool, slices[0]);
	packet_put(&pool, slices[2]);
	tap_is_int(pool.free.count, 1, "a carrier stays out while one of its slices does");
	packet_put(&pool, slices[1]);
	tap_ok(pool.free.count == 2 && packet_get(&pool) == carrier, "and is free with the last");
	tap_ok(packet_slice(&pool, carrier, carrier->data, 1, carrier->data + 1) == slices[1],
		"the head that came back last goes out first");
	packet_put(&pool, slices[1]);
	tap_is_int(pool.free.count, 1, "a slice does not free a carrier that is still held");
	packet_put(&pool, carrier);
	tap_is_int(pool.free.count, 2, "its holder does");
	packet_pool_done(&pool);
}

static void test_slices_end(void)
{
	struct packet_pool pool;
	struct packet_list list = {0};
	struct packet *slice;

	if (!tap_ok(packet_pool_init(&pool, 1) == 0, "a pool for many slices"))
		return;
	struct packet *carrier = packet_get(&pool);
	while ((slice = packet_slice(&pool, carrier, carrier->data, 1, carrier->data + 1)))
		packet_list_push(&list, slice);
	tap_is_int(list.count, PACKET_SLICES_MIN, "heads end some time");
	packet_put(&pool, packet_list_pop(&list));
	slice = packet_slice(&pool, carrier, carrier->data, 1, carrier->data + 1);
	if (tap_ok(slice != NULL, "until one is back"))
		packet_list_push(&list, slice);
	packet_put(&pool, carrier);
	packet_put_all(&pool, &list);
	tap_ok(pool.free.count == 1 && pool.slices_out == 0, "a list of slices goes back");
	packet_pool_done(&pool);
}

static void test_detach(void)
{
	struct packet_pool pool;
	struct packet *slices[3];

	if (!tap_ok(packet_pool_init(&pool, 2) == 0, "a pool to detach in"))
		return;
	struct packet *carrier = packet_get(&pool);
	tap_ok(packet_detach(&pool, carrier) == carrier, "a packet of its own is left alone");
	cut(&pool, carrier, slices);
	slices[1]->endpoint.port = 7;
	slices[1]->is_admitted = true;
	struct packet *own = packet_detach(&pool, slices[1]);
	if (!tap_ok(own && own->buffer && own != carrier, "a slice becomes a packet"))
		return;
	memset(carrier->data, 0xff, 600);
	bool same = own->length == 100 && own->endpoint.port == 7 && own->is_admitted;
	for (size_t i = 0; i < own->length; i++)
		same = same && own->data[i] == 1;
	tap_ok(same, "with all that is in it, whatever becomes of the carrier");
	tap_ok(packet_detach(&pool, slices[0]) == NULL, "not without a packet to copy to");
	tap_is_int(pool.slices_out, 1, "but the slice is given back");
	packet_put(&pool, slices[2]);
	packet_put(&pool, own);
	struct packet *shared = packet_get(&pool);
	struct packet *slice =
		packet_slice(&pool, shared, shared->data, 1, shared->data + PACKET_DATA_MAX);
	own = packet_detach(&pool, shared);
	tap_ok(own != shared, "a packet that carries a slice is copied, too");
	packet_put(&pool, own);
	packet_put(&pool, slice);
	packet_pool_done(&pool);
}

int main(void)
{
	test_list();
	test_pool();
	test_memory();
	test_random();
	test_slices();
	test_slices_end();
	test_detach();
	return tap_done();
}
