/* SPDX-License-Identifier: ISC */
#include "prover/craft.h"

#include "prover/dice.h"

#include <assert.h>
#include <netinet/in.h>

enum {
	HOPS = 64,
	WINDOW = 1024,
	TCP_SIZE = 20,
	TCP_ACK = 0x10,
	UDP_SIZE = 8,
	MACS_SIZE = 32, /* mac1 and mac2 */
	MAC_SIZE = 16,
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
};

/* Addresses that nobody has: of link-local networks, and of those for benchmarks and for books. */
static const uint8_t neighbour4[4] = {169, 254, 77, 77}, elsewhere4[4] = {198, 18, 77, 7},
		     loopback4[4] = {127, 0, 0, 1}, broadcast4[4] = {255, 255, 255, 255},
		     nobody[16] = {0};
static const uint8_t neighbour6[16] = {0xfe, 0x80, [8] = 0, 7, 0, 7, 0, 7, 0, 7},
		     elsewhere6[16] = {0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 0, 0x77, [15] = 7},
		     loopback6[16] = {[15] = 1}, nodes6[16] = {0xff, 2, [15] = 1};

/* All that is needed at each step. */
struct work {
	const struct scene *scene;
	const struct scene_path *path;
	const struct stimulus *stimulus;
	const struct craft *craft;
	struct packet *packet;
	size_t address_size;
	uint8_t from[16], to[16];
	uint8_t own_link_local[16];
	uint8_t group[16];
};

static bool is_ipv6(const struct work *work)
{
	return work->stimulus->family == ADDRESS_IPV6;
}

enum craft_result craft_check(const struct scene *scene, const struct stimulus *stimulus)
{
	const struct scene_path *path = scene_path(scene, stimulus->family);
	bool wants_overlay =
		stimulus->to == STIMULUS_TO_OVERLAY || stimulus->from == STIMULUS_FROM_OVERLAY;

	for (size_t i = 0; i < ARRAY_LENGTH(stimulus->fills); i++)
		wants_overlay = wants_overlay || stimulus->fills[i].what == STIMULUS_FILL_OVERLAY;
	if (!path->is_there)
		return CRAFT_NO_FAMILY;
	bool wants_link = stimulus->flags & STIMULUS_ON_LINK || stimulus->layer == STIMULUS_LINK ||
			  stimulus->to != STIMULUS_TO_TARGET || stimulus->from != STIMULUS_FROM_US;
	if (wants_link && !path->is_on_link)
		return CRAFT_NOT_ON_LINK;
	if (wants_overlay && !scene_overlay(scene, stimulus->family))
		return CRAFT_NO_OVERLAY;
	return stimulus->make == STIMULUS_MAC1 && !scene->has_key ? CRAFT_NO_KEY : CRAFT_OK;
}

const char *craft_result_text(enum craft_result result)
{
	static const char *const texts[] = {
		[CRAFT_OK] = "sent",
		[CRAFT_NO_FAMILY] = "no address of that family was given",
		[CRAFT_NOT_ON_LINK] = "a router is between",
		[CRAFT_NO_OVERLAY] = "no overlay address was given",
		[CRAFT_NO_KEY] = "no public key was given",
		[CRAFT_NO_RECORD] = "nothing of it was recorded",
	};

	return texts[result];
}

/* An address of this kind, in the size of the family; NULL where it is somebody's. */
static const uint8_t *fixed_address(const struct work *work, enum stimulus_to to)
{
	switch (to) {
	case STIMULUS_TO_ELSEWHERE:
		return is_ipv6(work) ? elsewhere6 : elsewhere4;
	case STIMULUS_TO_ALL:
		return is_ipv6(work) ? nodes6 : broadcast4;
	case STIMULUS_TO_OVERLAY:
		return scene_overlay(work->scene, work->stimulus->family)->bytes;
	case STIMULUS_TO_GROUP:
		return work->group;
	case STIMULUS_TO_SOLICITED:
	case STIMULUS_TO_TARGET:
	case STIMULUS_TO_ANYBODY:
		break;
	}
	return work->path->target.bytes;
}

