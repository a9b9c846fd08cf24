/* SPDX-License-Identifier: ISC */
#include "radar/recognise.h"

#include "base/bytes.h"

#include <assert.h>

enum {
	PROTOCOL_ICMP = 1, /* IANA: protocol numbers; and so on */
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ICMPV6 = 58,
	PROTOCOL_SCTP = 132,

	FLAGS = SAMPLE_FIN | SAMPLE_SYN | SAMPLE_RST | SAMPLE_PSH | SAMPLE_ACK | SAMPLE_URG,
	XMAS = SAMPLE_FIN | SAMPLE_PSH | SAMPLE_URG,
	MAIMON = SAMPLE_FIN | SAMPLE_ACK,

	/* A packet that began with 255 or 128 hops has more left than this; with 64, fewer. */
	HOPS_SHORT = 64,
	HOPS_LONG = 192,

	NMAP_WINDOW = 1024,
	NMAP_HOPS_MOST = 59,	 /* of 37 to 59, at random (tcpip.cc: get_random_u8() % 23 + 37) */
	NMAP_ECN_WINDOW = 3,	 /* of nmap -O */
	NMAP_U1_NUMBER = 0x1042, /* the same */
	NMAP_IE_CODE = 9,	 /* the same */
	TINY_FRAGMENT = 16,	 /* bytes; nmap -f, -ff and hping -f make 8 or 16 */
	ZMAP_NUMBER = 54321,	 /* of version 2 and before */
	ZMAP_WINDOW = 65535,
	UNICORNSCAN_WINDOW = 4128, /* its fingerprint 0, the default: a Cisco router */
	UNICORNSCAN_P0F_WINDOW = 12345,
	HPING_WINDOW = 512,
	SCTP_COOKIE_SIZE = 12, /* bytes that are looked at: checksum, chunk */
	SCTP_INIT_SIZE = 16,
	ICMP_ECHO = 8, /* RFC 792; and so on */
	ICMP_TIMESTAMP = 13,
	ICMPV6_ECHO = 128,
};

static const char *const tool_words[] = {
#define X(name, word, meaning) [name] = word,
	RECOGNISE_TOOLS(X)
#undef X
};

static const char *const tool_meanings[] = {
#define X(name, word, meaning) [name] = meaning,
	RECOGNISE_TOOLS(X)
#undef X
};

static const char *const scan_words[] = {
#define X(name, word) [name] = word,
	RECOGNISE_SCANS(X)
#undef X
};

const char *recognise_tool_word(enum recognise_tool tool)
{
	assert(tool < RECOGNISE_TOOL_COUNT);
	return tool_words[tool];
}

const char *recognise_tool_meaning(enum recognise_tool tool)
{
	assert(tool < RECOGNISE_TOOL_COUNT);
	return tool_meanings[tool];
}

const char *recognise_scan_word(enum recognise_scan scan)
{
	assert(scan < SCAN_COUNT);
	return scan_words[scan];
}

/* ---- what is asked of a packet ---- */

static bool is_ipv4(const struct sample *sample)
{
	return sample->source.family == ADDRESS_IPV4;
}

static uint32_t target_number(const struct sample *sample)
{
	const uint8_t *at = sample->target.bytes;

	return (uint32_t)load_be16(at) << 16 | load_be16(at + 2);
}

/* Hops that are left of 37 to 59; of IPv6 any, since a guard looks at nothing behind them. */
static bool has_nmap_hops(const struct sample *sample)
{
	return !is_ipv4(sample) || (sample->hops <= NMAP_HOPS_MOST && !sample->is_whole);
}

static bool has_mss_alone(const struct sample *sample)
{
	return sample->options_size == 4 && sample->options[0] == 2 && sample->options[1] == 4;
}

/* Whether the number follows from the rest, as Masscan has it (templ-pkt.c). */
static bool has_masscan_number(const struct sample *sample)
{
	uint32_t sum = target_number(sample) ^ sample->target_port ^ sample->sequence;

	return is_ipv4(sample) && sample->hops > HOPS_SHORT && sample->number == (uint16_t)sum;
}

static bool has_zmap_number(const struct sample *sample)
{
	return is_ipv4(sample) && sample->hops > HOPS_SHORT && sample->number == ZMAP_NUMBER;
}

/* A timestamp of all ones that answers nothing: nmap -O (osscan2.cc: prbOpts). */
static bool has_nmap_timestamp(const struct sample *sample)
{
	static const uint8_t option[] = {8, 10, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};

	for (size_t at = 0; at + sizeof option <= sample->options_size; at++) {
		if (memcmp(sample->options + at, option, sizeof option) == 0)
			return true;
	}
	return false;
}

