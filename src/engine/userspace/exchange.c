/* SPDX-License-Identifier: ISC */
#include "engine/userspace/exchange.h"

#include <errno.h>

int exchange_init(struct exchange *exchange, struct packet_pool *pool)
{
	if (pool->free.count < EXCHANGE_SLOTS)
		return -ENOMEM;
	atomic_init(&exchange->head, 0);
	atomic_init(&exchange->tail, 0);
	for (size_t i = 0; i < EXCHANGE_SLOTS; i++)
		exchange->slots[i].packet = packet_get(pool);
	return 0;
}

void exchange_done(struct exchange *exchange, struct packet_pool *pool)
{
	for (size_t i = 0; i < EXCHANGE_SLOTS; i++)
		packet_put(pool, exchange->slots[i].packet);
}

struct packet *exchange_offer(
	struct exchange *exchange, struct packet *full, enum exchange_kind kind)
{
	uint32_t head = atomic_load_explicit(&exchange->head, memory_order_relaxed);
	uint32_t tail = atomic_load_explicit(&exchange->tail, memory_order_acquire);

	assert(full->buffer && full->references == 1);
	if (head - tail == EXCHANGE_SLOTS)
		return NULL;
	size_t slot = head % EXCHANGE_SLOTS;
	struct packet *empty = exchange->slots[slot].packet;
	exchange->slots[slot].packet = full;
	exchange->slots[slot].kind = kind;
	atomic_store_explicit(&exchange->head, head + 1, memory_order_release);
	return empty;
}

struct packet *exchange_take(
	struct exchange *exchange, struct packet *empty, enum exchange_kind *ret_kind)
{
	uint32_t tail = atomic_load_explicit(&exchange->tail, memory_order_relaxed);

	if (!exchange_has(exchange))
		return NULL;
	size_t slot = tail % EXCHANGE_SLOTS;
	struct packet *full = exchange->slots[slot].packet;
	*ret_kind = exchange->slots[slot].kind;
	exchange->slots[slot].packet = empty;
	atomic_store_explicit(&exchange->tail, tail + 1, memory_order_release);
	return full;
}

bool exchange_has(const struct exchange *exchange)
{
	return atomic_load_explicit(&exchange->head, memory_order_acquire) !=
	       atomic_load_explicit(&exchange->tail, memory_order_relaxed);
}
