/* SPDX-License-Identifier: ISC */
/*
 * Out of the device. A read that gives a super-packet is spread, by readv(2), over the places where
 * its segments shall lie: slots of one packet's buffer, each with room before and behind. Where
 * they will be must be known before: it is taken for granted for a while that the next super-packet
 * will have as long headers and segments as the last one. What comes otherwise is moved together,
 * and costs a copy.
 *
 *   buffer: | headroom | headers, payload |   | headers, payload |   | headers, payload | ...
 *                        read                             read                  read
 */
#include "net/segment.h"
#include "net/tun_state.h"
#include "wireguard/messages.h"

#include <errno.h>
#include <string.h>

enum {
	FORECAST_READS = 16,
	ROOM_BEFORE = MESSAGE_DATA_HEADER_SIZE,
	ROOM_BEHIND = MESSAGE_PADDING + NOISE_TAG_SIZE,
	SLOT_ALIGNMENT = 64, /* a cache line */
};
_Static_assert(PACKET_HEADROOM % SLOT_ALIGNMENT == 0 && PACKET_STRIDE % SLOT_ALIGNMENT == 0,
	"the first slot begins at a cache line");

/* Places in a packet's buffer: the first is where any packet begins. */
struct slots {
	size_t size, stride, count;
};

static struct slots slots_of(size_t size)
{
	size_t stride = (size + ROOM_BEFORE + ROOM_BEHIND + SLOT_ALIGNMENT - 1) / SLOT_ALIGNMENT *
			SLOT_ALIGNMENT;
	size_t room = PACKET_STRIDE - PACKET_HEADROOM - size - ROOM_BEHIND;

	return (struct slots){.size = size, .stride = stride, .count = 1 + room / stride};
}

/* One read, and what the packets that it gives go into. */
struct intake {
	struct tun_queue *queue;
	struct packet_pool *pool;
	struct packet_list *packets; /* what comes out */
	struct slots slots;	     /* over which it is spread */
	size_t size;		     /* without the header */
	struct vnet vnet;
};

/* ---- reading ---- */

/* Where the bytes of a read go; how many pieces. */
static int spread(const struct tun *tun, struct intake *intake, uint8_t *data)
{
	struct tun_queue *queue = intake->queue;
	const struct tun_forecast *forecast = &queue->forecast;
	struct iovec *piece = queue->pieces;

	if (tun->has_headers)
		*piece++ = (struct iovec){queue->header, sizeof queue->header};
	if (forecast->reads == 0) {
		intake->slots = slots_of(PACKET_DATA_MAX);
		*piece++ = (struct iovec){data, PACKET_DATA_MAX};
		return (int)(piece - queue->pieces);
	}
	intake->slots = slots_of(forecast->header_size + forecast->segment_size);
	if (intake->slots.count > TUN_SLOTS_MAX)
		intake->slots.count = TUN_SLOTS_MAX;
	*piece++ = (struct iovec){data, intake->slots.size};
	for (size_t i = 1; i < intake->slots.count; i++)
		*piece++ = (struct iovec){data + i * intake->slots.stride + forecast->header_size,
			forecast->segment_size};
	*piece++ = (struct iovec){queue->rest, sizeof queue->rest};
	return (int)(piece - queue->pieces);
}

/*
 * Reads one packet or super-packet. 1, 0: nothing there; -EBADMSG: what was there is none, and is
 * gone; -ENODEV or another -errno.
 */
static int read_spread(const struct tun *tun, struct intake *intake, uint8_t *data)
{
	struct tun_queue *queue = intake->queue;
	int count = spread(tun, intake, data);
	size_t header_size = tun->has_headers ? VNET_HEADER_SIZE : 0;
	ssize_t size;

	do
		size = readv(queue->fd, queue->pieces, count);
	while (size < 0 && errno == EINTR);
	if (size < 0 && errno == EAGAIN)
		return 0;
	if (size < 0 && errno == EINVAL)
		return -EBADMSG; /* a super-packet of a kind that no header can tell */
	if (size < 0)
		return errno == EBADFD || errno == EIO ? -ENODEV : -errno; /* EIO: it is going */
	if ((size_t)size < header_size || (size_t)size - header_size > PACKET_DATA_MAX)
		return -EBADMSG;
	intake->size = (size_t)size - header_size;
	intake->vnet = (struct vnet){.kind = VNET_SINGLE};
	if (tun->has_headers)
		intake->vnet = vnet_decode(queue->header);
	return 1;
}

/* Moves together what was spread. */
static void gather(const struct intake *intake, uint8_t *data)
{
	const struct tun_forecast *forecast = &intake->queue->forecast;
	size_t at = intake->slots.size;

	for (size_t i = 1; i < intake->slots.count && at < intake->size; i++) {
		memmove(data + at, data + i * intake->slots.stride + forecast->header_size,
			forecast->segment_size);
		at += forecast->segment_size;
	}
	if (at < intake->size)
		memcpy(data + at, intake->queue->rest, intake->size - at);
}

/* ---- super-packets ---- */

/*
 * Makes slot `at` of a buffer a packet of `size` bytes. False: no head is left. The buffer's own
 * head goes with the first slot.
 */
