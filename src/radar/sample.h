/* SPDX-License-Identifier: ISC */
/*
 * One packet of a stranger, as the kernel copied its beginning: the only parser of the radar. What
 * it takes from the bytes is what scanners can be told by; all of it may be a lie. Pure.
 */
#pragma once

#include "base/address.h"

enum {
	SAMPLE_OPTIONS_MAX = 40,   /* bytes of a TCP header's options (RFC 9293) */
	SAMPLE_PAYLOAD_MAX = 24,   /* bytes of what follows a transport header */
	SAMPLE_EXTENSIONS_MAX = 8, /* headers that are followed behind one of IPv6 */
};

/* What the bytes begin with: EtherTypes. */
enum sample_ethertype {
	SAMPLE_ETHERTYPE_IPV4 = 0x0800,
	SAMPLE_ETHERTYPE_ARP = 0x0806,
	SAMPLE_ETHERTYPE_IPV6 = 0x86dd,
};

enum sample_tcp {
	SAMPLE_FIN = 1,
	SAMPLE_SYN = 2,
	SAMPLE_RST = 4,
	SAMPLE_PSH = 8,
	SAMPLE_ACK = 16,
	SAMPLE_URG = 32,
	SAMPLE_ECE = 64,
	SAMPLE_CWR = 128,
};

struct sample {
	struct address source, target;
	bool is_arp;
	uint8_t protocol; /* of what IP carries; behind extension headers */
	uint8_t hops;	  /* left: time to live */
	uint16_t number;  /* IPv4: its identification */
	bool is_whole;	  /* IPv4: may not be fragmented */
	bool is_fragment; /* one of several */
	bool has_more;	  /* others follow it */
	bool is_later_fragment;
	uint16_t length; /* bytes behind the network header, as that says */

	bool has_transport; /* all below was there */
	uint16_t source_port, target_port;
	uint32_t sequence, acknowledged; /* TCP */
	uint8_t flags;			 /* TCP: enum sample_tcp */
	uint16_t window;		 /* TCP */
	uint8_t options_size;
	uint8_t options[SAMPLE_OPTIONS_MAX]; /* TCP; those that were copied */
	uint8_t type, code;		     /* ICMP */
	uint16_t payload_length;	     /* bytes behind the transport header */
	uint8_t payload_size;		     /* those that are here */
	uint8_t payload[SAMPLE_PAYLOAD_MAX];
};

/*
 * Reads a packet that begins with the header of that protocol. ERR_TRUNCATED: its addresses are
 * not there; ERR_UNKNOWN_WORD: another protocol, or version. A header behind that is cut is no
 * fault: has_transport says so.
 */
int sample_read(enum sample_ethertype type, const void *bytes, size_t size,
	struct sample *ret_sample) must_check;
