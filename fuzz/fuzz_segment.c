/* SPDX-License-Identifier: ISC */
/*
 * A header of virtio and what is behind it, as if the TUN device had given them: nothing is read or
 * written beyond its end, and the segments have the payload, all of it, in order.
 */
#include "net/segment.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	SEGMENTS_TRIED = 300, /* of 65,000 that one byte each makes */
};

#define demand(cond) ((cond) ? (void)0 : abort())

static void split(const struct vnet *vnet, const uint8_t *packet, size_t size)
{
	struct segments segments;
	size_t at = 0;

	if (segments_parse(vnet, packet, size, &segments) < 0)
		return;
	demand(segments.count > 0 && segments.header_size + segments.payload_size == size);
	for (size_t i = 0; i < segments.count; i++) {
		size_t payload = segment_payload_size(&segments, i);
		demand(payload > 0 || size == segments.header_size);
		if (i < SEGMENTS_TRIED) {
			uint8_t *segment = malloc(segments.header_size + payload);
			demand(segment != NULL);
			memcpy(segment + segments.header_size, packet + segments.header_size + at,
				payload);
			demand(segment_write(&segments, i, segment) ==
				segments.header_size + payload);
			demand(memcmp(segment + segments.header_size,
				       packet + segments.header_size + at, payload) == 0);
			free(segment);
		}
		at += payload;
	}
	demand(at == segments.payload_size);
}

static void complete(const struct vnet *vnet, const uint8_t *packet, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	demand(copy != NULL);
	memcpy(copy, packet, size);
	if (segment_complete(vnet, copy, size) < 0)
		demand(memcmp(copy, packet, size) == 0);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < VNET_HEADER_SIZE || size > VNET_HEADER_SIZE + VNET_PACKET_MAX + 1)
		return 0;
	const struct vnet vnet = vnet_decode(data);
	uint8_t again[VNET_HEADER_SIZE];
	vnet_encode(&vnet, again);
	demand(memcmp(again, data, sizeof again) == 0);
	split(&vnet, data + VNET_HEADER_SIZE, size - VNET_HEADER_SIZE);
	complete(&vnet, data + VNET_HEADER_SIZE, size - VNET_HEADER_SIZE);
	return 0;
}
