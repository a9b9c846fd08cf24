/* SPDX-License-Identifier: ISC */
#include "harden/rules.h"

#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

/* What the two tables have in common, and in what their words differ. */
struct place {
	const char *accept; /* of a datagram for the tunnel */
	const char *drop;   /* of what is misshapen */
};

static const struct place in_table = {"notrack accept", "counter name \"misshapen\" drop"};
/* No flow is known yet; and counters are those of the other table. */
static const struct place in_link_table = {"accept", "counter name \"misshapen\" drop"};

/* Until when it is in force, in the kernel itself: whatever becomes of us, it opens again. */
static void put_armed_set(FILE *out, const struct rules *rules, const char *type,
	const char *const families[static 2])
{
	unsigned seconds = rules->armed_s;

	if (seconds > 0)
		fprintf(out,
			"\tset " RULES_ARMED " { type %s; flags timeout; "
			"elements = { %s timeout %us, %s timeout %us } }\n",
			type, families[0], seconds, families[1], seconds);
}

static void put_armed_rule(FILE *out, const struct rules *rules, const char *key)
{
	if (rules->armed_s > 0)
		fprintf(out, "\t\t%s != @" RULES_ARMED " accept\n", key);
}

/* "{ "lo", "tacet0", ... }" */
static void put_inside(FILE *out, const struct rules *rules)
{
	fprintf(out, "{ \"lo\", \"%s\"", rules->tunnel);
	for (size_t i = 0; i < rules->inside->count; i++)
		fprintf(out, ", \"%s\"", rules->inside->names[i]);
	fputs(" }", out);
}

/*
 * Shapes, judged before anything of the kernel looks at them: what it complains about in a packet
 * that was let through finds the port (options, extension headers, fragments). MLD queries are the
 * one use of a hop-by-hop header: where switches listen to the answers, IPv6 ends without them.
 */
static void put_shapes(FILE *out, const struct rules *rules, const struct place *place)
{
	static const char tunnel[] = "\tchain tunnel {\n"
				     "\t\tudp length 156 @th,64,32 0x01000000 %1$s\n"
				     "\t\tudp length 100 @th,64,32 0x02000000 %1$s\n"
				     "\t\tudp length 72 @th,64,32 0x03000000 %1$s\n"
				     "\t\tudp length >= 40 @th,64,32 0x04000000 %1$s\n"
				     "\t\t%2$s\n\t}\n";

	if (rules->port)
		fprintf(out, tunnel, place->accept, place->drop);
	fprintf(out,
		"\tchain shape4 {\n"
		"\t\tip hdrlength != 5 %1$s\n"
		"\t\tip frag-off & 0x3fff != 0 %1$s\n",
		place->drop);
	if (rules->port)
		fprintf(out, "\t\tip protocol udp udp dport %u goto tunnel\n", rules->port);
	fprintf(out,
		"\t}\n\tchain shape6 {\n"
		"\t\tip6 nexthdr 0 ip6 hoplimit 1 ip6 saddr fe80::/10 "
		"@nh,320,64 0x3a00050200000100 @nh,384,8 130 accept\n"
		"\t\tip6 nexthdr { 0, 43, 44, 51, 59, 60, 135, 139, 140, 253, 254 } %s\n",
		place->drop);
	if (rules->port)
		fprintf(out, "\t\tip6 nexthdr udp udp dport %u goto tunnel\n", rules->port);
	fputs("\t}\n", out);
}

/* Shapes again, where interfaces that came later pass too. */
static void put_shape_hook(FILE *out, const struct rules *rules)
{
	fputs("\tchain shape {\n"
	      "\t\ttype filter hook prerouting priority -450; policy accept;\n",
		out);
	put_armed_rule(out, rules, "meta nfproto");
	fputs("\t\tiifname ", out);
	put_inside(out, rules);
	fputs(" accept\n"
	      "\t\tmeta nfproto vmap { ipv4 : goto shape4, ipv6 : goto shape6 }\n\t}\n",
		out);
	if (!rules->port)
		return;
	fputs("\tchain untracked {\n"
	      "\t\ttype filter hook output priority -450; policy accept;\n\t\toifname != ",
		out);
	put_inside(out, rules);
	fprintf(out, " udp sport %u notrack\n\t}\n", rules->port);
}

static const char *family_word(const struct address *address)
{
	return address->family == ADDRESS_IPV4 ? "ip" : "ip6";
}

/* The connection of whoever hardens, one way. */
static void put_one_way(FILE *out, const struct rules_session *s, bool is_in)
{
	const char *family = family_word(&s->there);
	char there[ADDRESS_TEXT_SIZE], here[ADDRESS_TEXT_SIZE];

	(void)address_format(&s->there, there);
	(void)address_format(&s->here, here);
	uint16_t from = is_in ? s->port_there : s->port_here;
	uint16_t to = is_in ? s->port_here : s->port_there;
	fprintf(out, "\t\t%s saddr %s %s daddr %s tcp sport %u tcp dport %u accept\n", family,
		is_in ? there : here, family, is_in ? here : there, from, to);
}

static void put_session(FILE *out, const struct rules *rules, bool is_in)
{
	if (rules->session->there.family != ADDRESS_NONE)
		put_one_way(out, rules->session, is_in);
}

static const char *protocol_word(const struct keep *keep)
{
	return keep->protocol == IPPROTO_TCP ? "tcp" : "udp";
}

static void put_ports(FILE *out, const struct keep *keep)
{
	fprintf(out, "%u", keep->port_least);
	if (keep->port_greatest != keep->port_least)
		fprintf(out, "-%u", keep->port_greatest);
}

