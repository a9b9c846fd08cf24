/* SPDX-License-Identifier: ISC */
#include "cli/hostport.h"

#include "base/error.h"
#include "tap.h"

static const struct {
	const char *text;
	int result;
	uint16_t port;
} rows[] = {
	{"gw.example.net:51820", 0, 51820},
	{"localhost:1", 0, 1},
	{"192.0.2.1:443", 0, 443},
	{"[2001:db8::1]:65535", 0, 65535},
	{"a-b.c1.xn--p1ai:9", 0, 9},
	{"gw.example.net", ERR_SYNTAX, 0},
	{"gw.example.net:", ERR_SYNTAX, 0},
	{"gw.example.net:0", ERR_RANGE, 0},
	{"gw.example.net:65536", ERR_RANGE, 0},
	{"gw.example.net:5x", ERR_SYNTAX, 0},
	{"gw.example.net: 5", ERR_SYNTAX, 0},
	{":51820", ERR_SYNTAX, 0},
	{"", ERR_SYNTAX, 0},
	{"2001:db8::1:51820", ERR_SYNTAX, 0},
	{"[192.0.2.1]:51820", ERR_SYNTAX, 0},
	{"[]:51820", ERR_SYNTAX, 0},
	{"[gw.example.net]:51820", ERR_SYNTAX, 0},
	{"192.0.2.300:51820", ERR_SYNTAX, 0},
	{"192.0.2:51820", ERR_SYNTAX, 0},
	{"gw..net:1", ERR_SYNTAX, 0},
	{".gw:1", ERR_SYNTAX, 0},
	{"gw.:1", ERR_SYNTAX, 0},
	{"-gw.net:1", ERR_SYNTAX, 0},
	{"GW.net:1", ERR_SYNTAX, 0},
	{"gw net:1", ERR_SYNTAX, 0},
	{"gw\t.net:1", ERR_SYNTAX, 0},
	{"http://gw.net:1", ERR_SYNTAX, 0},
};

int main(void)
{
	char name[300];
	uint16_t port;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		port = 4711;
		tap_is_int(hostport_parse(rows[i].text, &port), rows[i].result, rows[i].text);
		tap_is_int(port, rows[i].result == 0 ? rows[i].port : 4711, "and its port");
	}
	/* the longest name of the DNS, and one byte more */
	for (size_t i = 0; i < sizeof name; i++)
		name[i] = i % 2 ? '.' : 'a';
	memcpy(name + 253, ":1", 3);
	tap_is_int(hostport_parse(name, &port), 0, "253 bytes");
	name[253] = 'a';
	memcpy(name + 254, ":1", 3);
	tap_is_int(hostport_parse(name, &port), ERR_RANGE, "254 bytes");
	return tap_done();
}
