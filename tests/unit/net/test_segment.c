/* SPDX-License-Identifier: ISC */
#include "net/segment.h"

#include "inner_packet.h"
#include "tap.h"

#include <errno.h>

enum {
	ROUNDS = 3000,
};

/* A super-packet as the kernel hands it over, and what is behind its buffer. */
static struct {
	struct vnet vnet;
	size_t size;
	uint8_t bytes[INNER_MAX + 64];
} super;

/* Makes the super-packet of a recipe: its checksum is the pseudo-header's sum. */
static void make(const struct recipe *recipe, size_t segment_size)
{
	size_t transport_at = recipe_transport_at(recipe);
	size_t offset = recipe->is_udp ? 6 : 16;

	super.size = cook(recipe, super.bytes);
	super.vnet = (struct vnet){
		.flags = VNET_NEEDS_CHECKSUM,
		.kind = recipe->is_udp	  ? VNET_UDP
			: recipe->is_ipv6 ? VNET_TCP6
					  : VNET_TCP4,
		.header_size = (uint16_t)recipe_header_size(recipe),
		.segment_size = (uint16_t)segment_size,
		.checksum_start = (uint16_t)transport_at,
		.checksum_offset = (uint16_t)offset,
	};
	if (!recipe->is_udp && recipe->flags & TCP_CWR)
		super.vnet.kind |= VNET_ECN;
	uint32_t pseudo =
		plain_pseudo(super.bytes, recipe->is_udp ? 17 : 6, super.size - transport_at);
	pseudo = (pseudo & 0xffff) + (pseudo >> 16);
	store_be16(super.bytes + transport_at + offset, (uint16_t)(pseudo + (pseudo >> 16)));
}

/* Splits it; whether the segments are the plain ones, all of them. */
static bool splits_well(void)
{
	static uint8_t got[INNER_MAX], want[INNER_MAX];
	struct segments segments;
	size_t number;

	if (segments_parse(&super.vnet, super.bytes, super.size, &segments) < 0)
		return false;
	for (number = 0; number < segments.count; number++) {
		size_t payload = segment_payload_size(&segments, number);
		memcpy(got + segments.header_size,
			super.bytes + segments.header_size + number * segments.segment_size,
			payload);
		size_t size = segment_write(&segments, number, got);
		if (size != plain_segment(&super.vnet, super.bytes, super.size, number, want) ||
			memcmp(got, want, size) != 0)
			return false;
	}
	return plain_segment(&super.vnet, super.bytes, super.size, number, want) == 0;
}

static void test_rows(void)
{
	static const struct {
		const char *name;
		struct recipe recipe;
		size_t segment_size;
	} rows[] = {
		{"TCP", {.flags = TCP_ACK, .payload = 64000, .options = 12}, 1368},
		{"a full one", {.flags = TCP_ACK, .payload = 65535 - 40}, 1380},
		{"PSH and FIN", {.flags = 0x19, .payload = 5000, .options = 12}, 1368},
		{"CWR and ECE", {.flags = 0xd0, .payload = 5000}, 1000},
		{"all flags", {.flags = 0xff, .reserved = 15, .payload = 5000}, 999},
		{"one byte more", {.flags = 0x18, .payload = 2737}, 1368},
		{"exactly two", {.flags = 0x18, .payload = 2736}, 1368},
		{"one segment", {.flags = 0x98, .payload = 100}, 1368},
		{"no payload", {.flags = 0x98, .payload = 0}, 1368},
		{"bytes one by one", {.flags = 0x18, .payload = 300}, 1},
		{"sequence wraps", {.flags = TCP_ACK, .sequence = 0xfffffff0, .payload = 99}, 10},
		{"id wraps", {.flags = TCP_ACK, .id = 0xfffe, .payload = 99}, 10},
		{"DF, TOS", {.flags = TCP_ACK, .fragment = 0x4000, .tos = 3, .payload = 99}, 10},
		{"longest options", {.flags = TCP_ACK, .options = 40, .payload = 9000}, 1341},
		{"IPv6", {.is_ipv6 = true, .flags = 0x18, .label = 0xabcde, .payload = 60001},
			1347},
		{"IPv6, CWR", {.is_ipv6 = true, .flags = 0x90, .tos = 2, .payload = 3000}, 1348},
		{"UDP", {.is_udp = true, .id = 7, .payload = 60000}, 1392},
		{"UDP, odd", {.is_udp = true, .payload = 3333}, 111},
		{"UDP, 128 segments", {.is_udp = true, .payload = 128}, 1},
		{"UDP, IPv6", {.is_udp = true, .is_ipv6 = true, .payload = 65495 - 8}, 1372},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		make(&rows[i].recipe, rows[i].segment_size);
		tap_ok(splits_well(), rows[i].name);
	}
}