/* ---- TCP ---- */

static enum recognise_scan tcp_scan(const struct sample *sample)
{
	switch (sample->flags & FLAGS) {
	case SAMPLE_SYN:
		return SCAN_SYN;
	case SAMPLE_ACK:
		return SCAN_ACK;
	case 0:
		return SCAN_NULL;
	case SAMPLE_FIN:
		return SCAN_FIN;
	case XMAS:
		return SCAN_XMAS;
	case MAIMON:
		return SCAN_MAIMON;
	default:
		return SCAN_FLAGS;
	}
}

/* Nmap's own probes: what it has not to say is 0, and nothing but a SYN has options. */
static bool is_nmap_tcp(const struct sample *sample)
{
	uint8_t flags = sample->flags & FLAGS;

	if (has_nmap_timestamp(sample))
		return true;
	if (sample->window == NMAP_ECN_WINDOW && sample->flags & SAMPLE_ECE && flags == SAMPLE_SYN)
		return true;
	if (sample->window != NMAP_WINDOW || !has_nmap_hops(sample))
		return false;
	if (flags == SAMPLE_SYN)
		return has_mss_alone(sample) && sample->acknowledged == 0;
	if (sample->options_size != 0 || flags & SAMPLE_RST)
		return false;
	return flags & SAMPLE_ACK ? sample->sequence == 0 : sample->acknowledged == 0;
}

static bool is_unicornscan_tcp(const struct sample *sample)
{
	if (sample->flags != SAMPLE_SYN || sample->hops <= HOPS_SHORT || sample->is_whole)
		return false;
	return (sample->window == UNICORNSCAN_WINDOW && has_mss_alone(sample)) ||
	       (sample->window == UNICORNSCAN_P0F_WINDOW && sample->options_size == 0);
}

static bool is_hping_tcp(const struct sample *sample)
{
	return sample->window == HPING_WINDOW && sample->options_size == 0 && !sample->is_whole &&
	       sample->hops <= HOPS_SHORT;
}

static struct mark recognise_tcp(const struct sample *sample)
{
	struct mark mark = {.scan = tcp_scan(sample)};
	bool is_syn = sample->flags == SAMPLE_SYN;

	if (is_syn && is_ipv4(sample) && sample->sequence == target_number(sample))
		mark = (struct mark){RECOGNISE_MIRAI, mark.scan, 99};
	else if (sample->options_size <= 4 && is_syn && has_masscan_number(sample))
		mark = (struct mark){RECOGNISE_MASSCAN, mark.scan, 98};
	else if (has_zmap_number(sample))
		mark = (struct mark){RECOGNISE_ZMAP, mark.scan, 98};
	else if (is_nmap_tcp(sample))
		mark = (struct mark){RECOGNISE_NMAP, mark.scan, 95};
	else if (is_unicornscan_tcp(sample))
		mark = (struct mark){RECOGNISE_UNICORNSCAN, mark.scan, 60};
	else if (is_syn && sample->window == ZMAP_WINDOW && sample->hops > HOPS_LONG)
		mark = (struct mark){RECOGNISE_ZMAP, mark.scan, 80};
	else if (is_hping_tcp(sample))
		mark = (struct mark){RECOGNISE_HPING, mark.scan, 60};
	return mark;
}

/* ---- the others ---- */

/* Whether a payload begins so; all of the beginning is there. */
static bool begins(const struct sample *sample, const char *text, size_t size)
{
	return sample->payload_size >= size && memcmp(sample->payload, text, size) == 0;
}

/*
 * Masscan's cookie of a destination is in the number of the packet, and in some payloads: where
 * both say the same, it is Masscan (templ-pkt.c; of DNS the identifier, of SNMP the request's).
 */
static bool is_masscan_udp(const struct sample *sample)
{
	static const struct {
		uint16_t port;
		uint8_t at; /* where the lower half of the cookie lies */
	} places[] = {{53, 0}, {161, 19}};
	uint16_t cookie = (uint16_t)(sample->number ^ target_number(sample) ^ sample->target_port);

	if (!is_ipv4(sample) || sample->hops <= HOPS_SHORT)
		return false;
	if (begins(sample, "masscan-test", 12))
		return true;
	for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
		if (sample->target_port == places[i].port &&
			sample->payload_size >= places[i].at + 2 &&
			load_be16(sample->payload + places[i].at) == cookie)
			return true;
	}
	return false;
}

/* What several packets together may bear out. */
static struct mark hint_of_udp(const struct sample *sample)
{
	struct mark mark = {.scan = SCAN_UDP};

