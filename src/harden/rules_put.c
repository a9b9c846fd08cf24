/* SPDX-License-Identifier: ISC */
/* What both tables have in common. */
#include "harden/rules_put.h"

#include <netinet/in.h>

static const char *const deaths[] = {
#define X(name, meaning) #name,
	RULES_COUNTERS(X)
#undef X
};

void rules_put_deaths(FILE *out, const struct rules *rules)
{
	for (size_t i = 0; i < ARRAY_LENGTH(deaths); i++)
		fprintf(out, "\tcounter %s { }\n", deaths[i]);
	for (size_t i = 0; i < ARRAY_LENGTH(deaths); i++) {
		fprintf(out, "\tchain drop_%1$s {\n\t\tcounter name \"%1$s\"\n", deaths[i]);
		if (!rules->is_mute)
			fprintf(out,
				"\t\tlimit rate %d/second burst %d packets log group %d prefix "
				"\"tacet %s\" snaplen 128 queue-threshold 1\n",
				RULES_LOG_RATE, RULES_LOG_BURST, RULES_LOG_GROUP, deaths[i]);
		fputs("\t\tdrop\n\t}\n", out);
	}
}

/*
 * Under 4,096 eighths of handshakes that wait the kernel says nothing to anybody (compare
 * wg_receive_handshake_packet()); so many a second never wait.
 */
static void put_hurry(FILE *out, const struct rules *rules)
{
	if (rules->engine == RULES_ENGINE_KERNEL)
		fputs("\t\tudp length { 100, 156 } limit rate over 100/second burst 200 packets "
		      "goto drop_hurried\n",
			out);
}

/*
 * Judged before anything of the kernel looks at packets: what it complains about in one that was
 * let through finds the port (options, extension headers, fragments).
 */
void rules_put_shapes(FILE *out, const struct rules *rules, const char *accept)
{
	static const char tunnel[] = "\t\tudp length 156 @th,64,32 0x01000000 %1$s\n"
				     "\t\tudp length 100 @th,64,32 0x02000000 %1$s\n"
				     "\t\tudp length 72 @th,64,32 0x03000000 %1$s\n"
				     "\t\tudp length >= 40 @th,64,32 0x04000000 %1$s\n"
				     "\t\tgoto drop_misshapen\n\t}\n";

	if (rules->port) {
		fputs("\tchain tunnel {\n", out);
		put_hurry(out, rules);
		fprintf(out, tunnel, accept);
	}
	fputs("\tchain shape4 {\n"
	      "\t\tip hdrlength != 5 goto drop_misshapen\n"
	      "\t\tip frag-off & 0x3fff != 0 goto drop_misshapen\n"
	      "\t}\n\tchain shape6 {\n"
	      "\t\tip6 nexthdr { 0, 43, 44, 51, 59, 60, 135, 139, 140, 253, 254 } "
	      "goto drop_misshapen\n\t}\n",
		out);
}

/*
 * The kernel's engine answers an initiation that was recorded, after a restart, to whoever sends it
 * again. So responses leave only to where members are, or to whom data went within a session's
 * life.
 */
static void put_responses(FILE *out, const struct rules *rules, const char *accept)
{
	static const char response[] = "\t\tudp length 100 @th,64,32 0x02000000 ";

	if (rules->engine == RULES_ENGINE_OURS || rules->peers->count == 0) {
		fprintf(out, "%s%s\n", response, accept);
		return;
	}
	for (size_t i = 0; i < rules->peers->count; i++) {
		const struct prefix *peer = &rules->peers->list[i];
		char text[ADDRESS_TEXT_SIZE];
		fprintf(out, "%s%s daddr %s/%u %s\n", response, rules_family_word(&peer->address),
			address_format(&peer->address, text), peer->length, accept);
	}
	fprintf(out,
		"%1$sip daddr @live4 %2$s\n"
		"%1$sip6 daddr @live6 %2$s\n"
		"\t\tudp length >= 40 @th,64,32 0x04000000 update @live4 { ip daddr timeout 3m }\n"
		"\t\tudp length >= 40 @th,64,32 0x04000000 update @live6 { ip6 daddr timeout 3m "
		"}\n",
		response, accept);
}

/* Of cookie replies (type 3) there are none: strangers are who they would be said to. */
void rules_put_say(FILE *out, const struct rules *rules, const char *accept)
{
	if (rules->port == 0)
		return;
	if (rules->engine == RULES_ENGINE_KERNEL)
		fputs("\tset live4 { type ipv4_addr; size 65535; flags dynamic,timeout; }\n"
		      "\tset live6 { type ipv6_addr; size 65535; flags dynamic,timeout; }\n",
			out);
	fputs("\tchain say {\n", out);
	if (rules->mark)
		fprintf(out, "\t\tmeta mark != 0x%x goto drop_forged\n", rules->mark);
	fprintf(out, "\t\tudp length 156 @th,64,32 0x01000000 %s\n", accept);
	put_responses(out, rules, accept);
	fprintf(out,
		"\t\tudp length >= 40 @th,64,32 0x04000000 %s\n"
		"\t\tgoto drop_forged\n\t}\n",
		accept);
}

void rules_put_names(FILE *out, const struct rules_faces *faces)
{
	for (size_t i = 0; i < faces->count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", faces->names[i]);
}

bool rules_closes_others(const struct rules *rules)
{
	return rules->level == RULES_SEALED && rules->outer->count > 0;
}

const char *rules_family_word(const struct address *address)
{
	return address->family == ADDRESS_IPV4 ? "ip" : "ip6";
}

const char *rules_protocol_word(const struct keep *keep)
{
	return keep->protocol == IPPROTO_TCP ? "tcp" : "udp";
}

void rules_put_ports(FILE *out, const struct keep *keep)
{
	fprintf(out, "%u", keep->port_least);
	if (keep->port_greatest != keep->port_least)
		fprintf(out, "-%u", keep->port_greatest);
}

void rules_put_session(FILE *out, const struct rules *rules, enum rules_way way)
{
	const struct rules_session *s = rules->session;
	char there[ADDRESS_TEXT_SIZE], here[ADDRESS_TEXT_SIZE];
	bool is_in = way == RULES_IN;

	if (s->there.family == ADDRESS_NONE)
		return;
	const char *family = rules_family_word(&s->there);
	(void)address_format(&s->there, there);
	(void)address_format(&s->here, here);
	uint16_t from = is_in ? s->port_there : s->port_here;
	uint16_t to = is_in ? s->port_here : s->port_there;
	fprintf(out, "\t\t%s saddr %s %s daddr %s tcp sport %u tcp dport %u accept\n", family,
		is_in ? there : here, family, is_in ? here : there, from, to);
}

void rules_put_keep(FILE *out, const struct keep *keep, enum rules_way way)
{
	char from[ADDRESS_TEXT_SIZE];
	bool is_in = way == RULES_IN;

	fputs("\t\t", out);
	if (keep->from.address.family != ADDRESS_NONE)
		fprintf(out, "%s %s %s/%u ", rules_family_word(&keep->from.address),
			is_in ? "saddr" : "daddr", address_format(&keep->from.address, from),
			keep->from.length);
	fprintf(out, "%s %s ", rules_protocol_word(keep), is_in ? "dport" : "sport");
	rules_put_ports(out, keep);
	fputs(is_in ? " accept\n" : " goto learn\n", out);
}
