/* SPDX-License-Identifier: ISC */
/*
 * What one source has sent of one kind without a long pause, and what that is called. Packets that
 * bear a sure mark are a campaign of their tool; the others of a source are one together, which is
 * judged as a whole: by how hops, ports and numbers go on from packet to packet. Pure.
 */
#pragma once

#include "radar/ports.h"
#include "radar/recognise.h"

enum {
	CAMPAIGN_PORTS_CONNECT = 8, /* different ports, that nobody needs who is no scanner */
	CAMPAIGN_PROTOCOLS = 5,	    /* different protocols of IP, likewise */
};

struct campaign {
	struct address source;	    /* IPv6: the first 64 bits, but of the link */
	enum recognise_tool tool;   /* of sure marks; RECOGNISE_UNKNOWN: of those without */
	uint64_t first_ns, last_ns; /* realtime */
	uint64_t packets;	    /* that were sampled */
	uint64_t scans[SCAN_COUNT]; /* of them, by look */
	struct ports ports;	    /* that were looked for; TCP, UDP, SCTP */
	uint16_t port_least, port_greatest;
	uint64_t port_packets; /* that had one; 0: the three above mean nothing */
	uint8_t confidence;    /* greatest of a mark */
	/* of packets without a sure mark */
	uint64_t hints[RECOGNISE_TOOL_COUNT];
	uint64_t hops[4];      /* a bit for each number of hops left, IPv4 */
	uint64_t protocols[4]; /* a bit for each protocol of IP */
	uint64_t rising;       /* packets whose source port is one above the one before */
	uint64_t steady;       /* packets whose source port is that of the one before */
	uint64_t plain_syns;   /* with the options of an operating system */
	uint64_t whole;	       /* that may not be fragmented */
	uint16_t last_source_port;
};

/* The tool whose campaign a packet belongs to. */
enum recognise_tool campaign_of(const struct mark *mark);

/* Begins one with its first packet. */
void campaign_begin(struct campaign *campaign, const struct sample *sample, const struct mark *mark,
	uint64_t now_ns);

/* The next packet of the same source and tool. */
void campaign_add(struct campaign *campaign, const struct sample *sample, const struct mark *mark,
	uint64_t now_ns);

/* Another of the same source and name is told as one with it. */
void campaign_merge(struct campaign *campaign, const struct campaign *other);

/* What it is called. */
struct verdict {
	enum recognise_tool tool;
	enum recognise_scan scan; /* how most of it looks */
	uint8_t confidence;	  /* percent; 0: unknown */
};

struct verdict campaign_judge(const struct campaign *campaign);

/* Whether most of it bears weak marks of a tool, of which the same source has sure ones. */
bool campaign_is_hinted(const struct campaign *campaign, enum recognise_tool tool);

/* The address by which a source is known: of IPv6 the network, but on the link. */
struct address campaign_source(const struct address *address);