static const uint8_t *source_address(const struct work *work, enum stimulus_from from)
{
	switch (from) {
	case STIMULUS_FROM_TARGET:
		return work->path->target.bytes;
	case STIMULUS_FROM_LOOPBACK:
		return is_ipv6(work) ? loopback6 : loopback4;
	case STIMULUS_FROM_BROADCAST:
		return is_ipv6(work) ? nodes6 : broadcast4;
	case STIMULUS_FROM_NOBODY:
		return nobody;
	case STIMULUS_FROM_NEIGHBOUR:
		return is_ipv6(work) ? neighbour6 : neighbour4;
	case STIMULUS_FROM_LINK_LOCAL:
		return work->own_link_local;
	case STIMULUS_FROM_OVERLAY:
		return scene_overlay(work->scene, work->stimulus->family)->bytes;
	case STIMULUS_FROM_US:
		break;
	}
	return work->path->source.bytes;
}

/* RFC 4291, appendix A. */
static void make_link_local(const uint8_t mac[static SCENE_MAC_SIZE], uint8_t ret[static 16])
{
	memset(ret, 0, 16);
	ret[0] = 0xfe;
	ret[1] = 0x80;
	memcpy(ret + 8, mac, 3);
	ret[8] ^= 2;
	ret[11] = 0xff;
	ret[12] = 0xfe;
	memcpy(ret + 13, mac + 3, 3);
}

static void find_addresses(struct work *work)
{
	const struct stimulus *stimulus = work->stimulus;
	struct address group;

	work->address_size = is_ipv6(work) ? 16 : 4;
	make_link_local(work->path->own, work->own_link_local);
	if (stimulus->group) {
		int err = address_parse(stimulus->group, strlen(stimulus->group), &group);
		assert(err == 0); /* the catalogue is ours */
		memcpy(work->group, group.bytes, sizeof work->group);
	}
	memcpy(work->from, source_address(work, stimulus->from), work->address_size);
	memcpy(work->to, fixed_address(work, stimulus->to), work->address_size);
	if (stimulus->to != STIMULUS_TO_SOLICITED)
		return;
	static const uint8_t solicited[13] = {0xff, 2, [11] = 1, 0xff};
	memcpy(work->to, solicited, sizeof solicited); /* the last three stay the target's */
}

