/* SPDX-License-Identifier: ISC */
#include "harden/rules.h"

#include "base/error.h"
#include "harden/rules_put.h"

#include <ctype.h>
#include <stdlib.h>

enum {
	ASKER_SECONDS = 5, /* that who asked for our link address is answered */
	QUERY_SECONDS =
		30, /* that a query for groups is answered: in most networks ten are given */
};

static const char *const level_words[] = {
	[RULES_STANDARD] = "standard",
	[RULES_SEALED] = "sealed",
};

static const char *const engine_words[] = {
	[RULES_ENGINE_OURS] = "tacet",
	[RULES_ENGINE_KERNEL] = "kernel",
};

const char *rules_engine_word(enum rules_engine engine)
{
	return engine_words[engine];
}

int rules_engine_parse(const char *text, enum rules_engine *ret_engine)
{
	for (size_t i = 0; i < ARRAY_LENGTH(engine_words); i++)
		if (strcmp(text, engine_words[i]) == 0) {
			*ret_engine = (enum rules_engine)i;
			return 0;
		}
	return ERR_UNKNOWN_WORD;
}

const char *rules_level_word(enum rules_level level)
{
	return level_words[level];
}

int rules_level_parse(const char *text, enum rules_level *ret_level)
{
	for (size_t i = 0; i < ARRAY_LENGTH(level_words); i++)
		if (strcmp(text, level_words[i]) == 0) {
			*ret_level = (enum rules_level)i;
			return 0;
		}
	return ERR_UNKNOWN_WORD;
}

/* Until when it is in force, in the kernel itself: whatever becomes of us, it opens again. */
static void put_armed_set(FILE *out, const struct rules *rules)
{
	if (rules->armed_s > 0)
		fprintf(out,
			"\tset " RULES_ARMED " { type nf_proto; flags timeout; "
			"elements = { ipv4 timeout %1$us, ipv6 timeout %1$us } }\n",
			rules->armed_s);
}

static void put_armed_rule(FILE *out, const struct rules *rules)
{
	if (rules->armed_s > 0)
		fputs("\t\tmeta nfproto != @" RULES_ARMED " accept\n", out);
}

/* "{ "lo", "tacet0", ... }" */
static void put_inside(FILE *out, const struct rules *rules)
{
	fprintf(out, "{ \"lo\", \"%s\"", rules->tunnel);
	for (size_t i = 0; i < rules->inside->count; i++)
		fprintf(out, ", \"%s\"", rules->inside->names[i]);
	fputs(" }", out);
}

/* Shapes again, where interfaces that came later pass too. */
static void put_shape_hook(FILE *out, const struct rules *rules)
{
	fputs("\tchain shape {\n"
	      "\t\ttype filter hook prerouting priority -450; policy accept;\n",
		out);
	put_armed_rule(out, rules);
	fputs("\t\tiifname ", out);
	put_inside(out, rules);
	fputs(" accept\n"
	      "\t\tip6 nexthdr 0 ip6 hoplimit 1 ip6 saddr fe80::/10 "
	      "@nh,320,64 0x3a00050200000100 @nh,384,8 130 accept\n"
	      "\t\tmeta nfproto vmap { ipv4 : jump shape4, ipv6 : jump shape6 }\n",
		out);
	if (rules->port)
		fprintf(out,
			"\t\tip protocol udp udp dport %1$u goto tunnel\n"
			"\t\tip6 nexthdr udp udp dport %1$u goto tunnel\n",
			rules->port);
	fputs("\t}\n", out);
	if (!rules->port)
		return;
	fputs("\tchain untracked {\n"
	      "\t\ttype filter hook output priority -450; policy accept;\n\t\toifname != ",
		out);
	put_inside(out, rules);
	fprintf(out, " udp sport %u notrack\n\t}\n", rules->port);
}

/*
 * Answers, by the flow that they belong to: the port here may be another's (a container). The port
 * of a flow can be compared only behind a test of the protocol (nft 1.0.6).
 */
static void put_keep_out(FILE *out, const struct keep *keep)
{
	char from[ADDRESS_TEXT_SIZE];

	fprintf(out, "\t\tmeta l4proto %s ct direction reply ct original proto-dst ",
		rules_protocol_word(keep));
	rules_put_ports(out, keep);
	if (keep->from.address.family != ADDRESS_NONE)
		fprintf(out, " ct original %s saddr %s/%u", rules_family_word(&keep->from.address),
			address_format(&keep->from.address, from), keep->from.length);
	fputs(" accept\n", out);
}

