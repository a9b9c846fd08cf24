/* SPDX-License-Identifier: ISC */
/*
 * A model of the coalescer: what it makes is split again, in plain code, and must be the very
 * packets that went in, each flow's in order. Included by one file each.
 */
#pragma once

#include "net/coalesce.h"

#include "inner_packet.h"

#include <stdlib.h>

enum {
	MODEL_PACKETS = 300,
	PACKETS_MAX = 200, /* of a list */
};

/* A packet's bytes, kept. */
struct copy {
	size_t size;
	uint8_t *bytes;
};

static struct {
	struct packet_pool pool;
	struct coalescer coalescer;
	struct copy in[PACKETS_MAX], out[PACKETS_MAX];
	size_t in_count, out_count;
	size_t bundles;		   /* written so far */
	size_t sizes[PACKETS_MAX]; /* packets of each */
} stage;

static inline void keep(struct copy *copy, const uint8_t *bytes, size_t size)
{
	copy->size = size;
	copy->bytes = malloc(size ? size : 1);
	if (!copy->bytes)
		abort();
	memcpy(copy->bytes, bytes, size);
}

static inline void forget(struct copy *copies, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		free(copies[i].bytes);
	*count = 0;
}

static inline void put_out(const uint8_t *bytes, size_t size)
{
	if (stage.out_count < PACKETS_MAX)
		keep(&stage.out[stage.out_count++], bytes, size);
}

/* What tun_write() would write, put together and split again. */
static inline void take_bundle(struct bundle *bundle)
{
	static uint8_t super[INNER_MAX + 1], segment[INNER_MAX];
	struct vnet vnet = coalesce_finish(bundle);
	size_t size = 0;

	if (stage.bundles < PACKETS_MAX)
		stage.sizes[stage.bundles] = bundle->packets.count;
	stage.bundles++;
	for (struct packet *p = bundle->packets.first; p; p = p->next) {
		size_t skip = p == bundle->packets.first ? 0 : bundle->payload_at;
		memcpy(super + size, p->data + skip, p->length - skip);
		size += p->length - skip;
	}
	if (size != bundle->size || size > INNER_MAX)
		abort();
	if (vnet.kind == VNET_SINGLE) {
		put_out(super, size);
	} else {
		size_t length;
		for (size_t i = 0; (length = plain_segment(&vnet, super, size, i, segment)); i++)
			put_out(segment, length);
	}
	packet_put_all(&stage.pool, &bundle->packets);
}

static inline void take_bundles(void)
{
	for (size_t i = 0; i < stage.coalescer.count; i++)
		take_bundle(&stage.coalescer.bundles[i]);
	coalesce_begin(&stage.coalescer, stage.coalescer.joins);
}

static inline void begin(unsigned joins)
{
	forget(stage.in, &stage.in_count);
	forget(stage.out, &stage.out_count);
	stage.bundles = 0;
	coalesce_begin(&stage.coalescer, joins);
}

/* Gives the coalescer some bytes. */
static inline void give(const uint8_t *bytes, size_t size)
{
	struct packet *packet = packet_get(&stage.pool);

	if (!packet)
		abort();
	memcpy(packet->data, bytes, size);
	packet->length = size;
	keep(&stage.in[stage.in_count++], bytes, size);
	if (coalesce_is_full(&stage.coalescer))
		take_bundles();
	coalesce_add(&stage.coalescer, packet);
}

/* Whether both are of one flow: addresses, protocol, ports; all that is neither is one flow. */
static inline bool is_one_flow(const struct copy *a, const struct copy *b)
{
	uint8_t va = a->size ? a->bytes[0] >> 4 : 0, vb = b->size ? b->bytes[0] >> 4 : 0;
	size_t from = va == 4 ? 12 : 8, size = va == 4 ? 12 : 36;

	if (va != vb || (va != 4 && va != 6))
		return va == vb;
	if (a->size < from + size || b->size < from + size)
		return a->size == b->size;
	return a->bytes[va == 4 ? 9 : 6] == b->bytes[va == 4 ? 9 : 6] &&
	       memcmp(a->bytes + from, b->bytes + from, size) == 0;
}

/* Whether they are the same, but for an identification that means nothing. */
static inline bool is_equal(struct copy *a, struct copy *b)
{
	if (a->size != b->size)
		return false;
	if (a->size >= 20 && a->bytes[0] >> 4 == 4 && load_be16(a->bytes + 6) == 0x4000 &&
		memcmp(a->bytes, b->bytes, a->size) != 0) {
		memcpy(b->bytes + 4, a->bytes + 4, 2);
		memcpy(b->bytes + 10, a->bytes + 10, 2);
	}
	return memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Whether what came out is what went in, in the order of each flow. */
static inline bool holds(void)
{
	bool used[PACKETS_MAX] = {0};

	take_bundles();
	if (stage.out_count != stage.in_count)
		return false;
	for (size_t i = 0; i < stage.in_count; i++) {
		size_t next = 0; /* the first of the flow that is left */
		while (next < stage.out_count &&
			(used[next] || !is_one_flow(&stage.in[i], &stage.out[next])))
			next++;
		if (next == stage.out_count || !is_equal(&stage.in[i], &stage.out[next]))
			return false;
		used[next] = true;
	}
	return stage.pool.free.count == MODEL_PACKETS;
}
