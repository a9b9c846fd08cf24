/* SPDX-License-Identifier: ISC */
#include "base/clock.h"
#include "base/error.h"
#include "store/overlay.h"
#include "tap.h"

static struct overlay overlay_of(const char *ipv4, const char *ipv6)
{
	struct overlay overlay = {0};

	tap_is_int(prefix_parse(ipv4, strlen(ipv4), &overlay.ipv4), 0, ipv4);
	tap_is_int(prefix_parse(ipv6, strlen(ipv6), &overlay.ipv6), 0, ipv6);
	return overlay;
}

static const struct {
	const char *name;
	const char *ipv4, *ipv6;
	int result;
} checks[] = {
	{"the usual one", "100.80.0.0/16", "fd12:3456:789a::/48", 0},
	{"the greatest", "10.0.0.0/8", "fd00::/8", 0},
	{"greater than the greatest", "10.0.0.0/7", "fd12::/48", ERR_RANGE},
	{"the smallest", "192.168.7.0/24", "fd12::/96", 0},
	{"smaller than the smallest", "192.168.7.0/25", "fd12::/96", ERR_RANGE},
	{"an IPv6 prefix without room", "100.80.0.0/16", "fd12::/97", ERR_RANGE},
	{"both IPv4", "100.80.0.0/16", "100.80.0.0/16", ERR_RANGE},
	{"both IPv6", "fd12::/16", "fd12::/48", ERR_RANGE},
};

static void test_check(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(checks); i++) {
		struct overlay overlay = overlay_of(checks[i].ipv4, checks[i].ipv6);
		tap_is_int(overlay_check(&overlay), checks[i].result, checks[i].name);
	}
}

static void is_address(struct address address, const char *text)
{
	char formatted[ADDRESS_TEXT_SIZE];

	tap_ok(strcmp(address_format(&address, formatted), text) == 0, text);
}

static void is_prefix(struct prefix prefix, const char *address, int length)
{
	is_address(prefix.address, address);
	tap_is_int(prefix.length, length, "its length");
}

static void test_addresses(void)
{
	struct overlay overlay = overlay_of("100.80.0.0/16", "fd12:3456:789a::/48");

	is_address(overlay_ipv4(&overlay, 0x8001), "100.80.128.1");
	is_address(overlay_ipv6(&overlay, 0x8001), "fd12:3456:789a::8001");
	is_prefix(overlay_part_ipv4(&overlay, OVERLAY_GATEWAYS), "100.80.0.0", 19);
	is_prefix(overlay_part_ipv4(&overlay, OVERLAY_JOINING), "100.80.32.0", 19);
	is_prefix(overlay_part_ipv4(&overlay, OVERLAY_SERVICES), "100.80.64.0", 18);
	is_prefix(overlay_part_ipv4(&overlay, OVERLAY_DEVICES), "100.80.128.0", 17);
	is_prefix(overlay_part_ipv6(&overlay, OVERLAY_GATEWAYS), "fd12:3456:789a::", 115);
	is_prefix(overlay_part_ipv6(&overlay, OVERLAY_DEVICES), "fd12:3456:789a::8000", 113);
	tap_is_int(overlay_first(&overlay, OVERLAY_GATEWAYS), 1, "the first gateway");
	tap_is_int(overlay_last(&overlay, OVERLAY_DEVICES), 0xfffe, "not the broadcast address");
	tap_ok(overlay_rest_ns(OVERLAY_DEVICES) == 30ULL * 24 * 3600 * NS_PER_S,
		"an address of a device rests for 30 days");
}

/* Each number of a small and of a great overlay is in one part at most, and in its prefix. */
static void test_parts(const char *ipv4)
{
	struct overlay overlay = overlay_of(ipv4, "fd12::/48");
	uint32_t before = 0;

	for (enum overlay_part part = OVERLAY_GATEWAYS; part <= OVERLAY_DEVICES; part++) {
		struct prefix prefix = overlay_part_ipv4(&overlay, part);
		uint32_t first = overlay_first(&overlay, part);
		uint32_t last = overlay_last(&overlay, part);
		struct prefix of_last = {overlay_ipv4(&overlay, last), prefix.length};

		tap_ok(first > before && last > first, "a part is behind the one before");
		prefix_normalize(&of_last);
		tap_ok(address_equal(&of_last.address, &prefix.address), "and ends in its prefix");
		before = last;
	}
	tap_ok(before < 1U << (32 - overlay.ipv4.length), "and all of them in the overlay");
}

int main(void)
{
	test_check();
	test_addresses();
	test_parts("192.168.7.0/24");
	test_parts("100.80.0.0/16");
	test_parts("10.0.0.0/8");
	return tap_done();
}
