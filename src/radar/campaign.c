/* SPDX-License-Identifier: ISC */
#include "radar/campaign.h"

enum {
	PROTOCOL_TCP = 6, /* IANA: protocol numbers; and so on */
	PROTOCOL_UDP = 17,
	PROTOCOL_SCTP = 132,

	IPV6_NETWORK = 8, /* bytes */

	HINTS_LEAST = 3,
	HINTS_PERCENT = 60,
	PORTS_SEVERAL = 3,     /* a Cisco router that calls somebody has one */
	OPTIONS_OF_SYSTEM = 8, /* bytes at least in a SYN of a system of today */

	/*
	 * Nmap's hops are random, 37 to 59 as they are sent: many different numbers, far apart,
	 * where ways of the net differ by few (people behind one address, too).
	 */
	NMAP_HOPS_MOST = 59,
	NMAP_HOPS_APART = 8,
	NMAP_HOPS_KINDS = 4,

	LADDER_HOPS_LEAST = 3, /* a traceroute counts up from 1 */
	LADDER_APART = 3,
};

/* ---- bits ---- */

static void set_bit(uint64_t bits[static 4], uint8_t at)
{
	bits[at / 64] |= UINT64_C(1) << at % 64;
}

static bool has_bit(const uint64_t bits[static 4], unsigned at)
{
	return bits[at / 64] >> at % 64 & 1;
}

static unsigned count_bits(const uint64_t bits[static 4])
{
	unsigned count = 0;

	for (unsigned i = 0; i < 4; i++)
		count += (unsigned)__builtin_popcountll(bits[i]);
	return count;
}

/* The least bit that is set and the greatest; the least is above the greatest: none is. */
struct ends {
	unsigned least, greatest;
};

static struct ends find_ends(const uint64_t bits[static 4])
{
	struct ends ends = {UINT8_MAX + 1, 0};

	for (unsigned at = 0; at <= UINT8_MAX; at++) {
		if (!has_bit(bits, at))
			continue;
		if (ends.least > at)
			ends.least = at;
		ends.greatest = at;
	}
	return ends;
}

/* ---- packets ---- */

enum recognise_tool campaign_of(const struct mark *mark)
{
	return mark->confidence >= RECOGNISE_SURE ? mark->tool : RECOGNISE_UNKNOWN;
}

