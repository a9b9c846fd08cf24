/* SPDX-License-Identifier: ISC */
/* A set request at its limits, and after its end. */
#include "tap.h"

#include "engine/uapi.h"

#include <errno.h>

#define KEY_A "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
#define PEER "public_key=" KEY_A "\n"

/* Feeds lines, each with its \n; the result of the first that fails, or 0. */
static int feed(struct uapi_set *set, const char *lines)
{
	int result = 0;

	while (*lines && result == 0) {
		size_t size = strcspn(lines, "\n");
		result = uapi_set_line(set, lines, size);
		lines += size + (lines[size] == '\n');
	}
	return result;
}

static void test_zero_byte(void)
{
	static const char line[] = "listen_port=1\0002";
	struct uapi_set set;

	uapi_set_init(&set);
	tap_is_int(uapi_set_line(&set, line, sizeof line - 1), -EINVAL,
		"a zero byte does not end a value");
	tap_ok(strcmp(set.complaint,
		       "line 1: listen_port: 1\\x002: it is not written as expected") == 0,
		"nor the complaint about it");
	uapi_set_done(&set);
}

/* A line of `size` bytes that is right up to its length. */
static int feed_long(size_t size)
{
	struct uapi_set set;
	char line[UAPI_LINE_MAX + 2];

	memset(line, '0', sizeof line);
	memcpy(line, "endpoint=", 9);
	uapi_set_init(&set);
	int result = feed(&set, PEER);
	if (result == 0)
		result = uapi_set_line(&set, line, size);
	bool fits = strlen(set.complaint) < sizeof set.complaint;
	uapi_set_done(&set);
	return fits ? result : -1;
}

static void test_line_limit(void)
{
	tap_is_int(feed_long(UAPI_LINE_MAX), -EINVAL, "the longest line is read");
	tap_is_int(feed_long(UAPI_LINE_MAX + 1), -EMSGSIZE, "one byte more is not");
}

static void test_prefix_limit(void)
{
	struct uapi_set set;

	uapi_set_init(&set);
	tap_is_int(feed(&set, PEER), 0, "a peer");
	set.prefix_total = UAPI_PREFIXES_MAX - 1;
	tap_is_int(feed(&set, "allowed_ip=10.0.0.0/8\n"), 0, "the last prefix that may be");
	tap_is_int(feed(&set, "allowed_ip=10.0.0.0/8\n"), -ENOSPC, "one prefix more");
	tap_is_int(feed(&set, "replace_allowed_ips=true\nallowed_ip=10.0.0.0/8\n"), 0,
		"prefixes that are void do not count");
	uapi_set_done(&set);
}

static void test_peer_limit(void)
{
	static const char line[] = "public_key=" KEY_A;
	struct uapi_set set;
	int result = 0;

	uapi_set_init(&set);
	for (size_t i = 0; i < UAPI_PEERS_MAX && result == 0; i++)
		result = uapi_set_line(&set, line, sizeof line - 1);
	tap_is_int(result, 0, "as many peers as may be");
	tap_is_int((intmax_t)set.change.peer_count, UAPI_PEERS_MAX, "are all there");
	tap_is_int(uapi_set_line(&set, line, sizeof line - 1), -ENOSPC, "one peer more");
	uapi_set_done(&set);
}

static void test_wiped(void)
{
	struct uapi_set set;
	static const struct uapi_set zero;

	uapi_set_init(&set);
	tap_is_int(feed(&set, "private_key=" KEY_A "\n" PEER "preshared_key=" KEY_A "\n"), 0,
		"a request with secrets");
	uapi_set_done(&set);
	tap_ok(memcmp(&set, &zero, sizeof set) == 0, "is all zero afterwards");
}

int main(void)
{
	test_zero_byte();
	test_line_limit();
	test_prefix_limit();
	test_peer_limit();
	test_wiped();
	return tap_done();
}
