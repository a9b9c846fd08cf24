/* SPDX-License-Identifier: ISC */
/* The text of the rules: what is in it for which wish. That the kernel takes it is tried elsewhere.
 */
#include "tap.h"

#include "base/error.h"
#include "harden/login.h"
#include "harden/rules.h"

#include <stdlib.h>

static struct keep keeps[3];
static struct rules_session session;
static const struct rules_session nobody;
static const struct rules_faces inside = {.names = {"docker0"}, .count = 1};
static const struct rules_faces outer = {.names = {"eth0", "eth1"}, .count = 2};
static const struct rules_faces none;
static const struct neighbours nobodies;
static const struct rules_peers anywhere;

static struct rules plain(void)
{
	return (struct rules){.level = RULES_STANDARD,
		.tunnel = "tacet0",
		.inside = &none,
		.outer = &none,
		.neighbours = &nobodies,
		.peers = &anywhere,
		.session = &nobody};
}

static void check(const struct rules *rules, const char *part, bool is_in)
{
	char *text = rules_text(rules);

	if (!tap_is_int(strstr(text, part) != NULL, is_in, part))
		printf("# %s in:\n# %s\n", is_in ? "not" : "wrongly", text);
	free(text);
}

static void test_plain(void)
{
	struct rules rules = plain();

	char *text = rules_text(&rules);
	tap_ok(strncmp(text, RULES_REMOVE, strlen(RULES_REMOVE)) == 0, "what was there goes first");
	free(text);
	check(&rules, "hook prerouting priority -150; policy drop;", true);
	check(&rules, "hook postrouting priority -150; policy drop;", true);
	check(&rules, "iifname { \"lo\", \"tacet0\" } accept", true);
	check(&rules, "chain tunnel", false);
	check(&rules, "notrack", false);
	check(&rules, RULES_ARMED, false);
	check(&rules, "hook ingress", false);
	check(&rules, "reject", false);
}

static void test_wishes(void)
{
	struct rules rules = plain();

	rules.port = 51820;
	check(&rules, "ip protocol udp udp dport 51820 goto tunnel", true);
	check(&rules, "ip6 nexthdr udp udp dport 51820 goto tunnel", true);
	check(&rules, "udp sport 51820 notrack", true);
	rules.inside = &inside;
	check(&rules, "oifname { \"lo\", \"tacet0\", \"docker0\" } accept", true);
	rules.outer = &outer;
	check(&rules, "hook ingress devices = { \"eth0\", \"eth1\" } priority -500;", true);
	rules.armed_s = 63;
	check(&rules, "elements = { ipv4 timeout 63s, ipv6 timeout 63s }", true);
	check(&rules, "type mark; flags timeout; elements = { 0 timeout 63s }", true);
	check(&rules, "meta nfproto != @armed accept", true);
	check(&rules, "meta mark & 0x0 != @armed accept", true);
	rules.session = &session;
	check(&rules, "ip saddr 192.0.2.7 ip daddr 192.0.2.1 tcp sport 50022 tcp dport 22 accept",
		true);
	check(&rules, "ip saddr 192.0.2.1 ip daddr 192.0.2.7 tcp sport 22 tcp dport 50022 accept",
		true);
	rules.keeps = keeps;
	rules.keep_count = ARRAY_LENGTH(keeps);
	check(&rules, "\t\tip saddr 192.0.2.0/24 tcp dport 22 accept", true);
	check(&rules, "\t\tudp dport 5000-5010 accept", true);
	check(&rules, "\t\tip6 saddr 2001:db8::/32 tcp dport 80 accept", true);
	check(&rules,
		"meta l4proto tcp ct direction reply ct original proto-dst 22 "
		"ct original ip saddr 192.0.2.0/24 accept",
		true);
	check(&rules, "meta l4proto udp ct direction reply ct original proto-dst 5000-5010 accept",
		true);
}

static const struct neighbours known = {
	.list = {{.address = {ADDRESS_IPV4, {192, 0, 2, 20}},
			 .mac = {2, 0, 0, 0, 0, 0x20},
			 .has_mac = true},
		{.address = {ADDRESS_IPV6, {0xfe, 0x80, [15] = 1}},
			.mac = {2, 0, 0, 0, 0, 0x20},
			.has_mac = true},
		{.address = {ADDRESS_IPV4, {192, 0, 2, 7}}, .is_named = true}},
	.count = 3};