/* In sealed, who has no table of the link yet does not speak there at all. */
static void put_late(FILE *out, const struct rules *rules, const char *face, const char *death)
{
	if (!rules_closes_others(rules))
		return;
	fprintf(out, "\t\t%s != { ", face);
	rules_put_names(out, rules->outer);
	fprintf(out, " } meta l4proto icmpv6 goto drop_%s\n", death);
}

/*
 * Neighbour discovery. A question is let in only if it says where the answer goes: the kernel would
 * ask for that itself, which is an answer too.
 */
static void put_discovery_in(FILE *out, const struct rules *rules)
{
	static const char question[] = "\t\tip6 hoplimit 255 ip6 saddr != :: icmpv6 type "
				       "nd-neighbor-solicit icmpv6 code 0 ip6 length 32 "
				       "@th,192,16 0x0101 ";

	put_late(out, rules, "iifname", "neighbour");
	fprintf(out,
		"%1$supdate @askers { ip6 saddr timeout %2$ds }\n%1$saccept\n"
		"\t\tip6 hoplimit 255 icmpv6 type nd-neighbor-advert icmpv6 code 0 accept\n",
		question, ASKER_SECONDS);
	if (rules->level == RULES_SEALED)
		return;
	fprintf(out,
		"\t\tip6 hoplimit 255 ip6 saddr fe80::/10 icmpv6 type nd-router-advert accept\n"
		"\t\tip6 hoplimit 1 ip6 saddr fe80::/10 icmpv6 type mld-listener-query "
		"update @queried { meta nfproto timeout %ds }\n"
		"\t\tip6 hoplimit 1 ip6 saddr fe80::/10 icmpv6 type mld-listener-query accept\n",
		QUERY_SECONDS);
}

/* Answers to connections of this host's own. In sealed there are none, but for what is kept. */
static void put_answers_in(FILE *out, const struct rules *rules)
{
	if (rules->level == RULES_STANDARD)
		fputs("\t\tct direction reply ct state { established, related } accept\n"
		      "\t\tmeta nfproto ipv4 udp sport 67 udp dport 68 accept\n"
		      "\t\tip6 saddr fe80::/10 udp sport 547 udp dport 546 accept\n",
			out);
	else if (rules->keep_count)
		fputs("\t\tct state related icmp type destination-unreachable icmp code "
		      "frag-needed accept\n"
		      "\t\tct state related icmpv6 type packet-too-big accept\n",
			out);
}

/*
 * What comes in, after flows are known and before any translation, so that containers' published
 * ports are behind it. Only answers pass, which is a direction: a flow that a stranger began stays
 * his, however long it is established.
 */
static void put_way_in(FILE *out, const struct rules *rules)
{
	fputs("\tchain way_in {\n"
	      "\t\ttype filter hook prerouting priority -150; policy drop;\n",
		out);
	put_armed_rule(out, rules);
	fputs("\t\tiifname ", out);
	put_inside(out, rules);
	fputs(" accept\n", out);
	if (rules->port)
		fprintf(out,
			"\t\tudp dport %1$u accept\n"
			/* a narrow path, told about a datagram of the tunnel */
			"\t\ticmpv6 type packet-too-big @th,112,8 17 @th,384,16 %1$u accept\n",
			rules->port);
	rules_put_session(out, rules, RULES_IN);
	put_answers_in(out, rules);
	put_discovery_in(out, rules);
	for (size_t i = 0; i < rules->keep_count; i++)
		rules_put_keep(out, &rules->keeps[i], RULES_IN);
	fputs("\t\tgoto drop_unasked\n\t}\n", out);
}

/*
 * Answers on the link leave only if the way in has let in the question, within seconds. Whether an
 * own address is free (from ::) is not asked: a stranger can have it asked, by advertising a
 * prefix.
 */
static void put_discovery_out(FILE *out, const struct rules *rules)
{
	put_late(out, rules, "oifname", "unsaid");
	fputs("\t\tip6 hoplimit 255 icmpv6 type nd-neighbor-advert ip6 daddr @askers accept\n"
	      "\t\tip6 hoplimit 255 icmpv6 type nd-neighbor-solicit ip6 saddr != :: accept\n",
		out);
	if (rules->level == RULES_STANDARD)
		fputs("\t\tip6 hoplimit 255 icmpv6 type nd-router-solicit accept\n"
		      "\t\tip6 hoplimit 1 icmpv6 type { mld-listener-report, "
		      "mld-listener-reduction, mld2-listener-report } "
		      "meta nfproto @queried accept\n",
			out);
}

