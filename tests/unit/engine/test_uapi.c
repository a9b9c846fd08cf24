/* SPDX-License-Identifier: ISC */
#include "tap.h"

#include "engine/uapi.h"

#include <errno.h>

#define KEY_A "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
#define KEY_B "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
#define KEY_C "0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
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

struct good_row {
	const char *name;
	const char *lines;
	bool (*holds)(const struct engine_change *change);
};

static bool filled_with(const uint8_t *bytes, uint8_t byte)
{
	for (size_t i = 0; i < NOISE_KEY_SIZE; i++) {
		if (bytes[i] != byte)
			return false;
	}
	return true;
}

static bool nothing(const struct engine_change *c)
{
	return !c->sets_private_key && !c->sets_listen_port && !c->sets_mark &&
	       !c->replaces_peers && c->peer_count == 0;
}

static bool private_key(const struct engine_change *c)
{
	return c->sets_private_key && filled_with(c->private_key, 0x0a);
}

static bool private_key_zero(const struct engine_change *c)
{
	return c->sets_private_key && filled_with(c->private_key, 0);
}

static bool port_max(const struct engine_change *c)
{
	return c->sets_listen_port && c->listen_port == 65535;
}

static bool port_zero(const struct engine_change *c)
{
	return c->sets_listen_port && c->listen_port == 0;
}

static bool mark_max(const struct engine_change *c)
{
	return c->sets_mark && c->mark == UINT32_MAX;
}

static bool mark_zero(const struct engine_change *c)
{
	return c->sets_mark && c->mark == 0;
}

static bool replaces_peers(const struct engine_change *c)
{
	return c->replaces_peers && c->peer_count == 0;
}

static bool peer_only(const struct engine_change *c)
{
	const struct engine_peer_change *p = c->peers;

	return c->peer_count == 1 && filled_with(p->public_key, 0x0a) && !p->is_removed &&
	       !p->is_update_only && !p->sets_preshared_key && !p->sets_endpoint &&
	       !p->sets_persistent_keepalive && !p->replaces_allowedips && p->prefix_count == 0;
}

static bool peer_capitals(const struct engine_change *c)
{
	return c->peer_count == 1 && filled_with(c->peers[0].public_key, 0x0c);
}

static bool removed(const struct engine_change *c)
{
	return c->peers[0].is_removed;
}

static bool update_only(const struct engine_change *c)
{
	return c->peers[0].is_update_only;
}

static bool preshared(const struct engine_change *c)
{
	return c->peers[0].sets_preshared_key && filled_with(c->peers[0].preshared_key, 0x0b);
}

static bool preshared_zero(const struct engine_change *c)
{
	return c->peers[0].sets_preshared_key && filled_with(c->peers[0].preshared_key, 0);
}

static bool endpoint_ipv4(const struct engine_change *c)
{
	const struct endpoint *e = &c->peers[0].endpoint;
	char text[ENDPOINT_TEXT_SIZE];

	return c->peers[0].sets_endpoint &&
	       strcmp(endpoint_format(e, text), "192.0.2.1:51820") == 0;
}

static bool endpoint_ipv6(const struct engine_change *c)
{
	char text[ENDPOINT_TEXT_SIZE];

	return strcmp(endpoint_format(&c->peers[0].endpoint, text), "[fe80::1%1]:1") == 0;
}

static bool keepalive_max(const struct engine_change *c)
{
	return c->peers[0].sets_persistent_keepalive && c->peers[0].persistent_keepalive_s == 65535;
}

static bool keepalive_off(const struct engine_change *c)
{
	return c->peers[0].sets_persistent_keepalive && c->peers[0].persistent_keepalive_s == 0;
}

static bool prefix_is(const struct engine_prefix_change *p, const char *address, int length)
{
	char text[ADDRESS_TEXT_SIZE];

	return strcmp(address_format(&p->prefix.address, text), address) == 0 &&
	       p->prefix.length == length;
}

