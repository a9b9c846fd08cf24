/* SPDX-License-Identifier: ISC */
/*
 * The table of the link: the first that sees what comes, before routing, reassembly and flows are,
 * and the last that sees what goes, whoever wrote it. Stateless but for who was spoken to.
 */
#include "harden/rules_put.h"

enum {
	NEAR_MINUTES = 15, /* that a neighbour is answered after he was last spoken to */
	NEAR_MAX = 1024,
	ASKED_SECONDS = 3, /* that the answer to a question on the link is waited for */
	ASKED_MAX = 4096,
	EXCHANGE_SECONDS = 30, /* the same, of DHCP and of routers */
};

static bool is_sealed(const struct rules *rules)
{
	return rules->level == RULES_SEALED;
}

/* Beside ARP and IP, what carries them: 802.1X, PPPoE, MACsec. Judged at the interface above. */
static const char carriers[] = ", 0x888e : accept, 0x8863 : accept, 0x8864 : accept, "
			       "0x88e5 : accept";

/* ---- who was spoken to ---- */

static bool has_mac(const struct rules *rules)
{
	return neighbours_count(rules->neighbours, ADDRESS_NONE) > 0;
}

/* A set of link addresses, with those that are known for good. `prefix` and `joint` write them. */
static void put_macs(FILE *out, const struct rules *rules, const char *prefix, const char *joint)
{
	const char *separator = "";

	if (!has_mac(rules))
		return;
	fputs("elements = { ", out);
	for (size_t i = 0; i < rules->neighbours->count; i++) {
		const struct neighbour *one = &rules->neighbours->list[i];
		const uint8_t *mac = one->mac;
		bool is_first = true;
		for (size_t j = 0; j < i; j++) /* the router of both families is one */
			is_first &= !rules->neighbours->list[j].has_mac ||
				    memcmp(rules->neighbours->list[j].mac, mac,
					    NEIGHBOUR_MAC_SIZE) != 0;
		if (!one->has_mac || !is_first)
			continue;
		fprintf(out, "%s%s%02x%s%02x%s%02x%s%02x%s%02x%s%02x", separator, prefix, mac[0],
			joint, mac[1], joint, mac[2], joint, mac[3], joint, mac[4], joint, mac[5]);
		separator = ", ";
	}
	fputs(" } ", out);
}

/*
 * Twice the same addresses: what stands in the option of a solicitation has no type of its own in
 * nft. "fresh" spares a write for each packet.
 */
static void put_sets(FILE *out, const struct rules *rules)
{
	fprintf(out, "\tset near { type ether_addr; size %d; flags dynamic,timeout; ", NEAR_MAX);
	put_macs(out, rules, "", ":");
	fprintf(out, "}\n\tset near_option { typeof @th,208,48; size %d; flags dynamic,timeout; ",
		NEAR_MAX);
	put_macs(out, rules, "0x", "");
	fprintf(out,
		"}\n\tset fresh { type ether_addr; size %d; flags dynamic,timeout; }\n"
		"\tset asked4 { type ipv4_addr; size %d; flags dynamic,timeout; }\n"
		"\tset asked6 { typeof @th,64,128; size %d; flags dynamic,timeout; }\n"
		"\tset exchange { type ether_type; size 4; flags dynamic,timeout; }\n",
		NEAR_MAX, ASKED_MAX, ASKED_MAX);
}

static void put_learn(FILE *out)
{
	fprintf(out,
		"\tchain learn {\n"
		"\t\tether daddr @fresh accept\n"
		"\t\tether daddr & 01:00:00:00:00:00 != 00:00:00:00:00:00 accept\n"
		"\t\tupdate @near { ether daddr timeout %1$dm }\n"
		"\t\tupdate @near_option { @ll,0,48 timeout %1$dm }\n"
		"\t\tupdate @fresh { ether daddr timeout 1m }\n"
		"\t\taccept\n\t}\n",
		NEAR_MINUTES);
}

/* ---- the way in ---- */

/*
 * An answer goes to the address in the question, hence that one is looked at too: who borrows the
 * router's for the frame alone gets none. Nobody may ask whether an address is free: the answer
 * would go to all.
 */
