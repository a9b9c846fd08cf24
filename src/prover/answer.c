/* SPDX-License-Identifier: ISC */
#include "prover/answer.h"

#include "base/cursor.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdio.h>

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_IPV6 = 0x86dd,
	ARP_REQUEST = 1,
	EXTENSIONS_MAX = 8,
	IPPROTO_IGMP_ = 2,
	MLD2_REPORT = 143,
};

static const char *const kinds[] = {
	[ANSWER_ARP] = "arp",
	[ANSWER_NEIGHBOUR] = "neighbour",
	[ANSWER_SEEKS] = "seeks",
	[ANSWER_CLAIMS] = "claims",
	[ANSWER_GROUPS] = "groups",
	[ANSWER_ROUTER] = "router",
	[ANSWER_ERROR] = "icmp-error",
	[ANSWER_ICMP] = "icmp",
	[ANSWER_TCP] = "tcp",
	[ANSWER_UDP] = "udp",
	[ANSWER_OTHER] = "other",
};

/* ICMP types that are named, with their code or -1 for any. */
struct name {
	uint8_t family, type;
	int code;
	const char *text;
};
static const struct name names[] = {
	{4, 0, -1, "echo reply"},
	{4, 3, 0, "network unreachable"},
	{4, 3, 1, "host unreachable"},
	{4, 3, 2, "protocol unreachable"},
	{4, 3, 3, "port unreachable"},
	{4, 3, 4, "fragmentation needed"},
	{4, 3, 13, "administratively prohibited"},
	{4, 3, -1, "unreachable"},
	{4, 5, -1, "redirect"},
	{4, 11, 0, "time exceeded in transit"},
	{4, 11, 1, "reassembly time exceeded"},
	{4, 12, -1, "parameter problem"},
	{4, 14, -1, "timestamp reply"},
	{4, 18, -1, "address mask reply"},
	{4, 43, -1, "extended echo reply"},
	{6, 1, 0, "no route"},
	{6, 1, 1, "administratively prohibited"},
	{6, 1, 3, "address unreachable"},
	{6, 1, 4, "port unreachable"},
	{6, 1, -1, "unreachable"},
	{6, 2, -1, "packet too big"},
	{6, 3, 0, "hop limit exceeded in transit"},
	{6, 3, 1, "reassembly time exceeded"},
	{6, 4, 0, "parameter problem: erroneous header field"},
	{6, 4, 1, "parameter problem: unknown next header"},
	{6, 4, 2, "parameter problem: unknown option"},
	{6, 4, -1, "parameter problem"},
	{6, 129, -1, "echo reply"},
	{6, 131, -1, "multicast listener report"},
	{6, 132, -1, "multicast listener done"},
	{6, 133, -1, "router solicitation"},
	{6, 134, -1, "router advertisement"},
	{6, 135, -1, "neighbour solicitation"},
	{6, 136, -1, "neighbour advertisement"},
	{6, 137, -1, "redirect"},
	{6, 140, -1, "node information reply"},
	{6, 143, -1, "multicast listener report, version 2"},
	{6, 161, -1, "extended echo reply"},
};

const char *answer_kind_text(enum answer_kind kind)
{
	return kinds[kind];
}

static const char *name_of(uint8_t family, uint8_t type, uint8_t code)
{
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (names[i].family == family && names[i].type == type &&
			(names[i].code < 0 || names[i].code == code))
			return names[i].text;
	}
	return "message";
}

