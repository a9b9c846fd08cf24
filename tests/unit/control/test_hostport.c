/* SPDX-License-Identifier: ISC */
#include "base/attributes.h"
#include "base/error.h"
#include "control/hostport.h"
#include "tap.h"

#define TEN "aaaaaaaaaa"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define LABEL63 SIXTY "aaa"

static const struct {
	const char *text;
	int result;
} rows[] = {
	{"gw.example.net:51820", 0},
	{"gw.example.net.:51820", 0},
	{"localhost:1", 0},
	{"GW-1.example_net:65535", 0},
	{"1.example:1", 0},
	{"a1:1", 0},
	{"192.0.2.1:51820", 0},
	{"[2001:db8::1]:51820", 0},
	{LABEL63 ".b:1", 0},
	{LABEL63 "." LABEL63 "." LABEL63 "." SIXTY "a:1", 0},
	{"", ERR_SYNTAX},
	{":", ERR_SYNTAX},
	{":51820", ERR_SYNTAX},
	{"gw.example.net", ERR_SYNTAX},
	{"gw.example.net:", ERR_SYNTAX},
	{"gw.example.net:x", ERR_SYNTAX},
	{"gw.example.net:+1", ERR_SYNTAX},
	{"gw.example.net:0", ERR_RANGE},
	{"gw.example.net:65536", ERR_RANGE},
	{"gw..example:1", ERR_SYNTAX},
	{".example:1", ERR_SYNTAX},
	{".:1", ERR_SYNTAX},
	{"-a:1", ERR_SYNTAX},
	{"a-:1", ERR_SYNTAX},
	{"a.-b:1", ERR_SYNTAX},
	{"a b:1", ERR_SYNTAX},
	{"a/b:1", ERR_SYNTAX},
	{"a\tb:1", ERR_SYNTAX},
	{"\xc3\xa4:1", ERR_SYNTAX},
	{"user@host:1", ERR_SYNTAX},
	{"2001:db8::1:51820", ERR_SYNTAX},
	{"[2001:db8::1]", ERR_SYNTAX},
	{"[2001:db8::1:51820", ERR_SYNTAX},
	{"[]:1", ERR_SYNTAX},
	{"[:1", ERR_SYNTAX},
	{"[192.0.2.1]:1", ERR_SYNTAX},
	{"[fe80::1%eth0]:1", ERR_SYNTAX},
	{"192.0.2:1", ERR_SYNTAX},
	{"192.0.2.256:1", ERR_SYNTAX},
	{"example.1:1", ERR_SYNTAX},
	{"17:1", ERR_SYNTAX},
	{LABEL63 "a:1", ERR_RANGE},
	{"gw.example.net: 5", ERR_SYNTAX},
	{"gw net:1", ERR_SYNTAX},
	{"http://gw.net:1", ERR_SYNTAX},
	{LABEL63 "." LABEL63 "." LABEL63 "." SIXTY "aa:1", ERR_RANGE},
};

int main(void)
{
	uint16_t port = 4711;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		tap_is_int(hostport_parse(rows[i].text, strlen(rows[i].text), &port),
			rows[i].result, rows[i].text);
	port = 4711;
	tap_is_int(hostport_parse("a:1\0", 4, &port), ERR_SYNTAX, "a zero");
	tap_is_int(port, 4711, "nothing is set on failure");
	tap_is_int(hostport_parse("[2001:db8::1]:65535", 19, &port), 0, "the greatest port");
	tap_is_int(port, 65535, "is read");
	return tap_done();
}