static void test_random(void)
{
	uint64_t dice = 5;
	size_t wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct recipe recipe = {
			.is_ipv6 = roll_below(&dice, 2),
			.is_udp = roll_below(&dice, 2),
			.tos = (uint8_t)roll(&dice),
			.ttl = (uint8_t)roll(&dice),
			.label = roll(&dice) & 0xfffff,
			.id = (uint16_t)roll(&dice),
			.fragment = roll_below(&dice, 2) ? 0x4000 : 0,
			.host = (uint8_t)roll(&dice),
			.port = (uint16_t)roll(&dice),
			.sequence = (uint32_t)roll(&dice),
			.acknowledgement = (uint32_t)roll(&dice),
			.flags = (uint8_t)roll(&dice),
			.window = (uint16_t)roll(&dice),
			.options = 4 * roll_below(&dice, 11),
			.payload = roll_below(&dice, roll_below(&dice, 20) ? 6000 : 65400),
			.pattern = (uint8_t)roll(&dice),
		};
		if (recipe.payload + recipe_header_size(&recipe) > INNER_MAX)
			continue;
		make(&recipe, 1 + roll_below(&dice, 1500));
		wrong += !splits_well();
	}
	tap_is_int(wrong, 0, "random super-packets");
}

/* UDP's checksum is never 0: that says that there is none. */
static void test_zero_checksum(void)
{
	struct recipe recipe = {.is_udp = true, .payload = 4};
	struct segments segments;
	uint8_t packet[64];
	size_t zeroes = 0, found = 0;

	for (unsigned word = 0; word <= 0xffff; word++) {
		make(&recipe, 2);
		store_be16(super.bytes + 28, (uint16_t)word);
		if (segments_parse(&super.vnet, super.bytes, super.size, &segments) < 0)
			break;
		memcpy(packet + 28, super.bytes + 28, 2);
		(void)segment_write(&segments, 0, packet);
		zeroes += load_be16(packet + 26) == 0;
		found += load_be16(packet + 26) == 0xffff;
	}
	tap_is_int(zeroes, 0, "no checksum of zero");
	tap_ok(found > 0, "but its other form");
}

/* Without NEEDS_CSUM the pseudo-header is summed up from the addresses. */
static void test_without_pseudo_header(void)
{
	struct recipe recipe = {.flags = 0x18, .payload = 3000, .is_ipv6 = true};
	uint16_t start;

	for (int i = 0; i < 4; i++) {
		recipe.is_udp = i % 2;
		recipe.is_ipv6 = i / 2;
		make(&recipe, 1000);
		super.vnet.flags = 0;
		start = super.vnet.checksum_start;
		super.vnet.checksum_start = 0;
		struct segments segments;
		int err = segments_parse(&super.vnet, super.bytes, super.size, &segments);
		if (!tap_is_int(err, 0, "no pseudo-header's sum"))
			continue;
		uint8_t got[1500], want[1500];
		super.vnet.checksum_start = start;
		memcpy(got + segments.header_size,
			super.bytes + segments.header_size + segments.segment_size, 1000);
		size_t size = segment_write(&segments, 1, got);
		tap_is_int(size, plain_segment(&super.vnet, super.bytes, super.size, 1, want),
			"length");
		tap_is_bytes(got, want, size, "the same segment");
	}
	recipe = (struct recipe){.is_udp = true, .payload = 100};
	make(&recipe, 50);
	super.vnet.flags = 0;
	store_be16(super.bytes + 26, 0);
	struct segments segments;
	uint8_t got[100] = {0};
	tap_is_int(segments_parse(&super.vnet, super.bytes, super.size, &segments), 0,
		"UDP without a checksum");
	(void)segment_write(&segments, 0, got);
	tap_is_int(load_be16(got + 26), 0, "stays without");
}