static bool prefixes(const struct engine_change *c)
{
	const struct engine_prefix_change *p = c->peers[0].prefixes;

	return c->peers[0].prefix_count == 4 && prefix_is(&p[0], "10.0.0.0", 8) &&
	       prefix_is(&p[1], "0.0.0.0", 0) && prefix_is(&p[2], "2001:db8::1", 128) &&
	       prefix_is(&p[3], "::", 0) && !p[0].is_removed && !c->peers[0].replaces_allowedips;
}

static bool prefix_removed(const struct engine_change *c)
{
	const struct engine_prefix_change *p = c->peers[0].prefixes;

	return c->peers[0].prefix_count == 1 && p->is_removed && prefix_is(p, "10.0.0.0", 8);
}

static bool prefixes_replaced(const struct engine_change *c)
{
	const struct engine_peer_change *p = c->peers;

	return p->replaces_allowedips && p->prefix_count == 1 &&
	       prefix_is(p->prefixes, "10.2.0.0", 16);
}

static bool repeated_peer(const struct engine_change *c)
{
	return c->peer_count == 3 && c->peers[0].is_removed && !c->peers[2].is_removed &&
	       filled_with(c->peers[2].public_key, 0x0a) && c->peers[1].prefix_count == 1 &&
	       c->peers[2].prefix_count == 3;
}

static const struct good_row good_rows[] = {
	{"nothing at all", "", nothing},
	{"private_key", "private_key=" KEY_A "\n", private_key},
	{"private_key of zeros: none", "private_key=" ZEROS "\n", private_key_zero},
	{"private_key twice: the last counts", "private_key=" KEY_B "\nprivate_key=" KEY_A "\n",
		private_key},
	{"listen_port 65535", "listen_port=65535\n", port_max},
	{"listen_port 0", "listen_port=0\n", port_zero},
	{"fwmark 2^32-1", "fwmark=4294967295\n", mark_max},
	{"fwmark 0", "fwmark=0\n", mark_zero},
	{"replace_peers", "replace_peers=true\n", replaces_peers},
	{"public_key", PEER, peer_only},
	{"public_key in capitals", "public_key=" KEY_C "\n", peer_capitals},
	{"remove", PEER "remove=true\n", removed},
	{"lines behind remove", PEER "remove=true\nallowed_ip=10.0.0.0/8\n", removed},
	{"update_only", PEER "update_only=true\n", update_only},
	{"preshared_key", PEER "preshared_key=" KEY_B "\n", preshared},
	{"preshared_key of zeros", PEER "preshared_key=" ZEROS "\n", preshared_zero},
	{"endpoint IPv4", PEER "endpoint=192.0.2.1:51820\n", endpoint_ipv4},
	{"endpoint IPv6 with scope", PEER "endpoint=[fe80::1%1]:1\n", endpoint_ipv6},
	{"persistent_keepalive_interval 65535", PEER "persistent_keepalive_interval=65535\n",
		keepalive_max},
	{"persistent_keepalive_interval 0", PEER "persistent_keepalive_interval=0\n",
		keepalive_off},
	{"allowed_ip of both families",
		PEER "allowed_ip=10.1.2.3/8\nallowed_ip=0.0.0.0/0\n"
		     "allowed_ip=2001:db8::1/128\nallowed_ip=::/0\n",
		prefixes},
	{"allowed_ip with a minus", PEER "allowed_ip=-10.0.0.0/8\n", prefix_removed},
	{"replace_allowed_ips makes earlier ones void",
		PEER "allowed_ip=10.1.0.0/16\nreplace_allowed_ips=true\nallowed_ip=10.2.0.0/16\n",
		prefixes_replaced},
	{"protocol_version 1", PEER "protocol_version=1\n", peer_only},
	{"a peer twice in one request",
		PEER "remove=true\npublic_key=" KEY_B "\nallowed_ip=10.0.0.0/8\n" PEER
		     "allowed_ip=10.0.0.1/32\nallowed_ip=10.0.0.2/32\nallowed_ip=10.0.0.3/32\n",
		repeated_peer},
};

