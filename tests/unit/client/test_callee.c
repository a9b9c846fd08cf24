/* SPDX-License-Identifier: ISC */
/* Which of a gateway's addresses is called, and how host:port is read. */
#include "client/callee.h"

#include "base/error.h"
#include "client/devicename.h"

#include "tap.h"

#include <stdlib.h>

static struct endpoint endpoint(const char *text)
{
	struct endpoint endpoint = {0};

	if (*text && endpoint_parse(text, strlen(text), &endpoint) < 0)
		abort();
	return endpoint;
}

static bool calls(const struct callee *callee, const char *text)
{
	struct endpoint in_use = callee_address(callee), want = endpoint(text);

	return endpoint_equal_remote(&in_use, &want);
}

static void test_addresses(void)
{
	struct callee callee = {.last_known = endpoint("192.0.2.9:1")};
	const struct endpoint found[] = {
		endpoint("192.0.2.1:1"), endpoint("192.0.2.2:1"), endpoint("192.0.2.1:1")};

	tap_ok(calls(&callee, ""), "nobody at first");
	tap_ok(callee_take(&callee, NULL, 0), "nothing is found");
	tap_ok(calls(&callee, "192.0.2.9:1"), "the last known is called");
	tap_ok(!callee_next(&callee), "there is no other");
	tap_ok(!callee_take(&callee, found, 3), "found while one is called");
	tap_ok(calls(&callee, "192.0.2.9:1"), "which stays so, for it may answer");
	tap_is_int(callee.count, 3, "doubles are left out");
	tap_ok(callee_next(&callee) && calls(&callee, "192.0.2.1:1"), "the next is the first");
	tap_ok(callee_next(&callee) && calls(&callee, "192.0.2.2:1"), "then the second");
	tap_ok(!callee_take(&callee, NULL, 0), "it does not resolve any more");
	tap_ok(calls(&callee, "192.0.2.2:1"), "all stays as it is");
	tap_ok(callee_take(&callee, found, 1), "the one in use has gone");
	tap_ok(calls(&callee, "192.0.2.1:1"), "the first is called");
}

static void test_many(void)
{
	struct callee callee = {.last_known = endpoint("192.0.2.9:1")};
	struct endpoint found[LOOKUP_ADDRESSES_MAX] = {0};

	for (unsigned i = 0; i < LOOKUP_ADDRESSES_MAX; i++) {
		found[i] = endpoint("192.0.2.1:1");
		found[i].remote.bytes[3] = (uint8_t)(100 + i);
	}
	tap_ok(callee_take(&callee, found, LOOKUP_ADDRESSES_MAX), "as many as there can be");
	tap_is_int(callee.count, LOOKUP_ADDRESSES_MAX + 1, "and the last known");
}

static const struct {
	const char *text, *host, *port; /* host NULL: refused */
} splits[] = {
	{"gw.example.net:51820", "gw.example.net", "51820"},
	{"192.0.2.1:1", "192.0.2.1", "1"},
	{"[2001:db8::1]:65535", "2001:db8::1", "65535"},
	{"", NULL, NULL},
	{"gw", NULL, NULL},
	{"gw:", NULL, NULL},
	{":1", NULL, NULL},
	{"gw:0", NULL, NULL},
	{"gw:65536", NULL, NULL},
	{"gw:1x", NULL, NULL},
	{"2001:db8::1:1", NULL, NULL},
	{"[]:1", NULL, NULL},
	{"[2001:db8::1:1", NULL, NULL},
	{"gw:123456", NULL, NULL},
};

static void test_split(void)
{
	char host[NETMAP_HOST_SIZE], port[LOOKUP_PORT_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(splits); i++) {
		int err = lookup_split(splits[i].text, host, port);
		tap_is_int(err, splits[i].host ? 0 : ERR_SYNTAX, splits[i].text);
		if (splits[i].host && err == 0)
			tap_ok(strcmp(host, splits[i].host) == 0 &&
					strcmp(port, splits[i].port) == 0,
				"host and port");
	}
}

static void test_longest(void)
{
	char text[NETMAP_HOST_SIZE + 8], host[NETMAP_HOST_SIZE], port[LOOKUP_PORT_SIZE];

	memset(text, 'a', sizeof text);
	memcpy(text + NETMAP_HOST_SIZE - 1, ":1", sizeof ":1");
	tap_is_int(lookup_split(text, host, port), 0, "the longest host");
	memcpy(text + NETMAP_HOST_SIZE - 1, "a:1", sizeof "a:1");
	tap_is_int(lookup_split(text, host, port), ERR_SYNTAX, "and one more");
}

static const struct {
	const char *host, *name;
} names[] = {
	{"laptop", "laptop"},
	{"Laptop.example.net", "laptop"},
	{"Alice's PC", "alice-s-pc"},
	{"--x--", "x"},
	{"", "device"},
	{".lan", "device"},
	{"---", "device"},
	{"\xc3\xa9t\xc3\xa9", "t"},
	{"a__b", "a-b"},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
};

static void test_names(void)
{
	char name[DEVICENAME_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		tap_ok(strcmp(devicename_of_host(names[i].host, name), names[i].name) == 0,
			names[i].name);
}

int main(void)
{
	test_addresses();
	test_many();
	test_split();
	test_longest();
	test_names();
	return tap_done();
}
