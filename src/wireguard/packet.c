/* SPDX-License-Identifier: ISC */
#include "wireguard/packet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Puts a packet on top of the stack of free ones. */
static void push_free(struct packet_pool *pool, struct packet *packet)
{
	struct packet_list *free_list = &pool->free;

	packet->next = free_list->first;
	if (!free_list->first)
		free_list->last = packet;
	free_list->first = packet;
	free_list->count++;
}

/* Gives each packet its buffer. */
static void hand_out_buffers(struct packet_pool *pool)
{
	for (size_t i = pool->capacity; i-- > 0;) {
		struct packet *packet = &pool->packets[i];

		packet->buffer = pool->memory + i * PACKET_STRIDE;
		push_free(pool, packet);
	}
}

/* Maps `count` times `size` bytes of zero; untouched pages cost nothing. -ENOMEM. */
static int map(size_t count, size_t size, void **ret_memory)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return -ENOMEM;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -ENOMEM;
	*ret_memory = memory;
	return 0;
}

/* How many slices go with so many packets. */
static size_t slices_for(size_t capacity)
{
	size_t slices;

	if (__builtin_mul_overflow(capacity, (size_t)PACKET_SLICES, &slices))
		return SIZE_MAX;
	return slices < PACKET_SLICES_MIN ? PACKET_SLICES_MIN : slices;
}

int packet_pool_init(struct packet_pool *pool, size_t capacity)
{
	void *memory, *slices;
	size_t slices_capacity = slices_for(capacity);

	assert(capacity > 0);
	int err = map(capacity, PACKET_STRIDE, &memory);
	if (err < 0)
		return err;
	err = map(slices_capacity, sizeof(struct packet), &slices);
	if (err < 0)
		goto err_slices;
	struct packet *packets = calloc(capacity, sizeof *packets);
	if (!packets) {
		err = -ENOMEM;
		goto err_packets;
	}
	*pool = (struct packet_pool){
		.packets = packets,
		.memory = memory,
		.capacity = capacity,
		.slices = slices,
		.slices_capacity = slices_capacity,
	};
	hand_out_buffers(pool);
	return 0;

err_packets:
	(void)munmap(slices, slices_capacity * sizeof(struct packet)); /* ours: cannot fail */
err_slices:
	(void)munmap(memory, capacity * PACKET_STRIDE); /* ours: cannot fail */
	return err;
}

void packet_pool_done(struct packet_pool *pool)
{
	assert(pool->free.count == pool->capacity && pool->slices_out == 0);
	/* Whatever was in them: the kernel hands no page on that it has not wiped. To do it here
	 * would touch gigabytes that no packet ever has. */
	if (pool->memory) {
		(void)munmap(pool->memory, pool->capacity * PACKET_STRIDE); /* ours: cannot fail */
		(void)munmap(pool->slices, pool->slices_capacity * sizeof *pool->slices);
	}
	free(pool->packets);
	*pool = (struct packet_pool){0};
}

struct packet *packet_get(struct packet_pool *pool)
{
	struct packet *packet = packet_list_pop(&pool->free);

	if (!packet)
		return NULL;
	packet->data = packet->buffer + PACKET_HEADROOM;
	packet->length = 0;
	packet->limit = packet->data + PACKET_DATA_MAX;
	packet->references = 1;
	packet->is_admitted = false;
	packet->endpoint = (struct endpoint){0};
	return packet;
}

/* A head for a slice; NULL: all are out. */
static struct packet *get_head(struct packet_pool *pool)
{
	struct packet *head = pool->free_slices;

	if (head)
		pool->free_slices = head->next;
	else if (pool->slices_used < pool->slices_capacity)
		head = &pool->slices[pool->slices_used++];
	else
		return NULL;
	pool->slices_out++;
	return head;
}

struct packet *packet_slice(struct packet_pool *pool, struct packet *carrier, uint8_t *data,
	size_t length, uint8_t *limit)
{
	assert(carrier->buffer && data >= carrier->buffer && data + length <= limit &&
		limit <= carrier->buffer + PACKET_STRIDE);
	struct packet *slice = get_head(pool);

	if (!slice)
		return NULL;
	carrier->references++;
	slice->next = NULL;
	slice->data = data;
	slice->length = length;
	slice->limit = limit;
	slice->carrier = carrier;
	slice->is_admitted = false;
	slice->endpoint = (struct endpoint){0};
	return slice;
}

/* One hold on a buffer is gone; with the last one it is free. */
static void let_go(struct packet_pool *pool, struct packet *carrier)
{
	assert(carrier->references > 0);
	if (--carrier->references == 0)
		push_free(pool, carrier);
}

void packet_put(struct packet_pool *pool, struct packet *packet)
{
	if (packet->buffer) {
		let_go(pool, packet);
		return;
	}
	assert(pool->slices_out > 0);
	let_go(pool, packet->carrier);
	packet->next = pool->free_slices;
	pool->free_slices = packet;
	pool->slices_out--;
}

void packet_put_all(struct packet_pool *pool, struct packet_list *list)
{
	struct packet *packet;

	while ((packet = packet_list_pop(list)))
		packet_put(pool, packet);
}

struct packet *packet_detach(struct packet_pool *pool, struct packet *packet)
{
	if (packet->buffer && packet->references == 1)
		return packet;
	struct packet *own = packet_get(pool);
	if (own) {
		assert(packet->length <= PACKET_DATA_MAX);
		memcpy(own->data, packet->data, packet->length);
		own->length = packet->length;
		own->endpoint = packet->endpoint;
		own->is_admitted = packet->is_admitted;
	}
	packet_put(pool, packet);
	return own;
}