/* An IPv6 routing header: the sum in the checksum's place knows the final destination. */
static void test_extension(void)
{
	static const uint8_t routing[24] = {6, 2, 0, 1};
	const struct recipe recipe = {.is_ipv6 = true, .flags = 0x18, .payload = 2000};
	struct segments segments;
	uint8_t got[1200];

	make(&recipe, 1000);
	uint16_t pseudo = load_be16(super.bytes + 40 + 16);
	memmove(super.bytes + 64, super.bytes + 40, super.size - 40);
	memcpy(super.bytes + 40, routing, sizeof routing);
	super.bytes[6] = 43;
	super.vnet.checksum_start += sizeof routing;
	super.size += sizeof routing;
	if (!tap_is_int(segments_parse(&super.vnet, super.bytes, super.size, &segments), 0,
		    "a routing header"))
		return;
	memcpy(got + segments.header_size, super.bytes + segments.header_size, 1000);
	size_t size = segment_write(&segments, 0, got);
	tap_is_int(load_be16(got + 4), size - 40, "the length is with it");
	uint16_t checksum = load_be16(got + 64 + 16);
	store_be16(got + 64 + 16, 0);
	uint32_t start = pseudo + (uint32_t)(0xffff - 2020) + 1020;
	tap_is_int(checksum, plain_checksum((start & 0xffff) + (start >> 16), got + 64, 1020),
		"the checksum goes by the given pseudo-header");
}

static void test_malformed(void)
{
	static const struct {
		const char *name;
		size_t at;
		uint8_t value;
	} rows[] = {
		{"no version", 0, 0x05},
		{"the other version", 0, 0x65},
		{"short header", 0, 0x44},
		{"options beyond the transport header", 0, 0x46},
		{"another protocol", 9, 17},
		{"short TCP header", 32, 0x40},
	};
	const struct recipe recipe = {.flags = TCP_ACK, .payload = 3000, .options = 12};
	struct segments segments;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		make(&recipe, 1000);
		super.bytes[rows[i].at] = rows[i].value;
		tap_is_int(segments_parse(&super.vnet, super.bytes, super.size, &segments), -EPROTO,
			rows[i].name);
	}
	make(&recipe, 1000);
	size_t accepted = 0;
	for (size_t here = 0; here < 52; here++)
		accepted += segments_parse(&super.vnet, super.bytes, here, &segments) == 0;
	tap_is_int(accepted, 0, "cut within the headers");
	tap_is_int(segments_parse(&super.vnet, super.bytes, 52, &segments), 0, "not cut");
	tap_is_int(segments_parse(&super.vnet, super.bytes, 65536, &segments), -EPROTO,
		"longer than a packet can be");
	static const struct vnet wrong[] = {
		{1, VNET_TCP4, 0, 0, 20, 16},
		{1, VNET_TCP6, 0, 1000, 20, 16},
		{1, VNET_UDP, 0, 1000, 20, 6},
		{1, VNET_UDP | VNET_ECN, 0, 1000, 20, 6},
		{1, 3, 0, 1000, 20, 6}, /* UFO */
		{1, VNET_TCP4, 0, 1000, 24, 16},
		{1, VNET_TCP4, 0, 1000, 20, 6},
		{1, VNET_TCP4, 0, 1000, 0xffff, 0xffff},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		tap_is_int(segments_parse(&wrong[i], super.bytes, super.size, &segments), -EPROTO,
			"a header that does not fit");
}

static void test_complete(void)
{
	struct recipe recipe = {.flags = 0x18, .payload = 77};
	uint8_t want[200];

	for (int i = 0; i < 4; i++) {
		recipe.is_udp = i % 2;
		recipe.is_ipv6 = i / 2;
		size_t size = cook(&recipe, want);
		make(&recipe, 1000);
		super.vnet.kind = VNET_SINGLE;
		tap_is_int(segment_complete(&super.vnet, super.bytes, super.size), 0, "completed");
		tap_is_bytes(super.bytes, want, size, "as it must be");
	}
	size_t size = cook(&recipe, want);
	super.vnet.flags = 0;
	tap_is_int(segment_complete(&super.vnet, super.bytes, size), 0, "nothing to complete");
	tap_is_bytes(super.bytes, want, size, "as it was");
	super.vnet.flags = VNET_NEEDS_CHECKSUM;
	super.vnet.checksum_start = (uint16_t)(size - 2);
	super.vnet.checksum_offset = 0;
	tap_is_int(segment_complete(&super.vnet, super.bytes, size), 0, "at the very end");
	super.vnet.checksum_start++;
	tap_is_int(segment_complete(&super.vnet, super.bytes, size), -EPROTO, "behind the end");
	super.vnet.checksum_start = super.vnet.checksum_offset = 0xffff;
	tap_is_int(segment_complete(&super.vnet, super.bytes, size), -EPROTO, "far behind it");
}

int main(void)
{
	test_rows();
	test_random();
	test_zero_checksum();
	test_without_pseudo_header();
	test_extension();
	test_malformed();
	test_complete();
	return tap_done();
}
