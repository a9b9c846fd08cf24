/* SPDX-License-Identifier: ISC */
#include "base/address.h"
#include "base/error.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>

/* A row of text: what it is read as, written again; NULL where it is refused with `result`. */
struct row {
	const char *name;
	const char *text;
	const char *again;
	int result;
};

static const struct row addresses[] = {
	{"IPv4", "192.0.2.1", "192.0.2.1", 0},
	{"IPv4, least", "0.0.0.0", "0.0.0.0", 0},
	{"IPv4, greatest", "255.255.255.255", "255.255.255.255", 0},
	{"IPv6", "2001:db8::1", "2001:db8::1", 0},
	{"IPv6, none", "::", "::", 0},
	{"IPv6, in full", "2001:0DB8:0:0:0:0:00:0001", "2001:db8::1", 0},
	{"IPv6, one zero is not shortened", "1:2:3:4:5:6:0:8", "1:2:3:4:5:6:0:8", 0},
	{"IPv6, longest", "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0},
	{"IPv4 in IPv6", "::ffff:192.0.2.1", "::ffff:192.0.2.1", 0},
	{"nothing", "", NULL, ERR_SYNTAX},
	{"a name", "localhost", NULL, ERR_SYNTAX},
	{"three numbers", "192.0.2", NULL, ERR_SYNTAX},
	{"five numbers", "192.0.2.1.1", NULL, ERR_SYNTAX},
	{"a number over 255", "192.0.2.256", NULL, ERR_SYNTAX},
	{"a leading zero", "192.0.2.01", NULL, ERR_SYNTAX},
	{"hexadecimal IPv4", "0xc0.0.2.1", NULL, ERR_SYNTAX},
	{"one number for IPv4", "3221225985", NULL, ERR_SYNTAX},
	{"space before", " 192.0.2.1", NULL, ERR_SYNTAX},
	{"space behind", "192.0.2.1 ", NULL, ERR_SYNTAX},
	{"newline behind", "192.0.2.1\n", NULL, ERR_SYNTAX},
	{"a port behind", "192.0.2.1:1", NULL, ERR_SYNTAX},
	{"a length behind", "192.0.2.1/32", NULL, ERR_SYNTAX},
	{"two double colons", "1::2::3", NULL, ERR_SYNTAX},
	{"seven groups", "1:2:3:4:5:6:7", NULL, ERR_SYNTAX},
	{"nine groups", "1:2:3:4:5:6:7:8:9", NULL, ERR_SYNTAX},
	{"five digits", "2001:0db80::1", NULL, ERR_SYNTAX},
	{"brackets", "[2001:db8::1]", NULL, ERR_SYNTAX},
	{"a scope", "fe80::1%1", NULL, ERR_SYNTAX},
	{"as long as the buffer",
		"0000000000000000000000000000000000000000000000000000000000000000", NULL,
		ERR_SYNTAX},
	{"as long as the buffer, IPv6",
		"0000:000000000000000000000000000000000000000000000000000000000::", NULL,
		ERR_SYNTAX},
};

static const struct row prefixes[] = {
	{"IPv4 prefix", "192.0.2.0/24", "192.0.2.0/24", 0},
	{"IPv4 without length", "192.0.2.1", "192.0.2.1/32", 0},
	{"IPv6 without length", "2001:db8::1", "2001:db8::1/128", 0},
	{"host bits", "192.0.2.255/25", "192.0.2.128/25", 0},
	{"host bits of IPv6", "2001:db8:ffff:ffff::1/33", "2001:db8:8000::/33", 0},
	{"everything", "255.255.255.255/0", "0.0.0.0/0", 0},
	{"everything of IPv6", "ffff::/0", "::/0", 0},
	{"longest", "255.255.255.255/32", "255.255.255.255/32", 0},
	{"longest of IPv6", "ffff::ffff/128", "ffff::ffff/128", 0},
	{"longer than IPv4", "192.0.2.0/33", NULL, ERR_RANGE},
	{"longer than IPv6", "2001:db8::/129", NULL, ERR_RANGE},
	{"a length that overflows", "192.0.2.0/4294967296", NULL, ERR_RANGE},
	{"no length behind the slash", "192.0.2.0/", NULL, ERR_SYNTAX},
	{"no address before the slash", "/24", NULL, ERR_SYNTAX},
	{"a mask", "192.0.2.0/255.255.255.0", NULL, ERR_SYNTAX},
	{"two lengths", "192.0.2.0/24/24", NULL, ERR_SYNTAX},
	{"negative length", "192.0.2.0/-1", NULL, ERR_SYNTAX},
	{"space behind the length", "192.0.2.0/24 ", NULL, ERR_SYNTAX},
	{"nothing for a prefix", "", NULL, ERR_SYNTAX},
};

static const struct row endpoints[] = {
	{"as wg(8) writes IPv4", "1.2.3.4:51820", "1.2.3.4:51820", 0},
	{"as wg(8) writes IPv6", "[2001:db8::1]:51820", "[2001:db8::1]:51820", 0},
	{"as wg(8) writes a scope", "[fe80::1%lo]:51820", "[fe80::1%1]:51820", 0},
	{"a scope by number", "[fe80::1%1]:51820", "[fe80::1%1]:51820", 0},
	{"a great scope", "[fe80::1%2147483647]:1", "[fe80::1%2147483647]:1", 0},
	{"link-local without a scope", "[fe80::1]:51820", "[fe80::1]:51820", 0},
	{"the last link-local", "[febf::1%1]:1", "[febf::1%1]:1", 0},
	{"a scope without a use", "[2001:db8::1%1]:1", "[2001:db8::1]:1", 0},
	{"the greatest port", "1.2.3.4:65535", "1.2.3.4:65535", 0},
	{"a port too great", "1.2.3.4:65536", NULL, ERR_RANGE},
	{"port zero", "1.2.3.4:0", NULL, ERR_RANGE},
	{"port zero of IPv6", "[::1]:0", NULL, ERR_RANGE},
	{"no port", "1.2.3.4", NULL, ERR_SYNTAX},
	{"no port behind the colon", "1.2.3.4:", NULL, ERR_SYNTAX},
	{"no port, IPv6", "[2001:db8::1]", NULL, ERR_SYNTAX},
	{"no port behind the colon, IPv6", "[2001:db8::1]:", NULL, ERR_SYNTAX},
	{"no colon", "[2001:db8::1]51820", NULL, ERR_SYNTAX},
	{"no brackets", "2001:db8::1:51820", NULL, ERR_SYNTAX},
	{"not closed", "[2001:db8::1:51820", NULL, ERR_SYNTAX},
	{"closed twice", "[2001:db8::1]]:51820", NULL, ERR_SYNTAX},
	{"empty brackets", "[]:51820", NULL, ERR_SYNTAX},
	{"IPv4 in brackets", "[1.2.3.4]:51820", NULL, ERR_SYNTAX},
	{"a name for a host", "localhost:51820", NULL, ERR_SYNTAX},
	{"a name for a port", "1.2.3.4:http", NULL, ERR_SYNTAX},
	{"something behind the port", "1.2.3.4:51820 ", NULL, ERR_SYNTAX},
	{"newline behind the port", "[::1]:51820\n", NULL, ERR_SYNTAX},
	{"something before", " 1.2.3.4:51820", NULL, ERR_SYNTAX},
	{"empty scope", "[fe80::1%]:51820", NULL, ERR_SYNTAX},
	{"no such interface", "[fe80::1%nosuch0]:51820", NULL, -ENODEV},
	{"a scope too great", "[fe80::1%2147483648]:51820", NULL, ERR_RANGE},
	{"a name too long", "[fe80::1%sixteencharacter]:51820", NULL, ERR_SYNTAX},
	{"two scopes", "[fe80::1%lo%lo]:51820", NULL, -ENODEV},
	{"a scope of IPv4", "1.2.3.4%lo:51820", NULL, ERR_SYNTAX},
	{"nothing for an endpoint", "", NULL, ERR_SYNTAX},
	{"a bracket alone", "[", NULL, ERR_SYNTAX},
	{"a colon alone", ":", NULL, ERR_SYNTAX},
};

/* Parses text that lies in memory of exactly its size, so that a sanitizer sees a read behind it.
 */
typedef int parse_and_format(const char *text, size_t size, char ret_again[static 128]);

static int address_again(const char *text, size_t size, char ret_again[static 128])
{
	struct address address;

	int result = address_parse(text, size, &address);
	if (result == 0)
		address_format(&address, ret_again);
	return result;
}

static int prefix_again(const char *text, size_t size, char ret_again[static 128])
{
	char formatted[ADDRESS_TEXT_SIZE];
	struct prefix prefix;

	int result = prefix_parse(text, size, &prefix);
	if (result == 0)
		(void)snprintf(ret_again, 128, "%s/%d", address_format(&prefix.address, formatted),
			prefix.length);
	return result;
}

static int endpoint_again(const char *text, size_t size, char ret_again[static 128])
{
	struct endpoint endpoint;

	int result = endpoint_parse(text, size, &endpoint);
	if (result == 0)
		endpoint_format(&endpoint, ret_again);
	return result;
}

static void check(const struct row *rows, size_t count, parse_and_format *again)
{
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(rows[i].text);
		char *text = malloc(size);
		char got[128] = "refused";
		if (size > 0)
			memcpy(text, rows[i].text, size);
		tap_is_int(again(text, size, got), rows[i].result, rows[i].name);
		if (!tap_ok(strcmp(got, rows[i].again ? rows[i].again : "refused") == 0,
			    rows[i].name))
			printf("# got %s\n", got);
		free(text);
	}
}