static void put_neighbours_in(FILE *out)
{
	fputs("\tchain arp_in {\n"
	      "\t\tarp htype 1 arp operation reply arp saddr ip @asked4 accept\n"
	      "\t\tarp htype 1 arp operation request ether saddr @near arp saddr ether @near "
	      "accept\n"
	      "\t\tgoto drop_neighbour\n\t}\n"
	      "\tchain solicited {\n"
	      "\t\tip6 hoplimit 255 ip6 saddr != :: icmpv6 code 0 ip6 length 32 "
	      "@th,192,16 0x0101 @th,208,48 @near_option ether saddr @near accept\n"
	      "\t\tgoto drop_neighbour\n\t}\n",
		out);
}

#define LINK_TYPES                                                                                 \
	"{ 130, 131, 132, 133, 134, 136, 137, 138, 139, 140, 141, 142, 143, 151, 152, 153 }"

static void put_in6_standard(FILE *out)
{
	fputs("\tchain nd_in {\n"
	      "\t\tmeta iiftype != ether accept\n"
	      "\t\ticmpv6 type nd-neighbor-solicit goto solicited\n"
	      "\t\ticmpv6 type nd-neighbor-advert @th,64,128 @asked6 accept\n"
	      "\t\ticmpv6 type nd-router-advert ether saddr @near accept\n"
	      "\t\ticmpv6 type nd-router-advert meta protocol @exchange accept\n"
	      "\t\ticmpv6 type " LINK_TYPES " goto drop_neighbour\n"
	      "\t\taccept\n\t}\n",
		out);
}

static void put_in6_sealed(FILE *out, const struct rules *rules)
{
	fputs("\tchain nd_in {\n"
	      "\t\ticmpv6 type nd-neighbor-solicit goto solicited\n"
	      "\t\ticmpv6 type nd-neighbor-advert @th,64,128 @asked6 accept\n",
		out);
	if (rules->keep_count)
		fputs("\t\ticmpv6 type packet-too-big accept\n", out);
	else if (rules->port) /* a narrow path, told about a datagram of the tunnel */
		fprintf(out, "\t\ticmpv6 type packet-too-big @th,112,8 17 @th,384,16 %u accept\n",
			rules->port);
	fputs("\t\ticmpv6 type " LINK_TYPES " goto drop_neighbour\n"
	      "\t\tgoto drop_unasked\n\t}\n",
		out);
}

static void put_kept_in(FILE *out, const struct rules *rules)
{
	rules_put_session(out, rules, RULES_IN);
	for (size_t i = 0; i < rules->keep_count; i++)
		rules_put_keep(out, &rules->keeps[i], RULES_IN);
	if (rules->keep_count)
		fputs("\t\ticmp type destination-unreachable icmp code frag-needed accept\n", out);
	fputs("\t\tgoto drop_unasked\n\t}\n", out);
}

/* The tail of in4 and in6: what passes beside the tunnel. */
static void put_rest_in(FILE *out, const struct rules *rules)
{
	fputs("\tchain rest_in {\n", out);
	if (is_sealed(rules)) {
		put_kept_in(out, rules);
		return;
	}
	fputs("\t\tip protocol igmp goto drop_neighbour\n"
	      "\t\tudp sport 67 udp dport 68 meta protocol != @exchange goto drop_unasked\n"
	      "\t\tudp sport 547 udp dport 546 meta protocol != @exchange goto drop_unasked\n"
	      "\t\taccept\n\t}\n",
		out);
}

/*
 * MLD queries are the one use of a hop-by-hop header: where switches listen to the answers, IPv6
 * ends without them.
 */
static void put_ip_in(FILE *out, const struct rules *rules)
{
	rules_put_shapes(out, rules, "accept");
	put_rest_in(out, rules);
	if (is_sealed(rules))
		put_in6_sealed(out, rules);
	else
		put_in6_standard(out);
	fputs("\tchain in4 {\n\t\tjump shape4\n", out);
	if (rules->port)
		fprintf(out, "\t\tip protocol udp udp dport %u goto tunnel\n", rules->port);
	fputs("\t\tgoto rest_in\n\t}\n\tchain in6 {\n", out);
	if (!is_sealed(rules))
		fputs("\t\tip6 nexthdr 0 ip6 hoplimit 1 ip6 saddr fe80::/10 "
		      "@nh,320,64 0x3a00050200000100 @nh,384,8 130 ether saddr @near accept\n",
			out);
	/* Each link has such, which is no sign of a stranger's. */
	fputs("\t\tip6 nexthdr 0 @nh,320,8 58 @nh,384,8 { 130, 131, 132, 143 } "
	      "goto drop_neighbour\n"
	      "\t\tjump shape6\n",
		out);
	if (rules->port)
		fprintf(out, "\t\tip6 nexthdr udp udp dport %u goto tunnel\n", rules->port);
	fputs("\t\tip6 nexthdr icmpv6 goto nd_in\n\t\tgoto rest_in\n\t}\n", out);
}

