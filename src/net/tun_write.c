/* SPDX-License-Identifier: ISC */
/* Into the device: packets of a flow that follow each other in a list go as one super-packet. */
#include "net/tun_state.h"

#include <errno.h>
#include <unistd.h>

_Static_assert((int)TUN_ROOM_BEFORE >= (int)VNET_HEADER_SIZE, "room for what stands before it");

/* All pieces with one call. */
static ssize_t write_pieces(struct tun_queue *queue, const struct bundle *bundle)
{
	const struct iovec *first = queue->pieces;
	int count = 0;

	if (bundle->packets.count == 1)
		return write(queue->fd, first->iov_base, first->iov_len);
	for (const struct packet *p = bundle->packets.first->next; p; p = p->next)
		queue->pieces[++count] = (struct iovec){
			p->data + bundle->payload_at, p->length - bundle->payload_at};
	return writev(queue->fd, queue->pieces, count + 1);
}

/* Writes one bundle; how many packets the kernel took by it. */
static size_t write_bundle(const struct tun *tun, struct tun_queue *queue, struct bundle *bundle)
{
	struct packet *first = bundle->packets.first;
	uint8_t *from = first->data;
	ssize_t size;

	if (tun->has_headers) {
		const struct vnet vnet = coalesce_finish(bundle);
		from -= VNET_HEADER_SIZE;
		vnet_encode(&vnet, from);
	}
	queue->pieces[0] = (struct iovec){from, (size_t)(first->data - from) + first->length};
	do
		size = write_pieces(queue, bundle);
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