static void test_good(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(good_rows); i++) {
		const struct good_row *row = &good_rows[i];
		struct uapi_set set;

		uapi_set_init(&set);
		bool held = feed(&set, row->lines) == 0 && row->holds(&set.change);
		tap_ok(held, row->name);
		if (!held)
			printf("# %s\n", set.complaint);
		uapi_set_done(&set);
	}
}

struct bad_row {
	const char *lines;
	int result;
	const char *complaint;
};

#define REFUSED(key, value, words)                                                                 \
	{                                                                                          \
		key "=" value, -EINVAL, "line 1: " key ": " value ": " words                       \
	}
#define PEER_REFUSED(key, value, words)                                                            \
	{                                                                                          \
		PEER key "=" value, -EINVAL, "line 2: " key ": " value ": " words                  \
	}
#define EMPTY(key)                                                                                 \
	{                                                                                          \
		PEER key "=", -EINVAL, "line 2: " key ": it is not written as expected"            \
	}
#define SYNTAX "it is not written as expected"
#define RANGE "the number is out of range"
#define A_KEY "a key is 32 bytes, written as 64 hexadecimal digits"
#define TOO_EARLY ": it comes before any public_key"
#define TOO_LATE ": it comes after a public_key"

static const struct bad_row bad_rows[] = {
	{"private_key=", -EINVAL, "line 1: private_key: " A_KEY},
	{"private_key=" KEY_A "0", -EINVAL, "line 1: private_key: " A_KEY},
	{"private_key=" KEY_A "00", -EINVAL, "line 1: private_key: " A_KEY},
	{"private_key=0g" KEY_A, -EINVAL, "line 1: private_key: " A_KEY},
	{"private_key =" KEY_A, -EINVAL, "line 1: not a key of this protocol"},
	REFUSED("listen_port", "65536", RANGE),
	REFUSED("listen_port", "-1", SYNTAX),
	REFUSED("listen_port", " 1", SYNTAX),
	REFUSED("listen_port", "0x1", SYNTAX),
	{"listen_port=", -EINVAL, "line 1: listen_port: " SYNTAX},
	{"listen_port=1\r", -EINVAL, "line 1: listen_port: 1\\x0d: " SYNTAX},
	{"listen_port=\x1b[2J\\", -EINVAL, "line 1: listen_port: \\x1b[2J\\x5c: " SYNTAX},
	REFUSED("fwmark", "4294967296", RANGE),
	REFUSED("fwmark", "off", SYNTAX),
	REFUSED("fwmark", "18446744073709551616", RANGE),
	REFUSED("replace_peers", "false", SYNTAX),
	REFUSED("replace_peers", "True", SYNTAX),
	REFUSED("replace_peers", "true ", SYNTAX),
	REFUSED("replace_peers", "1", SYNTAX),
	{"public_key=00", -EINVAL, "line 1: public_key: " A_KEY},
	{"public_key=", -EINVAL, "line 1: public_key: " A_KEY},
	{"remove=true", -EINVAL, "line 1: remove" TOO_EARLY},
	{"update_only=true", -EINVAL, "line 1: update_only" TOO_EARLY},
	{"preshared_key=" KEY_A, -EINVAL, "line 1: preshared_key" TOO_EARLY},
	{"endpoint=192.0.2.1:1", -EINVAL, "line 1: endpoint" TOO_EARLY},
	{"persistent_keepalive_interval=1", -EINVAL,
		"line 1: persistent_keepalive_interval" TOO_EARLY},
	{"replace_allowed_ips=true", -EINVAL, "line 1: replace_allowed_ips" TOO_EARLY},
	{"allowed_ip=10.0.0.0/8", -EINVAL, "line 1: allowed_ip" TOO_EARLY},
	{"protocol_version=1", -EINVAL, "line 1: protocol_version" TOO_EARLY},
	{PEER "private_key=" KEY_A, -EINVAL, "line 2: private_key" TOO_LATE},
	{PEER "listen_port=1", -EINVAL, "line 2: listen_port" TOO_LATE},
	{PEER "fwmark=1", -EINVAL, "line 2: fwmark" TOO_LATE},
	{PEER "replace_peers=true", -EINVAL, "line 2: replace_peers" TOO_LATE},
	PEER_REFUSED("remove", "false", SYNTAX),
	PEER_REFUSED("update_only", "yes", SYNTAX),
	PEER_REFUSED("replace_allowed_ips", "no", SYNTAX),
	{PEER "preshared_key=0", -EINVAL, "line 2: preshared_key: " A_KEY},
	PEER_REFUSED("endpoint", "192.0.2.1", SYNTAX),
	PEER_REFUSED("endpoint", "192.0.2.1:65536", RANGE),
	PEER_REFUSED("endpoint", "192.0.2.1:0", RANGE),
	PEER_REFUSED("endpoint", "vpn.example.org:51820", SYNTAX),
	PEER_REFUSED("endpoint", "2001:db8::1:51820", SYNTAX),
	PEER_REFUSED("endpoint", "[fe80::1%nosuchdev]:1", "No such device"),
	EMPTY("endpoint"),
	PEER_REFUSED("persistent_keepalive_interval", "65536", RANGE),
	PEER_REFUSED("persistent_keepalive_interval", "off", SYNTAX),
	EMPTY("persistent_keepalive_interval"),
	PEER_REFUSED("allowed_ip", "10.0.0.0/33", RANGE),
	PEER_REFUSED("allowed_ip", "::/129", RANGE),
	PEER_REFUSED("allowed_ip", "10.0.0.0", SYNTAX),
	PEER_REFUSED("allowed_ip", "10.0.0.0/", SYNTAX),
	PEER_REFUSED("allowed_ip", "/8", SYNTAX),
	PEER_REFUSED("allowed_ip", "-/8", SYNTAX),
	PEER_REFUSED("allowed_ip", "-", SYNTAX),
	PEER_REFUSED("allowed_ip", "+10.0.0.0/8", SYNTAX),
	PEER_REFUSED("allowed_ip", "--10.0.0.0/8", SYNTAX),
	PEER_REFUSED("allowed_ip", "10.0.0.0/-8", SYNTAX),
	EMPTY("allowed_ip"),
	PEER_REFUSED("protocol_version", "2", RANGE),
	PEER_REFUSED("protocol_version", "11", RANGE),
	{PEER "protocol_version=", -EINVAL, "line 2: protocol_version: " RANGE},
	{"foo_bar=1", -EINVAL, "line 1: not a key of this protocol: foo_bar"},
	{PEER "foo=1", -EINVAL, "line 2: not a key of this protocol: foo"},
	{"allowed_i=1", -EINVAL, "line 1: not a key of this protocol: allowed_i"},
	{"allowed_ips=1", -EINVAL, "line 1: not a key of this protocol: allowed_ips"},
	{"yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=", -EINVAL,
		"line 1: not a key of this protocol"},
	{"=1", -EINVAL, "line 1: not a key of this protocol"},
	{"private_key", -EPROTO, "line 1: not written as key=value"},
	{KEY_A, -EPROTO, "line 1: not written as key=value"},
	{PEER PEER "\tendpoint=x", -EINVAL, "line 3: not a key of this protocol"},
};

static void test_bad(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(bad_rows); i++) {
		const struct bad_row *row = &bad_rows[i];
		struct uapi_set set;
		char name[200];

		uapi_set_init(&set);
		int result = feed(&set, row->lines);
		(void)snprintf(name, sizeof name, "refused: %s", row->complaint);
		if (!tap_ok(result == row->result && strcmp(set.complaint, row->complaint) == 0,
			    name))
			printf("# got %d, %s\n", result, set.complaint);
		uapi_set_done(&set);
	}
}

int main(void)
{
	test_good();
	test_bad();
	return tap_done();
}