	if (sample->hops > HOPS_LONG && !is_ipv4(sample))
		mark = (struct mark){RECOGNISE_NMAP, mark.scan, 40};
	else if (sample->hops > HOPS_LONG && !sample->is_whole)
		mark = (struct mark){RECOGNISE_UNICORNSCAN, mark.scan, 40};
	else if (is_ipv4(sample) && sample->payload_length == 0 && !sample->is_whole)
		mark = (struct mark){RECOGNISE_HPING, mark.scan, 40};
	return mark;
}

static struct mark recognise_udp(const struct sample *sample)
{
	if (begins(sample, "@ABCDEFGHIJKLMNOPQRSTUVW", SAMPLE_PAYLOAD_MAX))
		return (struct mark){RECOGNISE_TRACEROUTE, SCAN_UDP, 95};
	if (sample->number == NMAP_U1_NUMBER &&
		begins(sample, "CCCCCCCCCCCCCCCCCCCCCCCC", SAMPLE_PAYLOAD_MAX))
		return (struct mark){RECOGNISE_NMAP, SCAN_UDP, 98};
	if (has_zmap_number(sample))
		return (struct mark){RECOGNISE_ZMAP, SCAN_UDP, 98};
	if (is_masscan_udp(sample))
		return (struct mark){RECOGNISE_MASSCAN, SCAN_UDP, 95};
	return hint_of_udp(sample);
}

static struct mark recognise_icmp(const struct sample *sample)
{
	struct mark mark = {.scan = SCAN_PING};

	if (is_ipv4(sample) && sample->type == ICMP_TIMESTAMP && has_nmap_hops(sample))
		return (struct mark){RECOGNISE_NMAP, mark.scan, 30};
	if (sample->type != (is_ipv4(sample) ? ICMP_ECHO : ICMPV6_ECHO))
		return mark;
	if (is_ipv4(sample) && sample->code == NMAP_IE_CODE)
		mark = (struct mark){RECOGNISE_NMAP, mark.scan, 95};
	else if (has_zmap_number(sample))
		mark = (struct mark){RECOGNISE_ZMAP, mark.scan, 98};
	else if (sample->hops > HOPS_LONG && begins(sample, "\x8\x9\xa\xb\xc\xd\xe\xf", 8))
		mark = (struct mark){RECOGNISE_MASSCAN, mark.scan, 90};
	else if (has_nmap_hops(sample) && sample->payload_length == 0)
		mark = (struct mark){RECOGNISE_NMAP, mark.scan, 50};
	return mark;
}

/* INIT and COOKIE ECHO as Nmap has them: RFC 9260, 3.3.2 and 3.3.11 (tcpip.cc: build_sctp). */
static struct mark recognise_sctp(const struct sample *sample)
{
	static const uint8_t init[] = {1, 0, 0, 20}, cookie[] = {10, 0, 0, 8},
			     space[] = {0, 0, 0x80, 0};
	const uint8_t *chunk = sample->payload + 4; /* behind the checksum */
	struct mark mark = {.scan = SCAN_SCTP};

	if (sample->payload_size < SCTP_COOKIE_SIZE)
		return mark;
	if (memcmp(chunk, init, sizeof init) == 0 && sample->payload_size >= SCTP_INIT_SIZE &&
		memcmp(chunk + 8, space, sizeof space) == 0)
		mark = (struct mark){RECOGNISE_NMAP, mark.scan, 95};
	else if (memcmp(chunk, cookie, sizeof cookie) == 0 && has_nmap_hops(sample))
		mark = (struct mark){RECOGNISE_NMAP, mark.scan, 90};
	return mark;
}

/* The first or a middle piece of a packet: nobody's path is so narrow. */
static bool is_tiny(const struct sample *sample)
{
	return sample->has_more && sample->length <= TINY_FRAGMENT;
}

struct mark recognise_packet(const struct sample *sample)
{
	if (sample->is_arp)
		return (struct mark){.scan = SCAN_ARP};
	if (is_tiny(sample))
		return (struct mark){RECOGNISE_NMAP, SCAN_FRAGMENTS, 80};
	if (sample->is_fragment || !sample->has_transport)
		return (struct mark){.scan = SCAN_FRAGMENTS};
	switch (sample->protocol) {
	case PROTOCOL_TCP:
		return recognise_tcp(sample);
	case PROTOCOL_UDP:
		return recognise_udp(sample);
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		return recognise_icmp(sample);
	case PROTOCOL_SCTP:
		return recognise_sctp(sample);
	default:
		return (struct mark){.scan = SCAN_PROTOCOLS};
	}
}
