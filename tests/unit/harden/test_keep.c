/* SPDX-License-Identifier: ISC */
/* Exceptions as text, and what they cover. */
#include "tap.h"

#include "base/error.h"
#include "harden/keep.h"

#include <netinet/in.h>

static const struct {
	const char *text;
	int result;
	const char *again; /* as it is written; NULL: as it was read */
} texts[] = {
	{"tcp/22", 0, NULL},
	{"udp/1", 0, NULL},
	{"tcp/65535", 0, NULL},
	{"udp/5000-5010", 0, NULL},
	{"tcp/22-22", 0, "tcp/22"},
	{"tcp/22 from 192.0.2.0/24", 0, NULL},
	{"tcp/22 from 192.0.2.77/24", 0, "tcp/22 from 192.0.2.0/24"},
	{"tcp/22 from 192.0.2.7", 0, "tcp/22 from 192.0.2.7/32"},
	{"tcp/1-65535 from 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128", 0, NULL},
	{"tcp/22 from 0.0.0.0/0", 0, NULL},
	{"", ERR_SYNTAX, NULL},
	{"tcp", ERR_SYNTAX, NULL},
	{"tcp/", ERR_SYNTAX, NULL},
	{"/22", ERR_UNKNOWN_WORD, NULL},
	{"icmp/8", ERR_UNKNOWN_WORD, NULL},
	{"TCP/22", ERR_UNKNOWN_WORD, NULL},
	{"tcpx/22", ERR_UNKNOWN_WORD, NULL},
	{"tcp/ssh", ERR_SYNTAX, NULL},
	{"tcp/0", ERR_RANGE, NULL},
	{"tcp/65536", ERR_RANGE, NULL},
	{"tcp/22-", ERR_SYNTAX, NULL},
	{"tcp/-22", ERR_SYNTAX, NULL},
	{"tcp/22-21", ERR_RANGE, NULL},
	{"tcp/22-65536", ERR_RANGE, NULL},
	{"tcp/0-22", ERR_RANGE, NULL},
	{"tcp/22 from", ERR_SYNTAX, NULL},
	{"tcp/22 from ", ERR_SYNTAX, NULL},
	{"tcp/22  from 192.0.2.0/24", ERR_SYNTAX, NULL},
	{"tcp/22 from example.net", ERR_SYNTAX, NULL},
	{"tcp/22 from 192.0.2.0/33", ERR_RANGE, NULL},
	{"tcp/22 from 2001:db8::/129", ERR_RANGE, NULL},
	{"tcp/22 to 192.0.2.0/24", ERR_SYNTAX, NULL},
};

static const struct {
	const char *keep;
	uint8_t protocol;
	uint16_t port;
	const char *source;
	bool is_covered;
} sources[] = {
	{"tcp/22", IPPROTO_TCP, 22, "192.0.2.1", true},
	{"tcp/22", IPPROTO_TCP, 22, "2001:db8::1", true},
	{"tcp/22", IPPROTO_UDP, 22, "192.0.2.1", false},
	{"tcp/22", IPPROTO_TCP, 23, "192.0.2.1", false},
	{"tcp/22-24", IPPROTO_TCP, 22, "192.0.2.1", true},
	{"tcp/22-24", IPPROTO_TCP, 24, "192.0.2.1", true},
	{"tcp/22-24", IPPROTO_TCP, 21, "192.0.2.1", false},
	{"tcp/22-24", IPPROTO_TCP, 25, "192.0.2.1", false},
	{"tcp/22 from 192.0.2.0/24", IPPROTO_TCP, 22, "192.0.2.255", true},
	{"tcp/22 from 192.0.2.0/24", IPPROTO_TCP, 22, "192.0.3.0", false},
	{"tcp/22 from 192.0.2.0/24", IPPROTO_TCP, 22, "2001:db8::1", false},
	{"tcp/22 from 2001:db8::/32", IPPROTO_TCP, 22, "2001:db8:1::", true},
	{"tcp/22 from 2001:db8::/32", IPPROTO_TCP, 22, "192.0.2.1", false},
	{"tcp/22 from 0.0.0.0/0", IPPROTO_TCP, 22, "2001:db8::1", false},
};

static void test_texts(void)
{
	char again[KEEP_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct keep keep = {.protocol = 77};
		const char *want = texts[i].again ? texts[i].again : texts[i].text;
		int result = keep_parse(texts[i].text, strlen(texts[i].text), &keep);
		if (!tap_is_int(result, texts[i].result, texts[i].text))
			continue;
		if (result == 0)
			tap_ok(strcmp(keep_format(&keep, again), want) == 0, want);
		else
			tap_ok(keep.protocol == 77, "nothing was written");
	}
}

static void test_sources(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(sources); i++) {
		struct keep keep;
		struct address source;
		if (keep_parse(sources[i].keep, strlen(sources[i].keep), &keep) < 0 ||
			address_parse(sources[i].source, strlen(sources[i].source), &source) < 0) {
			tap_ok(false, sources[i].keep);
			continue;
		}
		tap_is_int(keep_covers(&keep, sources[i].protocol, sources[i].port, &source),
			sources[i].is_covered, sources[i].keep);
		tap_is_int(keep_any_covers(&keep, 1, sources[i].protocol, sources[i].port, &source),
			sources[i].is_covered, "among one");
	}
}

int main(void)
{
	test_texts();
	test_sources();
	return tap_done();
}