/* ---- the way out ---- */

/* In sealed only those are asked for that are known. */
static void put_questions4(FILE *out, const struct rules *rules)
{
	static const char question[] =
		"\t\tarp operation request %1$supdate @asked4 { arp daddr ip timeout %2$ds }\n"
		"\t\tarp operation request %1$saccept\n";
	char match[ADDRESS_TEXT_SIZE + sizeof "arp daddr ip  "], text[ADDRESS_TEXT_SIZE];

	if (!is_sealed(rules)) {
		fprintf(out, question, "", ASKED_SECONDS);
		return;
	}
	for (size_t i = 0; i < rules->neighbours->count; i++) {
		const struct address *address = &rules->neighbours->list[i].address;
		if (address->family != ADDRESS_IPV4)
			continue;
		(void)snprintf(match, sizeof match, "arp daddr ip %s ",
			address_format(address, text)); /* it fits */
		fprintf(out, question, match, ASKED_SECONDS);
	}
}

static void put_questions6(FILE *out, const struct rules *rules)
{
	static const char question[] = "\t\ticmpv6 type nd-neighbor-solicit %1$supdate @asked6 "
				       "{ @th,64,128 timeout %2$ds }\n"
				       "\t\ticmpv6 type nd-neighbor-solicit %1$saccept\n";
	char match[2 * sizeof rules->neighbours->list->address.bytes + sizeof "@th,64,128 0x "];

	if (!is_sealed(rules)) {
		fprintf(out, question, "", ASKED_SECONDS);
		return;
	}
	for (size_t i = 0; i < rules->neighbours->count; i++) {
		const struct address *address = &rules->neighbours->list[i].address;
		if (address->family != ADDRESS_IPV6)
			continue;
		size_t size = (size_t)snprintf(match, sizeof match, "@th,64,128 0x"); /* it fits */
		for (size_t j = 0; j < sizeof address->bytes; j++)
			size += (size_t)snprintf(match + size, sizeof match - size, "%02x%s",
				address->bytes[j],
				j + 1 < sizeof address->bytes ? "" : " "); /* it fits */
		fprintf(out, question, match, ASKED_SECONDS);
	}
}

/*
 * Whether an address of its own is free is not asked (a router's advertisement, which a stranger
 * may send, would have it asked), and memberships are told to a router that asked only: way_out.
 */
static void put_neighbours_out(FILE *out, const struct rules *rules)
{
	fputs("\tchain arp_out {\n\t\tarp htype != 1 goto drop_unsaid\n", out);
	put_questions4(out, rules);
	fputs("\t\tarp operation reply ether daddr @near accept\n"
	      "\t\tgoto drop_unsaid\n\t}\n"
	      "\tchain nd_out {\n",
		out);
	if (!is_sealed(rules))
		fputs("\t\tmeta oiftype != ether accept\n", out);
	fputs("\t\ticmpv6 type nd-neighbor-solicit ip6 saddr :: goto drop_unsaid\n", out);
	put_questions6(out, rules);
	fputs("\t\ticmpv6 type nd-neighbor-advert ether daddr @near accept\n", out);
	if (!is_sealed(rules))
		fprintf(out,
			"\t\ticmpv6 type nd-router-solicit update @exchange "
			"{ meta protocol timeout %ds }\n"
			"\t\ticmpv6 type nd-router-solicit accept\n"
			"\t\ticmpv6 type { echo-request, packet-too-big } goto learn\n",
			EXCHANGE_SECONDS);
	fputs("\t\tgoto drop_unsaid\n\t}\n", out);
}

