/* SPDX-License-Identifier: ISC */
/* Neighbours by name, and their link addresses as text. */
#include "tap.h"

#include "base/error.h"
#include "harden/neighbour.h"

#include <errno.h>

static struct address nth(unsigned n)
{
	return (struct address){.family = ADDRESS_IPV4, .bytes = {192, 0, 2, (uint8_t)n}};
}

static void test_names(void)
{
	static struct neighbours neighbours;
	struct address address;

	for (unsigned i = 0; i < NEIGHBOURS_MAX; i++) {
		address = nth(i);
		if (neighbours_name(&neighbours, &address) < 0)
			tap_ok(false, "room for all");
	}
	address = nth(3);
	tap_is_int(neighbours_name(&neighbours, &address), 0, "one again");
	tap_is_int((intmax_t)neighbours.count, NEIGHBOURS_MAX, "counts once");
	address = nth(NEIGHBOURS_MAX);
	tap_is_int(neighbours_name(&neighbours, &address), -E2BIG, "one too many");
	tap_is_int((intmax_t)neighbours_count(&neighbours, ADDRESS_NONE), 0, "none is known yet");
	neighbours.list[5].has_mac = true;
	tap_is_int((intmax_t)neighbours_count(&neighbours, ADDRESS_NONE), 1, "one is");
	tap_is_int((intmax_t)neighbours_count(&neighbours, ADDRESS_IPV4), 1, "of its family");
	tap_is_int((intmax_t)neighbours_count(&neighbours, ADDRESS_IPV6), 0, "not of the other");
}

static void test_text(void)
{
	static const uint8_t mac[NEIGHBOUR_MAC_SIZE] = {0x02, 0x00, 0xab, 0xcd, 0xef, 0x09};
	static const char *const wrong[] = {"", "02:00:ab:cd:ef:0", "02:00:ab:cd:ef:090",
		"02-00-ab-cd-ef-09", "02:00:AB:cd:ef:09", "02:00:ab:cd:ef:0g", "02:00:ab:cd:ef 09"};
	char text[NEIGHBOUR_MAC_TEXT_SIZE];
	uint8_t back[NEIGHBOUR_MAC_SIZE];

	tap_ok(strcmp(neighbour_format_mac(mac, text), "02:00:ab:cd:ef:09") == 0, "written");
	tap_is_int(neighbour_parse_mac(text, back), 0, "read");
	tap_is_bytes(back, mac, sizeof mac, "as it was");
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		tap_is_int(neighbour_parse_mac(wrong[i], back), ERR_SYNTAX, wrong[i]);
}

int main(void)
{
	test_names();
	test_text();
	return tap_done();
}