static bool is_error(uint8_t family, uint8_t type)
{
	if (family == ADDRESS_IPV6)
		return type < 128;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* The tag of the packet that an ICMP error quotes: its identification, or its flow label. */
static uint16_t quoted_tag(struct cursor quote, uint8_t family)
{
	(void)cursor_be16(&quote); /* version and the like */
	uint16_t flow = cursor_be16(&quote);

	if (family == ADDRESS_IPV6)
		return flow;
	return cursor_be16(&quote);
}

static enum answer_kind icmp6_kind(uint8_t type, const struct address *source)
{
	static const struct address unspecified = {.family = ADDRESS_IPV6};

	switch (type) {
	case ND_NEIGHBOR_SOLICIT:
		return address_equal(source, &unspecified) ? ANSWER_CLAIMS : ANSWER_SEEKS;
	case ND_NEIGHBOR_ADVERT:
		return ANSWER_NEIGHBOUR;
	case ND_ROUTER_SOLICIT:
	case ND_ROUTER_ADVERT:
	case ND_REDIRECT:
		return ANSWER_ROUTER;
	case MLD_LISTENER_REPORT:
	case MLD_LISTENER_REDUCTION:
	case MLD2_REPORT:
		return ANSWER_GROUPS;
	default:
		return ANSWER_ICMP;
	}
}

/* Writes "what, from whom". */
static void say(struct answer *answer, const char *protocol, const char *what)
{
	char source[ADDRESS_TEXT_SIZE];

	(void)snprintf(answer->text, sizeof answer->text, "%s%s%s from %s", protocol,
		*what ? " " : "", what, address_format(&answer->source, source));
}

static void read_icmp(struct cursor cursor, struct answer *answer)
{
	uint8_t family = answer->source.family;
	char what[80];

	answer->type = cursor_u8(&cursor);
	answer->code = cursor_u8(&cursor);
	(void)cursor_be16(&cursor); /* the sum: the kernel that we ask has judged it */
	struct cursor body = cursor;
	(void)cursor_take(&body, 4);
	if (is_error(family, answer->type)) {
		answer->kind = ANSWER_ERROR;
		answer->tag = quoted_tag(body, family);
	} else {
		answer->kind = family == ADDRESS_IPV6 ? icmp6_kind(answer->type, &answer->source)
						      : ANSWER_ICMP;
		if (answer->kind == ANSWER_ICMP)
			answer->tag = cursor_be16(&cursor);
	}
	(void)snprintf(what, sizeof what, "%s (%u/%u)", name_of(family, answer->type, answer->code),
		answer->type, answer->code);
	say(answer, family == ADDRESS_IPV6 ? "ICMPv6" : "ICMP", what);
}

/* TCP, UDP, SCTP and DCCP begin with ports. */
static void read_ports(struct cursor cursor, uint8_t protocol, struct answer *answer)
{
	static const char flags[] = "FSRPAUEC";
	char what[80] = "", set[sizeof flags] = "";
	size_t count = 0;

	uint16_t from = cursor_be16(&cursor);
	answer->tag = cursor_be16(&cursor);
	if (protocol != IPPROTO_TCP) {
		answer->kind = protocol == IPPROTO_UDP ? ANSWER_UDP : ANSWER_OTHER;
		uint16_t size = cursor_be16(&cursor);
		(void)snprintf(what, sizeof what, "port %u to %u, %u bytes", from, answer->tag,
			size >= 8 ? size - 8U : 0U);
		say(answer, protocol == IPPROTO_UDP ? "UDP" : "packet", what);
		return;
	}
	answer->kind = ANSWER_TCP;
	(void)cursor_take(&cursor, 9);
	answer->type = cursor_u8(&cursor);
	for (size_t i = 0; i < 8; i++) {
		if (answer->type >> i & 1)
			set[count++] = flags[i];
	}
	(void)snprintf(what, sizeof what, "[%s] port %u to %u", set, from, answer->tag);
	say(answer, "TCP", what);
}

static void read_transport(struct cursor cursor, uint8_t protocol, struct answer *answer)
{
	char what[32];

	switch (protocol) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		read_icmp(cursor, answer);
		return;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		read_ports(cursor, protocol, answer);
		return;
	case IPPROTO_IGMP_:
		answer->kind = ANSWER_GROUPS;
		say(answer, "IGMP", "report");
		return;
	default:
		(void)snprintf(what, sizeof what, "of protocol %u", protocol);
		say(answer, "packet", what);
	}
}

static void read_ipv4(struct cursor cursor, struct answer *answer)
{
	uint8_t words = cursor_u8(&cursor) & 15;

	(void)cursor_take(&cursor, 5);
	uint16_t fragment = cursor_be16(&cursor);
	(void)cursor_u8(&cursor);
	uint8_t protocol = cursor_u8(&cursor);
	(void)cursor_be16(&cursor);
	cursor_copy(&cursor, answer->source.bytes, 4);
	(void)cursor_take(&cursor, 4);
	if (words > 5)
		(void)cursor_take(&cursor, (words - 5U) * 4);
	answer->source.family = cursor.failed ? ADDRESS_NONE : ADDRESS_IPV4;
	if (answer->source.family == ADDRESS_NONE)
		return;
	if ((fragment & 0x1fff) != 0)
		say(answer, "packet", "(a later fragment)");
	else
		read_transport(cursor, protocol, answer);
}

static bool is_extension(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_DSTOPTS || next == IPPROTO_ROUTING;
}

static void read_ipv6(struct cursor cursor, struct answer *answer)
{
	(void)cursor_take(&cursor, 6);
	uint8_t next = cursor_u8(&cursor);

	(void)cursor_u8(&cursor);
	cursor_copy(&cursor, answer->source.bytes, 16);
	(void)cursor_take(&cursor, 16);
	answer->source.family = cursor.failed ? ADDRESS_NONE : ADDRESS_IPV6;
	if (answer->source.family == ADDRESS_NONE)
		return;
	for (int i = 0; i < EXTENSIONS_MAX && is_extension(next) && !cursor.failed; i++) {
		next = cursor_u8(&cursor);
		size_t units = cursor_u8(&cursor);
		(void)cursor_take(&cursor, 6 + 8 * units);
	}
	read_transport(cursor, next, answer);
}

static void read_arp(struct cursor cursor, struct answer *answer)
{
	(void)cursor_take(&cursor, 6);
	uint16_t operation = cursor_be16(&cursor);

	(void)cursor_take(&cursor, 6);
	cursor_copy(&cursor, answer->source.bytes, 4);
	if (cursor.failed)
		return;
	answer->source.family = ADDRESS_IPV4;
	answer->kind = operation == ARP_REQUEST ? ANSWER_SEEKS : ANSWER_ARP;
	say(answer, "ARP", operation == ARP_REQUEST ? "request" : "reply");
}

void answer_read(const uint8_t *frame, size_t size, struct answer *ret_answer)
{
	struct cursor cursor = cursor_over(frame, size);
	struct answer answer = {.kind = ANSWER_OTHER};

	(void)cursor_take(&cursor, 12);
	uint16_t ethertype = cursor_be16(&cursor);
	(void)snprintf(answer.text, sizeof answer.text, "frame of ethertype 0x%04x", ethertype);
	if (ethertype == ETHERTYPE_IPV4)
		read_ipv4(cursor, &answer);
	else if (ethertype == ETHERTYPE_IPV6)
		read_ipv6(cursor, &answer);
	else if (ethertype == ETHERTYPE_ARP)
		read_arp(cursor, &answer);
	*ret_answer = answer;
}