static void put_keep_in(FILE *out, const struct keep *keep)
{
	char from[ADDRESS_TEXT_SIZE];

	fputs("\t\t", out);
	if (keep->from.address.family != ADDRESS_NONE)
		fprintf(out, "%s saddr %s/%u ", family_word(&keep->from.address),
			address_format(&keep->from.address, from), keep->from.length);
	fprintf(out, "%s dport ", protocol_word(keep));
	put_ports(out, keep);
	fputs(" accept\n", out);
}

/*
 * Answers, by the flow that they belong to: the port here may be another's (a container). The port
 * of a flow can be compared only behind a test of the protocol (nft 1.0.6).
 */
static void put_keep_out(FILE *out, const struct keep *keep)
{
	char from[ADDRESS_TEXT_SIZE];

	fprintf(out, "\t\tmeta l4proto %s ct direction reply ct original proto-dst ",
		protocol_word(keep));
	put_ports(out, keep);
	if (keep->from.address.family != ADDRESS_NONE)
		fprintf(out, " ct original %s saddr %s/%u", family_word(&keep->from.address),
			address_format(&keep->from.address, from), keep->from.length);
	fputs(" accept\n", out);
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
	put_armed_rule(out, rules, "meta nfproto");
	fputs("\t\tiifname ", out);
	put_inside(out, rules);
	fputs(" accept\n", out);
	if (rules->port)
		fprintf(out,
			"\t\tudp dport %1$u accept\n"
			/* a narrow path, told about a datagram of the tunnel */
			"\t\ticmpv6 type packet-too-big @th,112,8 17 @th,384,16 %1$u accept\n",
			rules->port);
	put_session(out, rules, true);
	fputs("\t\tct direction reply ct state { established, related } accept\n"
	      "\t\tip6 hoplimit 255 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } "
	      "icmpv6 code 0 accept\n"
	      "\t\tip6 hoplimit 255 ip6 saddr fe80::/10 icmpv6 type nd-router-advert accept\n"
	      "\t\tip6 hoplimit 1 ip6 saddr fe80::/10 icmpv6 type mld-listener-query accept\n"
	      "\t\tmeta nfproto ipv4 udp sport 67 udp dport 68 accept\n"
	      "\t\tip6 saddr fe80::/10 udp sport 547 udp dport 546 accept\n",
		out);
	for (size_t i = 0; i < rules->keep_count; i++)
		put_keep_in(out, &rules->keeps[i]);
	fputs("\t\tcounter name \"unasked\"\n\t}\n", out);
}

/*
 * What goes out: alone enough for silence, if ever the way in has a mistake. Of ICMP only questions
 * leave, and, to whom was asked from here, that his answer is too long for where it goes. A TCP
 * flow that is taken up in its middle is one that a stranger began.
 */
static void put_way_out(FILE *out, const struct rules *rules)
{
	fputs("\tchain way_out {\n"
	      "\t\ttype filter hook postrouting priority -150; policy drop;\n",
		out);
	put_armed_rule(out, rules, "meta nfproto");
	fputs("\t\toifname ", out);
	put_inside(out, rules);
	fputs(" accept\n", out);
	if (rules->port)
		fprintf(out, "\t\tudp sport %u accept\n", rules->port);
	put_session(out, rules, false);
	for (size_t i = 0; i < rules->keep_count; i++)
		put_keep_out(out, &rules->keeps[i]);
	fputs("\t\tct direction original ct state related icmp type destination-unreachable "
	      "icmp code frag-needed accept\n"
	      "\t\tct direction original ct state related icmpv6 type packet-too-big accept\n"
	      "\t\ticmp type != echo-request counter name \"unsaid\" drop\n"
	      "\t\tip6 hoplimit 255 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, "
	      "nd-router-solicit } accept\n"
	      "\t\tip6 hoplimit 1 icmpv6 type { mld-listener-report, mld-listener-reduction, "
	      "mld2-listener-report } accept\n"
	      "\t\ticmpv6 type != echo-request counter name \"unsaid\" drop\n"
	      "\t\tct state new tcp flags & (fin | syn | rst | ack) != syn "
	      "counter name \"unsaid\" drop\n"
	      "\t\tct direction original accept\n"
	      "\t\tcounter name \"unsaid\"\n\t}\n",
		out);
}

static void put_table(FILE *out, const struct rules *rules)
{
	fputs("table " RULES_TABLE " {\n", out);
#define X(name, meaning) fputs("\tcounter " #name " { }\n", out);
	RULES_COUNTERS(X)
#undef X
	put_armed_set(out, rules, "nf_proto", (const char *const[]){"ipv4", "ipv6"});
	put_shapes(out, rules, &in_table);
	put_shape_hook(out, rules);
	put_way_in(out, rules);
	put_way_out(out, rules);
	fputs("}\n", out);
}

/* Not of packets that are others', which a device hears that has further devices above it. */
static void put_link_table(FILE *out, const struct rules *rules)
{
	if (rules->outer->count == 0)
		return;
	fputs("table " RULES_LINK_TABLE " {\n\tcounter misshapen { }\n", out);
	put_armed_set(out, rules, "ether_type", (const char *const[]){"ip", "ip6"});
	put_shapes(out, rules, &in_link_table);
	fputs("\tchain shape {\n\t\ttype filter hook ingress devices = { ", out);
	for (size_t i = 0; i < rules->outer->count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", rules->outer->names[i]);
	fputs(" } priority -500; policy accept;\n", out);
	put_armed_rule(out, rules, "meta protocol");
	fputs("\t\tmeta pkttype other accept\n"
	      "\t\tmeta protocol vmap { ip : goto shape4, ip6 : goto shape6 }\n\t}\n}\n",
		out);
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
	put_link_table(out, rules);
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
