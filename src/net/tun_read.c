/* SPDX-License-Identifier: ISC */
/*
 * Out of the device. What comes singly stays where it was read. The segments of a super-packet are
 * copied to slots of another packet's buffer, each with room before and behind; the buffer that
 * was read into is the next one to be read into, and so never cold.
 *
 *   buffer: | headroom | headers, payload |   | headers, payload |   | headers, payload | ...
 */
#include "net/segment.h"
#include "net/tun_state.h"
#include "wireguard/messages.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	SLOT_ALIGNMENT = 64, /* a cache line */
};
_Static_assert((int)TUN_ROOM_BEFORE >= (int)MESSAGE_DATA_HEADER_SIZE &&
		       (int)TUN_ROOM_BEHIND >= (int)MESSAGE_PADDING + (int)NOISE_TAG_SIZE,
	"a packet can be sealed in place");
_Static_assert(PACKET_HEADROOM % SLOT_ALIGNMENT == 0 && PACKET_STRIDE % SLOT_ALIGNMENT == 0,
	"the first slot begins at a cache line");

/* Places in a packet's buffer: the first is where any packet begins. */
struct slots {
	size_t stride, count;
};

static struct slots slots_of(size_t size)
{
	size_t stride = (size + TUN_ROOM_BEFORE + TUN_ROOM_BEHIND + SLOT_ALIGNMENT - 1) /
			SLOT_ALIGNMENT * SLOT_ALIGNMENT;
	size_t room = PACKET_STRIDE - PACKET_HEADROOM - size - TUN_ROOM_BEHIND;

	return (struct slots){.stride = stride, .count = 1 + room / stride};
}

/* What is read into, and where the packets go that come of it. */
struct intake {
	int fd;
	size_t header_size; /* of the header before each packet */
	struct packet_pool *pool;
	struct packet_list *packets;
};

/*
 * Reads one packet or super-packet, its header before it. 1, 0: nothing there; -EBADMSG: what was
 * there is none, and is gone; -ENODEV or another -errno.
 */
static int read_packet(const struct intake *intake, struct packet *packet, struct vnet *ret_vnet)
{
	uint8_t *header = packet->data - intake->header_size;
	ssize_t size;

	do
		size = read(intake->fd, header, intake->header_size + PACKET_DATA_MAX);
	while (size < 0 && errno == EINTR);
	if (size < 0 && errno == EAGAIN)
		return 0;
	if (size < 0 && errno == EINVAL)
		return -EBADMSG; /* a super-packet of a kind that no header can tell */
	if (size < 0)
		return errno == EBADFD || errno == EIO ? -ENODEV : -errno; /* EIO: it is going */
	if ((size_t)size < intake->header_size)
		return -EBADMSG;
	packet->length = (size_t)size - intake->header_size;
	*ret_vnet = intake->header_size ? vnet_decode(header) : (struct vnet){0};
	return 1;
}

/*
 * Makes slot `at` of a buffer a packet of `size` bytes; the buffer's own head goes with the first.
 * False: no head is left.
 */
static bool push_slot(const struct intake *intake, const struct slots *slots,
	struct packet *carrier, size_t at, size_t size)
{
	uint8_t *data = carrier->buffer + PACKET_HEADROOM + at * slots->stride;
	uint8_t *limit = at + 1 < slots->count ? data + slots->stride - TUN_ROOM_BEFORE
					       : carrier->buffer + PACKET_STRIDE;
	struct packet *packet = carrier;

	if (at == 0) {
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

/* How many packets it became; fewer than there are, where the pool has no more. */
static int push_segments(
	const struct intake *intake, const struct segments *segments, const uint8_t *payload)
{
	size_t header_size = segments->header_size;
	struct slots slots = slots_of(header_size + segments->segment_size);
	struct packet *carrier = NULL;
	size_t number = 0;

	for (; number < segments->count; number++) {
		size_t at = number % slots.count;
		if (at == 0)
			carrier = packet_get(intake->pool);
		if (!carrier)
			break;
		uint8_t *data = carrier->buffer + PACKET_HEADROOM + at * slots.stride;
		memcpy(data + header_size, payload + number * segments->segment_size,
			segment_payload_size(segments, number));
		if (!push_slot(intake, &slots, carrier, at, segment_write(segments, number, data)))
			break;
	}
	return (int)number;
}

/* Splits what was read. How many packets it became. Consumes packet. */
static int push_super(const struct intake *intake, const struct vnet *vnet, struct packet *packet)
{
	struct segments segments;
	int pushed = 0;

	if (segments_parse(vnet, packet->data, packet->length, &segments) == 0)
		pushed = push_segments(intake, &segments, packet->data + segments.header_size);
	packet_put(intake->pool, packet);
	return pushed;
}

/* The same, for what is but one packet. */
static int push_single(const struct intake *intake, const struct vnet *vnet, struct packet *packet)
{
	if (segment_complete(vnet, packet->data, packet->length) < 0) {
		packet_put(intake->pool, packet);
		return 0;
	}
	packet_list_push(intake->packets, packet);
	return 1;
}

/* One read. How many packets it gave, perhaps none; *ret_result is read_packet()'s. */
static int take(const struct intake *intake, int *ret_result)
{
	struct packet *packet = packet_get(intake->pool);
	struct vnet vnet = {0};

	*ret_result = 0;
	if (!packet)
		return 0;
	*ret_result = read_packet(intake, packet, &vnet);
	if (*ret_result <= 0) {
		packet_put(intake->pool, packet);
		return 0;
	}
	if (vnet.kind == VNET_SINGLE)
		return push_single(intake, &vnet, packet);
	return push_super(intake, &vnet, packet);
}

int tun_read(
	struct tun *tun, unsigned queue, struct packet_pool *pool, struct packet_list *ret_packets)
{
	const struct intake intake = {
		.fd = tun_fd(tun, queue),
		.header_size = tun->has_headers ? VNET_HEADER_SIZE : 0,
		.pool = pool,
		.packets = ret_packets,
	};
	int taken = 0;

	for (int reads = 0; reads < TUN_BATCH && taken < TUN_BATCH; reads++) {
		int result;
		taken += take(&intake, &result);
		if (result == 0 || (result < 0 && result != -EBADMSG))
			return result < 0 && taken == 0 ? result : taken;
	}
	return taken;
}
