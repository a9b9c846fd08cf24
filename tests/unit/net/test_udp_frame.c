/* SPDX-License-Identifier: ISC */
/* Datagrams from the wire: plain ones are read, and each single fault is refused. */
#include "tap.h"

#include "base/bytes.h"
#include "net/checksum.h"
#include "net/udp_frame.h"

#include <errno.h>
#include <stdlib.h>

enum {
	PAYLOAD = 40,
	FRAME_MAX = 40 + 8 + PAYLOAD + 18,
};

static uint8_t bytes[FRAME_MAX];

static void sum_ipv4(void)
{
	checksum_store(bytes + 10, 0);
	checksum_store(bytes + 10, (uint16_t)~checksum_fold(checksum_add(0, bytes, 20)));
}

/* From 192.0.2.7 or 2001:db8::7, port 1234; its size. */
static size_t make(bool is_ipv6)
{
	size_t header = is_ipv6 ? 40 : 20;

	memset(bytes, 0, sizeof bytes);
	bytes[0] = is_ipv6 ? 0x60 : 0x45;
	if (is_ipv6) {
		store_be16(bytes + 4, 8 + PAYLOAD);
		bytes[6] = 17;
		memcpy(bytes + 8, (uint8_t[4]){0x20, 0x01, 0x0d, 0xb8}, 4);
		bytes[23] = 7;
		bytes[39] = 1;
	} else {
		store_be16(bytes + 2, 20 + 8 + PAYLOAD);
		bytes[9] = 17;
		memcpy(bytes + 12, (uint8_t[8]){192, 0, 2, 7, 192, 0, 2, 1}, 8);
		sum_ipv4();
	}
	store_be16(bytes + header, 1234);
	store_be16(bytes + header + 2, 51820);
	store_be16(bytes + header + 4, 8 + PAYLOAD);
	return header + 8 + PAYLOAD;
}

static void test_plain(void)
{
	struct udp_frame frame;

	for (int is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
		size_t size = make(is_ipv6);
		tap_is_int(udp_frame_read(bytes, size, &frame), 0, "a plain datagram");
		tap_is_int((intmax_t)frame.payload_at, is_ipv6 ? 48 : 28, "its payload's place");
		tap_is_int((intmax_t)frame.payload_size, PAYLOAD, "and size");
		tap_is_int(frame.source_port, 1234, "its port");
		tap_is_int(frame.source.bytes[is_ipv6 ? 15 : 3], 7, "its source");
		tap_is_int(frame.destination.bytes[is_ipv6 ? 15 : 3], 1, "its destination");
		tap_is_int(udp_frame_read(bytes, size + 18, &frame), 0, "with what Ethernet pads");
		tap_is_int((intmax_t)frame.payload_size, PAYLOAD, "which is not its own");
		for (size_t cut = 0; cut < size; cut++) {
			if (udp_frame_read(bytes, cut, &frame) != -EBADMSG)
				tap_ok(false, "cut short");
		}
	}
}

static const struct {
	const char *name;
	bool is_ipv6;
	size_t at;
	uint8_t value;
	bool keeps_sum; /* the header's checksum is not put right */
} faults[] = {
	{"options", false, 0, 0x46, false},
	{"another version", false, 0, 0x55, false},
	{"IPv4, not UDP", false, 9, 6, false},
	{"more fragments", false, 6, 0x20, false},
	{"a later fragment", false, 7, 1, false},
	{"IPv4 length too long", false, 3, 20 + 8 + PAYLOAD + 1, false},
	{"IPv4 length too short", false, 3, 20 + 8 + PAYLOAD - 1, false},
	{"IPv4 shorter than UDP", false, 3, 27, false},
	{"a wrong checksum of the header", false, 15, 8, true},
	{"UDP length", false, 25, 8 + PAYLOAD + 1, false},
	{"UDP shorter than itself", false, 25, 7, false},
	{"IPv6, not UDP next", true, 6, 60, false},
	{"IPv6 length", true, 5, 8 + PAYLOAD - 1, false},
	{"UDP length over IPv6", true, 45, 8 + PAYLOAD - 1, false},
};

static void test_faults(void)
{
	struct udp_frame frame;

	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
		size_t size = make(faults[i].is_ipv6);
		bytes[faults[i].at] = faults[i].value;
		if (!faults[i].is_ipv6 && !faults[i].keeps_sum)
			sum_ipv4();
		tap_is_int(udp_frame_read(bytes, size, &frame), -EBADMSG, faults[i].name);
	}
}

int main(void)
{
	test_plain();
	test_faults();
	return tap_done();
}
