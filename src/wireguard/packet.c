/* SPDX-License-Identifier: ISC */
#include "wireguard/packet.h"

#include <errno.h>
#include <stdlib.h>
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

int packet_pool_init(struct packet_pool *pool, size_t capacity)
{
	size_t bytes;

	assert(capacity > 0);
	if (__builtin_mul_overflow(capacity, (size_t)PACKET_STRIDE, &bytes))
		return -ENOMEM;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -ENOMEM;
	struct packet *packets = calloc(capacity, sizeof *packets);
	if (!packets) {
		(void)munmap(memory, bytes); /* ours: cannot fail */
		return -ENOMEM;
	}
	*pool = (struct packet_pool){.packets = packets, .memory = memory, .capacity = capacity};
	hand_out_buffers(pool);
	return 0;
}

void packet_pool_done(struct packet_pool *pool)
{
	assert(pool->free.count == pool->capacity);
	/* Whatever was in them: the kernel hands no page on that it has not wiped. To do it here
	 * would touch gigabytes that no packet ever has. */
	if (pool->memory)
		(void)munmap(pool->memory, pool->capacity * PACKET_STRIDE); /* ours: cannot fail */
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
	packet->endpoint = (struct endpoint){0};
	packet->is_admitted = false;
	return packet;
}

void packet_put(struct packet_pool *pool, struct packet *packet)
{
	assert(pool->free.count < pool->capacity);
	push_free(pool, packet);
}

void packet_put_all(struct packet_pool *pool, struct packet_list *list)
{
	struct packet *packet;

	while ((packet = packet_list_pop(list)))
		packet_put(pool, packet);
}