/* What both levels say of the link. */
static void check_link(struct rules *rules)
{
	rules->port = 51820;
	rules->mark = 0x7ace7;
	rules->outer = &outer;
	rules->neighbours = &known;
	check(rules, "hook egress devices = { \"eth0\", \"eth1\" } priority 0; policy drop;", true);
	/* One link address of two routers is one element. */
	check(rules, "elements = { 02:00:00:00:00:20 } ", true);
	check(rules, "elements = { 0x020000000020 } ", true);
	check(rules, "arp operation reply ether daddr @near accept", true);
	check(rules, "meta mark != 0x7ace7 goto drop_forged", true);
	check(rules, "log group 31438 prefix \"tacet misshapen\" snaplen 128", true);
	check(rules, "0x03000000 goto learn", false);
	rules->is_mute = true;
	check(rules, "log group", false);
	rules->is_mute = false;
	rules->mark = 0;
	check(rules, "meta mark !=", false);
	rules->mark = 0x7ace7;
}

static void test_standard(void)
{
	struct rules rules = plain();

	check_link(&rules);
	check(&rules, "arp operation request accept", true);
	check(&rules, "ct direction original accept", true);
	check(&rules, "0x888e : accept", true);
	check(&rules, "counter sealed", false);
	check(&rules, "\ntable arp", false);
}

static void test_sealed(void)
{
	struct rules rules = plain();

	rules.level = RULES_SEALED;
	check_link(&rules);
	check(&rules, "counter sealed", true);
	check(&rules, "arp operation request accept", false);
	check(&rules, "arp operation request arp daddr ip 192.0.2.20 accept", true);
	check(&rules, "arp operation request arp daddr ip 192.0.2.7 accept", true);
	check(&rules, "nd-neighbor-solicit @th,64,128 0xfe800000000000000000000000000001 accept",
		true);
	check(&rules, "ct direction", false);
	check(&rules, "nd-router", false);
	check(&rules, "mld", false);
	check(&rules, "dport 68", false);
	check(&rules, "0x888e", false);
	check(&rules, "oifname != { \"eth0\", \"eth1\" } drop", true);
	rules.keeps = keeps;
	rules.keep_count = ARRAY_LENGTH(keeps);
	check(&rules, "\t\tip saddr 192.0.2.0/24 tcp dport 22 accept", true);
	check(&rules, "\t\tip daddr 192.0.2.0/24 tcp sport 22 goto learn", true);
	/* Where no interface takes a hook, neighbours are spoken to as before. */
	rules.outer = &none;
	check(&rules, "\ntable arp", false);
	check(&rules, "oifname != { \"eth0\"", false);
}

static void test_kernel(void)
{
	static const struct rules_peers peers = {
		.list = {{{ADDRESS_IPV4, {198, 51, 100}}, 24}}, .count = 1};
	struct rules rules = plain();

	rules.port = 51820;
	rules.engine = RULES_ENGINE_KERNEL;
	check(&rules, "limit rate over 100/second burst 200 packets goto drop_hurried", true);
	check(&rules, "udp length 100 @th,64,32 0x02000000 accept", true);
	rules.peers = &peers;
	check(&rules, "udp length 100 @th,64,32 0x02000000 accept", false);
	check(&rules, "udp length 100 @th,64,32 0x02000000 ip daddr 198.51.100.0/24 accept", true);
	check(&rules, "udp length 100 @th,64,32 0x02000000 ip daddr @live4 accept", true);
}

static void test_words(void)
{
	enum rules_level level;
	enum rules_engine engine;

	tap_is_int(rules_level_parse("sealed", &level), 0, "sealed");
	tap_ok(level == RULES_SEALED && strcmp(rules_level_word(level), "sealed") == 0,
		"both ways");
	tap_is_int(rules_level_parse("Sealed", &level), ERR_UNKNOWN_WORD, "no other word");
	tap_is_int(rules_engine_parse("kernel", &engine), 0, "kernel");
	tap_ok(engine == RULES_ENGINE_KERNEL && strcmp(rules_engine_word(engine), "kernel") == 0,
		"both ways");
	tap_is_int(rules_engine_parse("", &engine), ERR_UNKNOWN_WORD, "no other engine");
}

int main(void)
{
	static const char *const texts[] = {
		"tcp/22 from 192.0.2.0/24", "udp/5000-5010", "tcp/80 from 2001:db8::/32"};
	static const char ssh[] = "192.0.2.7 50022 192.0.2.1 22";

	for (size_t i = 0; i < ARRAY_LENGTH(keeps); i++)
		tap_is_int(keep_parse(texts[i], strlen(texts[i]), &keeps[i]), 0, texts[i]);
	tap_is_int(login_parse_ssh(ssh, strlen(ssh), &session), 0, ssh);
	test_plain();
	test_wishes();
	test_standard();
	test_sealed();
	test_kernel();
	test_words();
	return tap_done();
}
