/* SPDX-License-Identifier: ISC */
#include "wireguard/inner.h"

#include "operations.h"
#include "tap.h"

/* A packet: its first bytes, how many there are in all, and the length that it has; 0: none. */
static const struct inner_case {
	const char *name;
	uint8_t head[6];
	size_t size;
	size_t want;
} cases[] = {
	{"IPv4, header alone", {0x45, 0, 0, 20}, 20, 20},
	{"IPv4 with data", {0x45, 0, 0, 84}, 84, 84},
	{"IPv4 with padding behind", {0x45, 0, 0, 21}, 32, 21},
	{"IPv4, one byte missing", {0x45, 0, 0, 84}, 83, 0},
	{"IPv4, total length below its header", {0x45, 0, 0, 19}, 84, 0},
	{"IPv4, total length zero", {0x45, 0, 0, 0}, 84, 0},
	{"IPv4, header of four words", {0x44, 0, 0, 84}, 84, 0},
	{"IPv4, header of no words", {0x40, 0, 0, 84}, 84, 0},
	{"IPv4, greatest options", {0x4f, 0, 0, 60}, 60, 60},
	{"IPv4, options behind the total length", {0x4f, 0, 0, 59}, 84, 0},
	{"IPv4, header behind the packet", {0x4f, 0, 0, 20}, 20, 0},
	{"IPv4, greatest", {0x45, 0, 0xff, 0xff}, 65535, 65535},
	{"IPv4, greatest, one byte missing", {0x45, 0, 0xff, 0xff}, 65534, 0},
	{"IPv4, 19 bytes", {0x45, 0, 0, 20}, 19, 0},
	{"IPv4, one byte", {0x45}, 1, 0},
	{"IPv6, header alone", {0x60, 0, 0, 0, 0, 0}, 40, 40},
	{"IPv6 with data", {0x60, 0, 0, 0, 0, 24}, 64, 64},
	{"IPv6 with padding behind", {0x60, 0, 0, 0, 0, 1}, 48, 41},
	{"IPv6, one byte missing", {0x60, 0, 0, 0, 0, 25}, 64, 0},
	{"IPv6, greatest", {0x60, 0, 0, 0, 0xff, 0xff}, 65575, 65575},
	{"IPv6, greatest, one byte missing", {0x60, 0, 0, 0, 0xff, 0xff}, 65574, 0},
	{"IPv6, traffic class set", {0x6f, 0xff, 0xff, 0xff, 0, 0}, 40, 40},
	{"IPv6, 39 bytes", {0x60, 0, 0, 0, 0, 0}, 39, 0},
	{"IPv6, one byte", {0x60}, 1, 0},
	{"nothing", {0}, 0, 0},
	{"version 0", {0x05, 0, 0, 20}, 64, 0},
	{"version 5", {0x55, 0, 0, 20}, 64, 0},
	{"version 15", {0xf5, 0, 0, 20}, 64, 0},
};

/* A packet of exactly this size on the heap, so that a sanitizer sees a byte too many. */
static uint8_t *packet_new(const uint8_t *head, size_t head_size, size_t size)
{
	uint8_t *packet = malloc(size ? size : 1);

	if (!packet)
		abort();
	for (size_t i = 0; i < size; i++)
		packet[i] = (uint8_t)i;
	memcpy(packet, head, size < head_size ? size : head_size);
	return packet;
}

static void test_lengths(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const struct inner_case *row = &cases[i];
		uint8_t *packet = packet_new(row->head, sizeof row->head, row->size);
		struct inner inner, untouched;

		memset(&inner, 0x5a, sizeof inner);
		memset(&untouched, 0x5a, sizeof untouched);
		int error = inner_parse(packet, row->size, &inner);
		if (row->want)
			tap_ok(!error && inner.length == row->want, row->name);
		else
			tap_ok(error == -EPROTO && !memcmp(&inner, &untouched, sizeof inner),
				row->name);
		free(packet);
	}
}

static void test_addresses(void)
{
	static const uint8_t zeroes[12];
	uint8_t head4[] = {0x45, 0, 0, 20}, head6[] = {0x60, 0, 0, 0, 0, 0};
	uint8_t *packet = packet_new(head4, sizeof head4, 20);
	struct inner inner;

	memset(&inner, 0x5a, sizeof inner);
	tap_is_int(inner_parse(packet, 20, &inner), 0, "an IPv4 packet");
	tap_ok(inner.source.family == ADDRESS_IPV4 && inner.destination.family == ADDRESS_IPV4,
		"IPv4: families");
	tap_is_bytes(inner.source.bytes, packet + 12, 4, "IPv4: source");
	tap_is_bytes(inner.source.bytes + 4, zeroes, 12, "IPv4: zeroes behind the source");
	tap_is_bytes(inner.destination.bytes, packet + 16, 4, "IPv4: destination");
	tap_is_bytes(
		inner.destination.bytes + 4, zeroes, 12, "IPv4: zeroes behind the destination");
	free(packet);

	packet = packet_new(head6, sizeof head6, 40);
	tap_is_int(inner_parse(packet, 40, &inner), 0, "an IPv6 packet");
	tap_ok(inner.source.family == ADDRESS_IPV6 && inner.destination.family == ADDRESS_IPV6,
		"IPv6: families");
	tap_is_bytes(inner.source.bytes, packet + 8, 16, "IPv6: source");
	tap_is_bytes(inner.destination.bytes, packet + 24, 16, "IPv6: destination");
	free(packet);
}

/* What has been accepted is never longer than what was there, nor shorter than its header. */
static void test_random(void)
{
	struct prng prng = prng_start();
	uint8_t bytes[80];
	uint64_t wrong = 0, accepted = 0;

	for (uint64_t i = operations_wanted(); i > 0; i--) {
		size_t size = prng_below(&prng, sizeof bytes + 1);
		struct inner inner;

		for (size_t at = 0; at < sizeof bytes; at += 8) {
			uint64_t word = prng_u64(&prng);
			memcpy(bytes + at, &word, 8);
		}
		bytes[0] = (uint8_t)((prng_below(&prng, 2) ? 0x40 : 0x60) | (bytes[0] & 0x0f));
		bytes[2] = bytes[4] = 0;
		if (inner_parse(bytes, size, &inner) < 0)
			continue;
		size_t least = bytes[0] >> 4 == 4 ? (bytes[0] & 15) * 4U : 40;
		accepted++;
		wrong += inner.length > size || inner.length < least || least < 20;
	}
	tap_is_int(wrong, 0, "random packets: length between header and size");
	tap_ok(accepted > 0 || operations_wanted() < 1000, "random packets: some are accepted");
}

int main(void)
{
	test_lengths();
	test_addresses();
	test_random();
	return tap_done();
}