/*
 * Of ICMP only questions leave, and, to whom was asked from here, that his answer is too long for
 * where it goes. A TCP flow that is taken up in its middle is one that a stranger began.
 */
static void put_own_out(FILE *out)
{
	fputs("\t\tct direction original ct state related icmp type destination-unreachable "
	      "icmp code frag-needed accept\n"
	      "\t\tct direction original ct state related icmpv6 type packet-too-big accept\n"
	      "\t\ticmp type != echo-request goto drop_unsaid\n"
	      "\t\ticmpv6 type != echo-request goto drop_unsaid\n"
	      "\t\tip protocol igmp goto drop_unsaid\n"
	      "\t\tct state new tcp flags & (fin | syn | rst | ack) != syn goto drop_unsaid\n"
	      "\t\tct direction original accept\n",
		out);
}

/* What goes out: alone enough for silence, if ever the way in has a mistake. */
static void put_way_out(FILE *out, const struct rules *rules)
{
	fputs("\tchain way_out {\n"
	      "\t\ttype filter hook postrouting priority -150; policy drop;\n",
		out);
	put_armed_rule(out, rules);
	fputs("\t\toifname ", out);
	put_inside(out, rules);
	fputs(" accept\n", out);
	if (rules->port)
		fprintf(out, "\t\tudp sport %u goto say\n", rules->port);
	rules_put_session(out, rules, RULES_OUT);
	for (size_t i = 0; i < rules->keep_count; i++)
		put_keep_out(out, &rules->keeps[i]);
	put_discovery_out(out, rules);
	if (rules->level == RULES_STANDARD)
		put_own_out(out);
	fputs("\t\tgoto drop_unsaid\n\t}\n", out);
}

static void put_table(FILE *out, const struct rules *rules)
{
	fputs("table " RULES_TABLE " {\n"
	      "\tset askers { type ipv6_addr; size 4096; flags dynamic,timeout; }\n"
	      "\tset queried { type nf_proto; size 4; flags dynamic,timeout; }\n",
		out);
	if (rules->level == RULES_SEALED)
		fputs("\tcounter " RULES_SEAL " { }\n", out);
	put_armed_set(out, rules);
	rules_put_deaths(out, rules);
	rules_put_shapes(out, rules, "notrack accept");
	rules_put_say(out, rules, "accept");
	put_shape_hook(out, rules);
	put_way_in(out, rules);
	put_way_out(out, rules);
	fputs("}\n", out);
}

/* One chain of it, for one way. */
static void put_arp_chain(FILE *out, const struct rules *rules, const char *hook, const char *face)
{
	fprintf(out, "\tchain late_%1$s {\n\t\ttype filter hook %1$s priority 0; policy accept;\n",
		hook);
	if (rules->armed_s > 0)
		fputs("\t\tmeta mark & 0x0 != @" RULES_ARMED " accept\n", out);
	fprintf(out, "\t\t%s ", face);
	put_inside(out, rules);
	fprintf(out, " accept\n\t\t%s != { ", face);
	rules_put_names(out, rules->outer);
	fputs(" } drop\n\t}\n", out);
}

static void put_arp_table(FILE *out, const struct rules *rules)
{
	if (!rules_closes_others(rules))
		return;
	fputs("table " RULES_ARP_TABLE " {\n", out);
	rules_put_armed_link_set(out, rules);
	put_arp_chain(out, rules, "input", "iifname");
	put_arp_chain(out, rules, "output", "oifname");
	fputs("}\n", out);
}

char *rules_text(const struct rules *rules)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort(); /* as memory_new() does */
	fputs(RULES_REMOVE, out);
	put_table(out, rules);
	rules_put_link_table(out, rules);
	put_arp_table(out, rules);
	if (fclose(out) != 0 || !text)
		abort();
	return text;
}

bool rules_name_is_fine(const char *name)
{
	size_t size = strnlen(name, IF_NAMESIZE);

	if (size == 0 || size == IF_NAMESIZE || strstr(name, ".."))
		return false;
	for (size_t i = 0; i < size; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_-.:@", name[i]))
			return false;
	return true;
}