/* fe80::/10: one network, and all of the link is in it. */
static bool is_link_local(const struct address *address)
{
	return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

struct address campaign_source(const struct address *address)
{
	struct address source = *address;

	if (source.family == ADDRESS_IPV6 && !is_link_local(address))
		memset(source.bytes + IPV6_NETWORK, 0, sizeof source.bytes - IPV6_NETWORK);
	return source;
}

static bool has_ports(const struct sample *sample)
{
	if (sample->is_later_fragment || sample->is_arp)
		return false;
	return sample->protocol == PROTOCOL_TCP || sample->protocol == PROTOCOL_UDP ||
	       sample->protocol == PROTOCOL_SCTP;
}

static void add_port(struct campaign *campaign, const struct sample *sample)
{
	uint16_t port = sample->target_port;

	if (!has_ports(sample))
		return;
	if (campaign->port_packets == 0 || port < campaign->port_least)
		campaign->port_least = port;
	if (campaign->port_packets == 0 || port > campaign->port_greatest)
		campaign->port_greatest = port;
	ports_add(&campaign->ports, port);
	if (campaign->port_packets > 0 &&
		sample->source_port == (uint16_t)(campaign->last_source_port + 1))
		campaign->rising++;
	if (campaign->port_packets > 0 && sample->source_port == campaign->last_source_port)
		campaign->steady++;
	campaign->last_source_port = sample->source_port;
	campaign->port_packets++;
}

void campaign_add(struct campaign *campaign, const struct sample *sample, const struct mark *mark,
	uint64_t now_ns)
{
	if (now_ns > campaign->last_ns) /* the clock may be set back */
		campaign->last_ns = now_ns;
	campaign->packets++;
	campaign->scans[mark->scan]++;
	if (mark->confidence > campaign->confidence)
		campaign->confidence = mark->confidence;
	if (mark->confidence > 0)
		campaign->hints[mark->tool]++;
	add_port(campaign, sample);
	if (sample->is_arp)
		return;
	if (sample->source.family == ADDRESS_IPV4)
		set_bit(campaign->hops, sample->hops);
	set_bit(campaign->protocols, sample->protocol);
	campaign->whole += sample->is_whole;
	campaign->plain_syns +=
		sample->flags == SAMPLE_SYN && sample->options_size >= OPTIONS_OF_SYSTEM;
}

void campaign_begin(struct campaign *campaign, const struct sample *sample, const struct mark *mark,
	uint64_t now_ns)
{
	*campaign = (struct campaign){
		.source = campaign_source(&sample->source),
		.tool = campaign_of(mark),
		.first_ns = now_ns,
		.last_ns = now_ns,
	};
	campaign_add(campaign, sample, mark, now_ns);
}

static void merge_ports(struct campaign *campaign, const struct campaign *other)
{
	if (other->port_packets == 0)
		return;
	if (campaign->port_packets == 0 || other->port_least < campaign->port_least)
		campaign->port_least = other->port_least;
	if (campaign->port_packets == 0 || other->port_greatest > campaign->port_greatest)
		campaign->port_greatest = other->port_greatest;
	campaign->port_packets += other->port_packets;
	ports_merge(&campaign->ports, &other->ports);
}

void campaign_merge(struct campaign *campaign, const struct campaign *other)
{
	if (other->first_ns < campaign->first_ns)
		campaign->first_ns = other->first_ns;
	if (other->last_ns > campaign->last_ns)
		campaign->last_ns = other->last_ns;
	campaign->packets += other->packets;
	for (unsigned i = 0; i < SCAN_COUNT; i++)
		campaign->scans[i] += other->scans[i];
	merge_ports(campaign, other);
}

/* ---- the judgement ---- */

static bool has_hops_of_nmap(const struct campaign *campaign)
{
	const struct ends hops = find_ends(campaign->hops);

	if (campaign->whole > 0 || hops.least > hops.greatest)
		return false;
	return hops.greatest <= NMAP_HOPS_MOST && hops.greatest - hops.least >= NMAP_HOPS_APART &&
	       count_bits(campaign->hops) >= NMAP_HOPS_KINDS;
}

/* Each step of a traceroute that reaches us has one hop more left. */
static bool is_ladder(const struct campaign *campaign)
{
	const struct ends hops = find_ends(campaign->hops);

	if (hops.least > hops.greatest || hops.least > LADDER_HOPS_LEAST)
		return false;
	return hops.greatest - hops.least >= LADDER_APART &&
	       count_bits(campaign->hops) > (hops.greatest - hops.least) * 3 / 4;
}

bool campaign_is_hinted(const struct campaign *campaign, enum recognise_tool tool)
{
	return campaign->hints[tool] * 100 >= campaign->packets * HINTS_PERCENT;
}

/* The same, where nothing else speaks for it. */
static bool is_hinted(const struct campaign *campaign, enum recognise_tool tool)
{
	return campaign->hints[tool] >= HINTS_LEAST && campaign_is_hinted(campaign, tool);
}

/* Several ports, from one of its own. */
static bool is_steady(const struct campaign *campaign)
{
	return (campaign->steady + 1) * 100 >= campaign->port_packets * HINTS_PERCENT &&
	       ports_count(&campaign->ports) >= PORTS_SEVERAL;
}

/* Masscan has one source port, and its hops like Unicornscan, which makes up each. */
static bool is_masscan(const struct campaign *campaign)
{
	return is_hinted(campaign, RECOGNISE_UNICORNSCAN) && is_steady(campaign) &&
	       campaign->scans[SCAN_UDP] > 0;
}

static bool is_unicornscan(const struct campaign *campaign)
{
	return is_hinted(campaign, RECOGNISE_UNICORNSCAN) &&
	       ports_count(&campaign->ports) >= PORTS_SEVERAL;
}

/* By IPv6 its hops say nothing. */
static bool is_nmap(const struct campaign *campaign)
{
	return is_hinted(campaign, RECOGNISE_NMAP) && is_steady(campaign) &&
	       campaign->source.family == ADDRESS_IPV6;
}

/* hping counts its source port up with each packet. */
static bool is_hping(const struct campaign *campaign)
{
	return is_hinted(campaign, RECOGNISE_HPING) && campaign->rising >= HINTS_LEAST - 1 &&
	       (campaign->rising + 1) * 100 >= campaign->port_packets * HINTS_PERCENT;
}

/* An operating system's own connections, to more ports than anybody has a use for. */
static bool is_connect(const struct campaign *campaign)
{
	return campaign->plain_syns * 2 > campaign->packets &&
	       ports_count(&campaign->ports) >= CAMPAIGN_PORTS_CONNECT;
}

static bool has_protocols_of_nmap(const struct campaign *campaign)
{
	return count_bits(campaign->protocols) >= CAMPAIGN_PROTOCOLS &&
	       campaign->scans[SCAN_PROTOCOLS] > 0;
}

/* Of packets without a sure mark: the first of these that holds. */
static const struct {
	bool (*holds)(const struct campaign *campaign);
	enum recognise_tool tool;
	uint8_t confidence;
} rules[] = {
	{has_hops_of_nmap, RECOGNISE_NMAP, 85},
	{is_ladder, RECOGNISE_TRACEROUTE, 75},
	{is_masscan, RECOGNISE_MASSCAN, 75},
	{is_nmap, RECOGNISE_NMAP, 75},
	{is_unicornscan, RECOGNISE_UNICORNSCAN, 75},
	{is_hping, RECOGNISE_HPING, 75},
	{has_protocols_of_nmap, RECOGNISE_NMAP, 70},
	{is_connect, RECOGNISE_CONNECT, 70},
};

static enum recognise_scan most_of(const struct campaign *campaign)
{
	enum recognise_scan most = 0;

	for (enum recognise_scan scan = 0; scan < SCAN_COUNT; scan++) {
		if (campaign->scans[scan] > campaign->scans[most])
			most = scan;
	}
	return most;
}

struct verdict campaign_judge(const struct campaign *campaign)
{
	struct verdict verdict = {
		.tool = campaign->tool,
		.scan = most_of(campaign),
		.confidence = campaign->confidence,
	};

	if (campaign->tool != RECOGNISE_UNKNOWN)
		return verdict;
	verdict.confidence = 0;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		if (!rules[i].holds(campaign))
			continue;
		verdict.tool = rules[i].tool;
		verdict.confidence = rules[i].confidence;
		break;
	}
	return verdict;
}