static void put_out_standard(FILE *out)
{
	fprintf(out,
		"\tchain out4 {\n"
		"\t\tip hdrlength != 5 goto drop_unsaid\n"
		"\t\tip protocol igmp goto drop_unsaid\n"
		"\t\ticmp type != { echo-request, destination-unreachable } goto drop_unsaid\n"
		"\t\ticmp type destination-unreachable icmp code != frag-needed goto drop_unsaid\n"
		"\t\tudp sport 68 udp dport 67 update @exchange { meta protocol timeout %1$ds }\n"
		"\t\tgoto learn\n\t}\n"
		"\tchain out6 {\n"
		"\t\tip6 nexthdr icmpv6 goto nd_out\n"
		"\t\tip6 nexthdr 0 @nh,384,8 { 131, 132, 143 } accept\n"
		"\t\tip6 nexthdr 0 goto drop_unsaid\n"
		"\t\tudp sport 546 udp dport 547 update @exchange { meta protocol timeout %1$ds }\n"
		"\t\tgoto learn\n\t}\n",
		EXCHANGE_SECONDS);
}

/* Of a datagram that was cut only the first piece has a port; the others bear the mark. */
static void put_pieces(FILE *out, const struct rules *rules, const char *match)
{
	fputs("\t\t", out);
	if (rules->mark)
		fprintf(out, "meta mark 0x%x ", rules->mark);
	fprintf(out, "%s accept\n", match);
}

static void put_out_sealed(FILE *out, const struct rules *rules)
{
	fputs("\tchain rest_out {\n", out);
	rules_put_session(out, rules, RULES_OUT);
	for (size_t i = 0; i < rules->keep_count; i++)
		rules_put_keep(out, &rules->keeps[i], RULES_OUT);
	fputs("\t\tgoto drop_unsaid\n\t}\n\tchain out4 {\n", out);
	if (rules->port)
		put_pieces(out, rules, "ip protocol udp ip frag-off & 0x1fff != 0");
	fputs("\t\tgoto rest_out\n\t}\n\tchain out6 {\n"
	      "\t\tip6 nexthdr icmpv6 goto nd_out\n",
		out);
	if (rules->port)
		put_pieces(out, rules, "ip6 nexthdr 44 frag frag-off != 0");
	fputs("\t\tgoto rest_out\n\t}\n", out);
}

/* ---- the table ---- */

static void put_hook(FILE *out, const struct rules *rules, const char *name, const char *hook)
{
	fprintf(out, "\tchain %s {\n\t\ttype filter hook %s devices = { ", name, hook);
	rules_put_names(out, rules->outer);
	fprintf(out, " } priority %s; policy drop;\n", strcmp(hook, "ingress") == 0 ? "-500" : "0");
	if (rules->armed_s > 0)
		fputs("\t\tmeta mark & 0x0 != @" RULES_ARMED " accept\n", out);
}

static void put_dispatch(FILE *out, const struct rules *rules, const char *way, const char *last)
{
	fprintf(out,
		"\t\tmeta protocol vmap { arp : goto arp_%1$s, ip : goto %1$s4, "
		"ip6 : goto %1$s6%2$s }\n\t\tgoto %3$s\n\t}\n",
		way, is_sealed(rules) ? "" : carriers, last);
}

/* Frames that are others' are passed: a device hears them that has further devices above it. */
static void put_hooks(FILE *out, const struct rules *rules)
{
	put_hook(out, rules, "link_in", "ingress");
	fputs("\t\tmeta pkttype other accept\n", out);
	put_dispatch(out, rules, "in", "drop_neighbour");
	put_hook(out, rules, "link_out", "egress");
	if (rules->port)
		fprintf(out, "\t\tudp sport %u goto say\n", rules->port);
	put_dispatch(out, rules, "out", "drop_unsaid");
}

void rules_put_armed_link_set(FILE *out, const struct rules *rules)
{
	if (rules->armed_s > 0)
		fprintf(out,
			"\tset " RULES_ARMED " { type mark; flags timeout; "
			"elements = { 0 timeout %us } }\n",
			rules->armed_s);
}

void rules_put_link_table(FILE *out, const struct rules *rules)
{
	if (rules->outer->count == 0)
		return;
	fputs("table " RULES_LINK_TABLE " {\n", out);
	rules_put_armed_link_set(out, rules);
	put_sets(out, rules);
	rules_put_deaths(out, rules);
	put_learn(out);
	put_neighbours_in(out);
	put_ip_in(out, rules);
	rules_put_say(out, rules, "goto learn");
	put_neighbours_out(out, rules);
	if (is_sealed(rules))
		put_out_sealed(out, rules);
	else
		put_out_standard(out);
	put_hooks(out, rules);
	fputs("}\n", out);
}
