/* SPDX-License-Identifier: ISC */
/* The text of the rules: what is in it for which wish. That the kernel takes it is tried elsewhere.
 */
#include "tap.h"

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

static struct rules plain(void)
{
	return (struct rules){.level = RULES_STANDARD,
		.tunnel = "tacet0",
		.inside = &none,
		.outer = &none,
		.neighbours = &nobodies,
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
	return tap_done();
}