static void test_zero_bytes(void)
{
	struct endpoint endpoint;
	struct address address;

	tap_is_int(address_parse("1.2.3.4\0", 8, &address), ERR_SYNTAX, "a zero byte behind");
	tap_is_int(address_parse("::1\0002", 5, &address), ERR_SYNTAX, "a zero byte inside");
	tap_is_int(endpoint_parse("[fe80::1%lo\0]:1", 15, &endpoint), ERR_SYNTAX,
		"a zero byte behind a scope");
}

/* Every length of both families against a loop over single bits. */
static void test_normalize(void)
{
	bool agree = true;

	for (unsigned length = 0; length <= 128; length++) {
		struct prefix prefix = {.length = (uint8_t)length};
		memset(prefix.address.bytes, 0xff, sizeof prefix.address.bytes);
		prefix_normalize(&prefix);
		for (unsigned bit = 0; bit < 128; bit++) {
			bool set = prefix.address.bytes[bit / 8] & (0x80 >> bit % 8);
			agree &= set == (bit < length);
		}
	}
	tap_ok(agree, "exactly the bits of the length stay");
}

static void test_equality(void)
{
	struct endpoint a = {.remote = {.family = ADDRESS_IPV4, .bytes = {1}}, .port = 5};
	struct endpoint source = a, port = a, scope = a, family = a, address = a;

	source.source.family = ADDRESS_IPV4;
	source.source_ifindex = 3;
	port.port = 6;
	scope.scope_id = 1;
	family.remote.family = ADDRESS_IPV6;
	address.remote.bytes[15] = 1;
	tap_ok(endpoint_equal_remote(&a, &source), "our own side is not compared");
	tap_ok(!endpoint_equal_remote(&a, &port), "another port");
	tap_ok(!endpoint_equal_remote(&a, &scope), "another scope");
	tap_ok(!endpoint_equal_remote(&a, &family), "another family");
	tap_ok(!endpoint_equal_remote(&a, &address), "another address");
}

/* The longest text of each kind fits its buffer; none is no address. */
static void test_formats(void)
{
	struct endpoint endpoint = {
		.remote = {.family = ADDRESS_IPV6}, .port = 65535, .scope_id = UINT32_MAX};
	struct address none = {.family = ADDRESS_NONE};
	char text[ENDPOINT_TEXT_SIZE];

	memset(endpoint.remote.bytes, 0xff, sizeof endpoint.remote.bytes);
	tap_ok(strcmp(endpoint_format(&endpoint, text),
		       "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535") == 0,
		"the longest endpoint");
	tap_ok(strcmp(address_format(&none, text), "(none)") == 0, "no address");
}

int main(void)
{
	check(addresses, ARRAY_LENGTH(addresses), address_again);
	check(prefixes, ARRAY_LENGTH(prefixes), prefix_again);
	check(endpoints, ARRAY_LENGTH(endpoints), endpoint_again);
	test_zero_bytes();
	test_normalize();
	test_equality();
	test_formats();
	return tap_done();
}
