/* SPDX-License-Identifier: ISC */
/*
 * By what one packet a scanner is told. The marks are those of the tools' own packets, captured
 * (tests/vectors/radar.inc), or of their published sources; docs/radar.md lists them. Pure.
 */
#pragma once

#include "radar/sample.h"

/* Name, word, what it is. */
#define RECOGNISE_TOOLS(X)                                                                         \
	X(RECOGNISE_UNKNOWN, "unknown", "nothing that this page knows")                            \
	X(RECOGNISE_NMAP, "nmap", "Nmap, by packets that it makes itself")                         \
	X(RECOGNISE_MASSCAN, "masscan", "Masscan")                                                 \
	X(RECOGNISE_ZMAP, "zmap", "ZMap")                                                          \
	X(RECOGNISE_UNICORNSCAN, "unicornscan", "Unicornscan")                                     \
	X(RECOGNISE_HPING, "hping", "hping")                                                       \
	X(RECOGNISE_MIRAI, "mirai", "the Mirai family's search for telnet")                        \
	X(RECOGNISE_TRACEROUTE, "traceroute", "a traceroute, which is no scan")                    \
	X(RECOGNISE_CONNECT, "connect", "connections to many ports: nmap -sT, RustScan and others")

enum recognise_tool {
#define X(name, word, meaning) name,
	RECOGNISE_TOOLS(X)
#undef X
		RECOGNISE_TOOL_COUNT,
};

/* Name, word: how it looks. */
#define RECOGNISE_SCANS(X)                                                                         \
	X(SCAN_SYN, "syn")                                                                         \
	X(SCAN_ACK, "ack")                                                                         \
	X(SCAN_NULL, "null")                                                                       \
	X(SCAN_FIN, "fin")                                                                         \
	X(SCAN_XMAS, "xmas")                                                                       \
	X(SCAN_MAIMON, "maimon")                                                                   \
	X(SCAN_FLAGS, "flags") /* any others of TCP */                                             \
	X(SCAN_UDP, "udp")                                                                         \
	X(SCAN_SCTP, "sctp")                                                                       \
	X(SCAN_PING, "ping") /* ICMP */                                                            \
	X(SCAN_PROTOCOLS, "protocols")                                                             \
	X(SCAN_FRAGMENTS, "fragments")                                                             \
	X(SCAN_ARP, "arp")

enum recognise_scan {
#define X(name, word) name,
	RECOGNISE_SCANS(X)
#undef X
		SCAN_COUNT,
};

enum {
	RECOGNISE_SURE = 80, /* percent; below, a mark is a hint that others have to bear out */
};

struct mark {
	enum recognise_tool tool;
	enum recognise_scan scan;
	uint8_t confidence; /* percent; 0: nothing is told by this packet */
};

struct mark recognise_packet(const struct sample *sample);

/* Their words for people and JSON; static. */
const char *recognise_tool_word(enum recognise_tool tool);
const char *recognise_tool_meaning(enum recognise_tool tool);
const char *recognise_scan_word(enum recognise_scan scan);
