/* SPDX-License-Identifier: ISC */
/* Into the device: packets of a flow that follow each other in a list go as one super-packet. */
#include "net/tun_state.h"

#include <errno.h>

_Static_assert((int)COALESCE_PACKETS <= (int)TUN_SLOTS_MAX, "a bundle has a piece for each packet");

/* Writes one bundle; how many packets the kernel took by it. */
static size_t write_bundle(const struct tun *tun, struct tun_queue *queue, struct bundle *bundle)
{
	struct iovec *piece = queue->pieces;
	size_t skip = 0;
	ssize_t size;

	if (tun->has_headers) {
		const struct vnet vnet = coalesce_finish(bundle);
		vnet_encode(&vnet, queue->header);
		*piece++ = (struct iovec){queue->header, sizeof queue->header};
	}
	for (struct packet *packet = bundle->packets.first; packet; packet = packet->next) {
		*piece++ = (struct iovec){packet->data + skip, packet->length - skip};
		skip = bundle->payload_at;
	}
	do
		size = writev(queue->fd, queue->pieces, (int)(piece - queue->pieces));
	while (size < 0 && errno == EINTR);
	return size < 0 ? 0 : bundle->packets.count;
}

/* Writes what has been collected; the packets go back to the pool. How many the kernel took. */
static size_t write_bundles(
	const struct tun *tun, struct tun_queue *queue, struct packet_pool *pool)
{
	struct coalescer *coalescer = &queue->coalescer;
	size_t written = 0;

	for (size_t i = 0; i < coalescer->count; i++) {
		written += write_bundle(tun, queue, &coalescer->bundles[i]);
		packet_put_all(pool, &coalescer->bundles[i].packets);
	}
	coalesce_begin(coalescer, tun->joins);
	return written;
}

size_t tun_write(
	struct tun *tun, unsigned queue, struct packet_pool *pool, struct packet_list *packets)
{
	assert(queue < tun->queue_count);
	struct tun_queue *own = &tun->queues[queue];
	size_t written = 0;
	struct packet *packet;

	/* A packet that is alone has nothing to be joined with. */
	coalesce_begin(&own->coalescer, packets->count > 1 ? tun->joins : 0);
	while ((packet = packet_list_pop(packets))) {
		if (coalesce_is_full(&own->coalescer))
			written += write_bundles(tun, own, pool);
		coalesce_add(&own->coalescer, packet);
	}
	return written + write_bundles(tun, own, pool);
}