static void add_link_header(struct work *work)
{
	static const uint8_t everybody[SCENE_MAC_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const struct stimulus *stimulus = work->stimulus;
	uint8_t solicited[SCENE_MAC_SIZE] = {0x33, 0x33};
	const uint8_t *to = work->path->hop;

	memcpy(solicited + 2, work->to + 12, 4);
	if (stimulus->to == STIMULUS_TO_ANYBODY)
		to = everybody;
	if (stimulus->to == STIMULUS_TO_SOLICITED)
		to = solicited;
	packet_add(work->packet, to, SCENE_MAC_SIZE);
	packet_add(work->packet, work->path->own, SCENE_MAC_SIZE);
	if (stimulus->layer == STIMULUS_LINK)
		packet_add_be16(work->packet, stimulus->kind);
	else
		packet_add_be16(work->packet, is_ipv6(work) ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
}

static uint8_t protocol_of(const struct work *work)
{
	switch ((enum stimulus_layer)work->stimulus->layer) {
	case STIMULUS_UDP:
		return IPPROTO_UDP;
	case STIMULUS_TCP:
		return IPPROTO_TCP;
	case STIMULUS_ICMP:
		return is_ipv6(work) ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	case STIMULUS_RAW:
	case STIMULUS_LINK:
		break;
	}
	return (uint8_t)work->stimulus->kind;
}

static uint8_t hops_of(const struct stimulus *stimulus)
{
	if (stimulus->has_no_hops)
		return 0;
	return stimulus->hops ? stimulus->hops : HOPS;
}

static uint8_t version_and_words(const struct stimulus *stimulus, size_t header_size)
{
	if (stimulus->fault == STIMULUS_VERSION)
		return (uint8_t)(5 << 4 | header_size / 4);
	if (stimulus->fault == STIMULUS_HEADER_SHORT)
		return 4 << 4 | 4;
	return (uint8_t)(4 << 4 | header_size / 4);
}

/* The length and the sum are written when all is there. */
static void add_ipv4_header(struct work *work)
{
	const struct stimulus *stimulus = work->stimulus;
	struct packet *packet = work->packet;
	size_t options_size = (stimulus->before.size + 3U) / 4 * 4;

	packet_add_u8(packet, version_and_words(stimulus, PACKET_IPV4_SIZE + options_size));
	packet_add_u8(packet, 0);
	packet_add_be16(packet, 0);
	packet_add_be16(packet, work->craft->tag);
	packet_add_be16(packet, stimulus->fragment);
	packet_add_u8(packet, hops_of(stimulus));
	packet_add_u8(packet, protocol_of(work));
	packet_add_be16(packet, 0);
	packet_add(packet, work->from, 4);
	packet_add(packet, work->to, 4);
	packet_add(packet, stimulus->before.at, stimulus->before.size);
	packet_add_zeros(packet, options_size - stimulus->before.size);
}

static bool has_fragment_header(const struct stimulus *stimulus)
{
	return stimulus->fragment != 0 || stimulus->flags & STIMULUS_ATOMIC;
}

static void add_ipv6_header(struct work *work)
{
	const struct stimulus *stimulus = work->stimulus;
	struct packet *packet = work->packet;
	uint8_t next = has_fragment_header(stimulus) ? IPPROTO_FRAGMENT : protocol_of(work);
	bool has_before = stimulus->before.size > 0;
	uint32_t version = stimulus->fault == STIMULUS_VERSION ? 5 : 6;

	packet_add_be32(packet, version << 28 | work->craft->tag);
	packet_add_be16(packet, 0);
	packet_add_u8(packet, has_before ? stimulus->first : next);
	packet_add_u8(packet, hops_of(stimulus));
	packet_add(packet, work->from, 16);
	packet_add(packet, work->to, 16);
	uint8_t *before = packet_add(packet, stimulus->before.at, stimulus->before.size);
	if (has_before)
		before[stimulus->last] = next;
	if (!has_fragment_header(stimulus))
		return;
	packet_add_u8(packet, protocol_of(work));
	packet_add_u8(packet, 0);
	packet_add_be16(packet, stimulus->fragment);
	packet_add_be32(packet, work->craft->tag);
}

static void add_shape(struct work *work)
{
	const struct stimulus *stimulus = work->stimulus;
	uint64_t state = (uint64_t)work->craft->tag << 32 | work->craft->serial;
	uint8_t *at = packet_add_zeros(work->packet, stimulus->size);

	for (size_t i = 0; i < stimulus->size; i++)
		at[i] = (uint8_t)dice_draw(&state);
	assert(stimulus->payload.size <= stimulus->size);
	if (stimulus->payload.size > 0)
		memcpy(at, stimulus->payload.at, stimulus->payload.size);
	if (stimulus->make != STIMULUS_MAC1)
		return;
	size_t body_size = stimulus->size - MACS_SIZE;
	blake2s_mac(work->scene->mac1_key, sizeof work->scene->mac1_key,
		(struct bytes){at, body_size}, at + body_size);
	memset(at + body_size + MAC_SIZE, 0, MAC_SIZE);
}

/* Writes one field into the payload. */
static void fill_in(const struct work *work, enum stimulus_fill what, uint8_t *at)
{
	size_t size = work->address_size;
	const struct address *overlay;

	switch (what) {
	case STIMULUS_FILL_TAG:
		store_be16(at, work->craft->tag);
		return;
	case STIMULUS_FILL_TARGET:
		memcpy(at, work->path->target.bytes, size);
		return;
	case STIMULUS_FILL_SOURCE:
		memcpy(at, work->from, size);
		return;
	case STIMULUS_FILL_OVERLAY:
		overlay = scene_overlay(work->scene, work->stimulus->family);
		assert(overlay); /* a stimulus that needs one is left out where there is none */
		memcpy(at, overlay->bytes, size);
		return;
	case STIMULUS_FILL_NEIGHBOUR:
		memcpy(at, is_ipv6(work) ? neighbour6 : neighbour4, size);
		return;
	case STIMULUS_FILL_LOOPBACK:
		memcpy(at, is_ipv6(work) ? loopback6 : loopback4, size);
		return;
	case STIMULUS_FILL_OWN:
		memcpy(at, work->path->own, SCENE_MAC_SIZE);
		return;
	case STIMULUS_FILL_NONE:
		return;
	}
}

static void add_payload(struct work *work)
{
	const struct stimulus *stimulus = work->stimulus;
	uint8_t *at = work->packet->bytes + work->packet->size;

	switch ((enum stimulus_make)stimulus->make) {
	case STIMULUS_LITERAL:
		packet_add(work->packet, stimulus->payload.at, stimulus->payload.size);
		break;
	case STIMULUS_PADDED:
		assert(stimulus->payload.size <= stimulus->size);
		packet_add(work->packet, stimulus->payload.at, stimulus->payload.size);
		packet_add_zeros(work->packet, (size_t)(stimulus->size - stimulus->payload.size));
		break;
	case STIMULUS_SHAPE:
	case STIMULUS_MAC1:
		add_shape(work);
		break;
	case STIMULUS_RECORDED:
		packet_add(work->packet, work->craft->record, work->craft->record_size);
		break;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(stimulus->fills); i++) {
		if (stimulus->fills[i].what != STIMULUS_FILL_NONE)
			fill_in(work, stimulus->fills[i].what, at + stimulus->fills[i].at);
	}
}

static uint16_t port_of(const struct work *work)
{
	uint32_t port = work->stimulus->port;

	return port == STIMULUS_PORT ? work->craft->port : (uint16_t)port;
}

static void add_tcp_header(struct work *work)
{
	const struct stimulus *stimulus = work->stimulus;
	struct packet *packet = work->packet;
	size_t options_size = (stimulus->options.size + 3U) / 4 * 4;
	uint32_t words = (uint32_t)(TCP_SIZE + options_size) / 4;
	uint32_t sequence = (uint32_t)work->craft->tag << 16 | (work->craft->serial & 0xffff);

	if (stimulus->fault == STIMULUS_SEQUENCE_IS_TARGET)
		memcpy(&sequence, work->to, sizeof sequence); /* in network order, and again so */
	if (stimulus->fault == STIMULUS_SEQUENCE_IS_TARGET)
		sequence = be32toh(sequence);
	packet_add_be16(packet, work->craft->tag);
	packet_add_be16(packet, port_of(work));
	packet_add_be32(packet, sequence);
	packet_add_be32(packet, stimulus->kind & TCP_ACK ? work->craft->tag : 0);
	packet_add_u8(
		packet, (uint8_t)(stimulus->fault == STIMULUS_TCP_OFFSET ? 3 << 4 : words << 4));
	packet_add_u8(packet, (uint8_t)stimulus->kind);
	packet_add_be16(packet, stimulus->window ? stimulus->window : WINDOW);
	packet_add_be32(packet, 0); /* the sum, and no urgent pointer */
	packet_add(packet, stimulus->options.at, stimulus->options.size);
	packet_add_zeros(packet, options_size - stimulus->options.size);
}

/* Adds the transport's header; returns where in it its sum lies, -1: it has none. */
static int add_transport(struct work *work)
{
	struct packet *packet = work->packet;

	switch ((enum stimulus_layer)work->stimulus->layer) {
	case STIMULUS_UDP:
		packet_add_be16(packet, work->craft->tag);
		packet_add_be16(packet, port_of(work));
		packet_add_be32(packet, 0); /* length and sum */
		return 6;
	case STIMULUS_TCP:
		add_tcp_header(work);
		return 16;
	case STIMULUS_ICMP:
		packet_add_be16(packet, work->stimulus->kind);
		packet_add_be16(packet, 0);
		return 2;
	case STIMULUS_RAW:
	case STIMULUS_LINK:
		break;
	}
	return -1;
}

static void set_udp_length(const struct work *work, uint8_t *segment, size_t size)
{
	enum stimulus_fault fault = work->stimulus->fault;

	if (fault == STIMULUS_UDP_LONG)
		size += 512;
	if (fault == STIMULUS_UDP_SHORT)
		size = 4;
	store_be16(segment + 4, (uint16_t)size);
}

static void set_sum(const struct work *work, uint8_t *segment, size_t size, size_t at)
{
	enum stimulus_fault fault = work->stimulus->fault;
	uint32_t sum = 0;

	if (fault == STIMULUS_NO_SUM)
		return;
	if (is_ipv6(work) || work->stimulus->layer != STIMULUS_ICMP) {
		sum = packet_sum(sum, work->from, work->address_size);
		sum = packet_sum(sum, work->to, work->address_size);
		sum += (uint32_t)size + protocol_of(work);
	}
	uint16_t value = packet_sum_end(packet_sum(sum, segment, size));
	if (value == 0 && work->stimulus->layer == STIMULUS_UDP)
		value = 0xffff;
	store_be16(segment + at, fault == STIMULUS_BAD_SUM ? value ^ 0x5555 : value);
}

static void set_lengths(const struct work *work, uint8_t *header, size_t header_size)
{
	enum stimulus_fault fault = work->stimulus->fault;
	size_t size = work->packet->size - PACKET_LINK_SIZE;

	if (fault == STIMULUS_LENGTH_LONG)
		size += 64;
	if (fault == STIMULUS_LENGTH_SHORT)
		size -= 4;
	if (is_ipv6(work)) {
		store_be16(header + 4, (uint16_t)(size - PACKET_IPV6_SIZE));
		return;
	}
	store_be16(header + 2, (uint16_t)size);
	uint16_t sum = packet_sum_end(packet_sum(0, header, header_size));
	store_be16(header + 10, fault == STIMULUS_BAD_HEADER_SUM ? sum ^ 0x5555 : sum);
}

void craft_frame(const struct scene *scene, const struct stimulus *stimulus,
	const struct craft *craft, struct packet *ret_packet)
{
	struct work work = {.scene = scene,
		.path = scene_path(scene, stimulus->family),
		.stimulus = stimulus,
		.craft = craft,
		.packet = ret_packet};

	ret_packet->size = 0;
	find_addresses(&work);
	add_link_header(&work);
	if (stimulus->layer == STIMULUS_LINK) {
		add_payload(&work);
		return;
	}
	if (is_ipv6(&work))
		add_ipv6_header(&work);
	else
		add_ipv4_header(&work);
	size_t segment_at = ret_packet->size;
	uint8_t *segment = ret_packet->bytes + segment_at;
	int sum_at = add_transport(&work);
	add_payload(&work);
	size_t size = ret_packet->size - segment_at;
	if (stimulus->layer == STIMULUS_UDP)
		set_udp_length(&work, segment, size);
	if (sum_at >= 0)
		set_sum(&work, segment, size, (size_t)sum_at);
	set_lengths(&work, ret_packet->bytes + PACKET_LINK_SIZE, segment_at - PACKET_LINK_SIZE);
}