static bool push_slot(const struct intake *intake, const struct slots *slots,
	struct packet *carrier, size_t at, size_t size)
{
	uint8_t *data = carrier->buffer + PACKET_HEADROOM + at * slots->stride;
	uint8_t *limit = at + 1 < slots->count ? data + slots->stride - ROOM_BEFORE
					       : carrier->buffer + PACKET_STRIDE;
	struct packet *packet = carrier;

	if (at == 0) {
		carrier->data = data;
		carrier->length = size;
		carrier->limit = limit;
	} else {
		packet = packet_slice(intake->pool, carrier, data, size, limit);
	}
	if (!packet)
		return false;
	packet_list_push(intake->packets, packet);
	return true;
}

/* Segments from `number` on, whose payload lies elsewhere: into new buffers. How many there were.
 */
static int copy_segments(const struct intake *intake, const struct segments *segments,
	size_t number, const uint8_t *payload)
{
	struct slots slots = slots_of(segments->header_size + segments->segment_size);
	struct packet *carrier = NULL;
	size_t at = slots.count, first = number;

	for (; number < segments->count; number++, at++) {
		if (at == slots.count) {
			at = 0;
			carrier = packet_get(intake->pool);
		}
		if (!carrier)
			break;
		uint8_t *data = carrier->buffer + PACKET_HEADROOM + at * slots.stride;
		size_t payload_size = segment_payload_size(segments, number);
		memcpy(data + segments->header_size, payload, payload_size);
		payload += payload_size;
		if (!push_slot(intake, &slots, carrier, at, segment_write(segments, number, data)))
			break;
	}
	return (int)(number - first);
}

/* Segments that lie where they shall; those that found no slot any more are copied. */
static int take_in_place(
	const struct intake *intake, const struct segments *segments, struct packet *carrier)
{
	uint8_t *data = carrier->data;
	size_t number = 0;

	for (; number < segments->count && number < intake->slots.count; number++) {
		size_t size = segment_write(segments, number, data + number * intake->slots.stride);
		if (!push_slot(intake, &intake->slots, carrier, number, size))
			return (int)number;
	}
	return (int)number + copy_segments(intake, segments, number, intake->queue->rest);
}

/* Whether it is as it was foreseen; *ret_segments is filled then. */
static bool is_foreseen(
	const struct intake *intake, const uint8_t *data, struct segments *ret_segments)
{
	const struct tun_forecast *forecast = &intake->queue->forecast;
	size_t here = intake->size < intake->slots.size ? intake->size : intake->slots.size;

	return forecast->reads > 0 && intake->vnet.segment_size == forecast->segment_size &&
	       segments_parse(&intake->vnet, data, here, intake->size, ret_segments) == 0 &&
	       ret_segments->header_size == forecast->header_size;
}

/* Splits what was read. How many packets it became; their carrier is consumed. */
static int take_super(const struct intake *intake, struct packet *carrier)
{
	struct tun_forecast *forecast = &intake->queue->forecast;
	struct segments segments;
	int taken = 0;

	if (is_foreseen(intake, carrier->data, &segments)) {
		forecast->reads = FORECAST_READS;
		return take_in_place(intake, &segments, carrier);
	}
	gather(intake, carrier->data);
	if (segments_parse(&intake->vnet, carrier->data, intake->size, intake->size, &segments) ==
		0) {
		*forecast = (struct tun_forecast){
			.reads = FORECAST_READS,
			.header_size = segments.header_size,
			.segment_size = segments.segment_size,
		};
		taken = copy_segments(intake, &segments, 0, carrier->data + segments.header_size);
	}
	packet_put(intake->pool, carrier);
	return taken;
}

/* ---- single packets ---- */

static int take_single(const struct intake *intake, struct packet *packet)
{
	struct tun_forecast *forecast = &intake->queue->forecast;

	if (forecast->reads > 0) {
		gather(intake, packet->data);
		forecast->reads--;
	}
	if (segment_complete(&intake->vnet, packet->data, intake->size) < 0) {
		packet_put(intake->pool, packet);
		return 0;
	}
	packet->length = intake->size;
	packet_list_push(intake->packets, packet);
	return 1;
}

/* One read. How many packets it gave, perhaps none; 0 or -errno of read_spread() in *ret_result. */
static int take(const struct tun *tun, struct intake *intake, int *ret_result)
{
	struct packet *packet = packet_get(intake->pool);

	*ret_result = 0;
	if (!packet)
		return 0;
	*ret_result = read_spread(tun, intake, packet->data);
	if (*ret_result <= 0) {
		packet_put(intake->pool, packet);
		return 0;
	}
	if (intake->vnet.kind == VNET_SINGLE)
		return take_single(intake, packet);
	return take_super(intake, packet);
}

int tun_read(
	struct tun *tun, unsigned queue, struct packet_pool *pool, struct packet_list *ret_packets)
{
	assert(queue < tun->queue_count);
	struct intake intake = {.queue = &tun->queues[queue], .pool = pool, .packets = ret_packets};
	int taken = 0;

	for (int reads = 0; reads < TUN_BATCH && taken < TUN_BATCH; reads++) {
		int result;
		taken += take(tun, &intake, &result);
		if (result == 0 || (result < 0 && result != -EBADMSG))
			return result < 0 && taken == 0 ? result : taken;
	}
	return taken;
}
